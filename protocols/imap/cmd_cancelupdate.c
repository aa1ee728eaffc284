/* cmd_cancelupdate.c - CANCELUPDATE (RFC 5267 §4.3.5): be told no more of the results of searches
 */
#include "protocols/imap/context.h"
#include "protocols/imap/parse.h"

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct slice tag, rest = args;

	do {
		if (!imap_astring(pool, &rest, &tag))
			return IMAP_BAD;
	} while (imap_take(&rest, ' '));
	if (!imap_end(rest))
		return IMAP_BAD;
	do {
		imap_astring(pool, &args, &tag);
		imap_context_cancel(im, tag);
	} while (imap_take(&args, ' '));
	return imap_reply(im, IMAP_OK, "No further updates");
}

IMAP_COMMAND(cancelupdate) = {
	.name = "CANCELUPDATE",
	.states = IMAP_SELECTED,
	.capability = "CONTEXT=SEARCH CONTEXT=SORT",
	.ref = "RFC 5267",
	.run = run,
};
