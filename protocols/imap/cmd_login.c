/* cmd_login.c - LOGIN (RFC 3501 §6.2.3), in TLS only */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct slice login, password;
	struct auth_account who;

	if (!imap_astring(pool, &args, &login) || !imap_take(&args, ' ') ||
	    !imap_astring(pool, &args, &password) || !imap_end(args))
		return IMAP_BAD;
	if (!sess_is_tls(im->sess))
		return imap_reply(im, IMAP_NO, "[PRIVACYREQUIRED] Say STARTTLS first");
	enum auth_result result = auth_password(login, password, pool, &who);
	if (result == AUTH_LATER)
		return IMAP_WORK;
	return imap_login(im, result, slice_str(who.name), &who);
}

IMAP_COMMAND(login) = {
	.name = "LOGIN",
	.states = IMAP_STRANGER,
	.ref = "RFC 3501 6.2.3",
	.instant = true,
	.run = run,
};

static void words(const struct imap *im, struct buf *out)
{
	if (!sess_is_tls(im->sess))
		buf_addz(out, " LOGINDISABLED");
}

IMAP_EXTENSION(login_disabled) = { .words = words, .early = true };
