/* cmd_id.c - ID (RFC 2971): who we are, and for the log who they are */
#include "core/log.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

enum { PAIRS_MAX = 30 }; /* RFC 2971 §3.3 */

static bool nstring(struct pool *pool, struct slice *in, struct slice *out)
{
	if (imap_is_word(in, "NIL")) {
		*out = (struct slice){ 0 };
		return true;
	}
	return imap_string(pool, in, out);
}

/* "(" *(string SP nstring) ")": what the client calls itself. */
static bool pairs(struct pool *pool, struct slice *in, struct slice *name, struct slice *version)
{
	struct slice key, value;

	for (int n = 0; !imap_take(in, ')'); n++) {
		if (n == PAIRS_MAX || (n > 0 && !imap_take(in, ' ')) ||
		    !imap_string(pool, in, &key) || !imap_take(in, ' ') ||
		    !nstring(pool, in, &value))
			return false;
		if (slice_ieq(key, SLICE("name")))
			*name = value;
		else if (slice_ieq(key, SLICE("version")))
			*version = value;
	}
	return true;
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct slice name = { 0 }, version = { 0 };

	if (imap_take(&args, '(')) {
		if (!pairs(sess_cmd_pool(im->sess), &args, &name, &version))
			return IMAP_BAD;
		log_event(LOG_DEBUG, "client", log_s("name", slice_head(name, 64)),
		    log_s("version", slice_head(version, 64)));
	} else if (!imap_is_word(&args, "NIL")) {
		return IMAP_BAD;
	}
	if (!imap_end(args))
		return IMAP_BAD;
	buf_addz(sess_out(im->sess), "* ID (\"name\" \"Signet\")\r\n");
	return IMAP_OK;
}

IMAP_COMMAND(id) = {
	.name = "ID",
	.states = IMAP_ANY,
	.capability = "ID",
	.ref = "RFC 2971",
	.instant = true,
	.run = run,
};
