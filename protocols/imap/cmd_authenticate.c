/* cmd_authenticate.c - AUTHENTICATE (RFC 3501 §6.2.2), in TLS only, with an initial response (RFC
 * 4959) */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

static enum imap_done go_on(struct imap *im, enum auth_result result, struct buf *challenge)
{
	enum imap_done done;

	if (result == AUTH_MORE) {
		sess_printf(im->sess, "+ %.*s\r\n", SLICE_ARG(*challenge));
		done = IMAP_WAIT;
	} else {
		done = imap_login(im, result, auth_tried(im->auth), auth_who(im->auth));
		auth_free(&im->auth);
	}
	buf_wipe(challenge);
	return done;
}

static enum imap_done line(struct imap *im, struct slice text)
{
	struct buf challenge = { 0 };

	return go_on(im, auth_line_step(im->auth, text, &challenge), &challenge);
}

static const char *mechs(const struct imap *im)
{
	struct auth_channel channel;

	auth_channel_of(im->sess, &channel);
	return auth_mechs(&channel);
}

static bool is_offered(const struct imap *im, struct slice mech)
{
	struct slice rest = slice_str(mechs(im)), word;

	while ((word = slice_word(&rest)).n > 0)
		if (slice_ieq(word, mech))
			return true;
	return false;
}

static void release(struct imap *im)
{
	auth_free(&im->auth);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct auth_channel channel;
	struct buf challenge = { 0 };
	struct slice mech;

	if (!imap_atom(&args, &mech) || (args.n > 0 && !imap_take(&args, ' ')))
		return IMAP_BAD;
	if (!sess_is_tls(im->sess))
		return imap_reply(im, IMAP_NO, "[PRIVACYREQUIRED] Say STARTTLS first");
	if (!is_offered(im, mech))
		return imap_reply(im, IMAP_NO, "No such mechanism");
	auth_channel_of(im->sess, &channel);
	im->auth = auth_new("imap", &channel);
	im->line = line;
	im->release = release;
	return go_on(im, auth_line_begin(im->auth, mech, slice_trim(args), &challenge), &challenge);
}

IMAP_COMMAND(authenticate) = {
	.name = "AUTHENTICATE",
	.states = IMAP_STRANGER,
	.capability = "SASL-IR",
	.ref = "RFC 3501 6.2.2",
	.run = run,
};

static void words(const struct imap *im, struct buf *out)
{
	if (im->state != IMAP_STRANGER || !sess_is_tls(im->sess))
		return;
	struct slice rest = slice_str(mechs(im));
	for (struct slice word; (word = slice_word(&rest)).n > 0;) {
		buf_addz(out, " AUTH=");
		buf_adds(out, word);
	}
}

IMAP_EXTENSION(auth) = { .words = words, .early = true };
