/* cmd_lsub.c - LSUB (RFC 3501 §6.3.9): subscribed names */
#include "protocols/imap/imap.h"
#include "protocols/imap/list.h"
#include "protocols/imap/parse.h"

/* A name that is not subscribed, but above one that is, is told when the
   pattern stops at its level. */
static bool is_wanted(const struct imap_name *name, struct slice pattern)
{
	bool stops = pattern.n > 0 && pattern.p[pattern.n - 1] == '%';

	return name->subscribed || (name->above && stops);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct slice reference, pattern;
	struct imap_names names = { 0 };
	struct buf *out = sess_out(im->sess), scratch = { 0 };

	if (!imap_astring(pool, &args, &reference) || !imap_take(&args, ' ') ||
	    !imap_list_pattern(pool, reference, &args, &pattern) || !imap_end(args))
		return IMAP_BAD;
	if (imap_names(im, 0, &names) != 0)
		return imap_reply(im, IMAP_NO, "[UNAVAILABLE] Cannot list mailboxes now");
	for (size_t i = 0; i < names.n; i++) {
		const struct imap_name *name = &names.names[i];

		if (!is_wanted(name, pattern) || !imap_match(pattern, name->wire, &scratch))
			continue;
		buf_addz(out, name->subscribed ? "* LSUB () \"/\" " : "* LSUB (\\Noselect) \"/\" ");
		imap_put_name(im, name->name);
		buf_addz(out, "\r\n");
	}
	buf_done(&scratch);
	return IMAP_OK;
}

IMAP_COMMAND(lsub) = {
	.name = "LSUB",
	.states = IMAP_KNOWN,
	.ref = "RFC 3501 6.3.9",
	.run = run,
};
