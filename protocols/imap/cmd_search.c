/* cmd_search.c - SEARCH (RFC 3501 §6.4.4); what RETURN makes of it is in search_return.c */
#include "protocols/imap/search.h"

static enum imap_done answer(struct imap *im)
{
	return imap_returns_answer(im, "SEARCH");
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct imap_search *search = pool_get(sess_cmd_pool(im->sess), sizeof *search);

	search->query.pool = sess_cmd_pool(im->sess);
	search->then = answer;
	if (!imap_returns_parse(&args, &search->returns))
		return IMAP_BAD;
	if (im->enabled & IMAP_REV2) { /* RFC 9051 §6.4.4 */
		search->returns.asked = true;
		if (!search->returns.what)
			search->returns.what = IMAP_RETURN_ALL;
	}
	search->keys = args;
	if (!imap_query_parse(&search->query, &args))
		return imap_query_refused(im, &search->query);
	return imap_search_run(im, search);
}

IMAP_COMMAND(search) = {
	.name = "SEARCH",
	.states = IMAP_SELECTED,
	.capability = "ESEARCH SEARCHRES PARTIAL WITHIN",
	.ref = "RFC 3501 6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162, RFC 9394",
	.uid = true,
	.by_number = true,
	.numbered = true,
	.instant = true,
	.run = run,
};
