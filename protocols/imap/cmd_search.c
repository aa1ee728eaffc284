/* cmd_search.c - SEARCH (RFC 3501 §6.4.4); what RETURN makes of it is in search_return.c */
#include "protocols/imap/search.h"

struct search {
	struct imap_search search; /* first */
	struct imap_found_walk walk;
};

/* "* SEARCH 2 3 5": number by number, as the output drains. */
static enum imap_done put_numbers(struct imap *im)
{
	struct search *s = im->work;
	struct buf *out = sess_out(im->sess);
	uint32_t seq;

	while (!sess_full(im->sess) && (seq = imap_found_next(&s->walk))) {
		buf_addc(out, ' ');
		buf_addu(out, im->uid ? box_snap_nth(im->shown, seq)->uid : seq);
	}
	if (sess_full(im->sess))
		return IMAP_LATER;
	if (s->search.query.tells_modseq && s->search.found.n > 0)
		buf_printf(
		    out, " (MODSEQ %llu)", (unsigned long long)imap_returns_modseq(im, &s->search));
	buf_addz(out, "\r\n");
	return imap_search_done(im);
}

static enum imap_done answer(struct imap *im)
{
	struct search *s = im->work;

	if (s->search.returns.asked) {
		imap_returns_put(im, &s->search);
		return imap_search_done(im);
	}
	buf_addz(sess_out(im->sess), "* SEARCH");
	s->walk = imap_found_from(&s->search.found, 0);
	im->resume = put_numbers;
	return put_numbers(im);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct search *s = pool_get(sess_cmd_pool(im->sess), sizeof *s);

	s->search.query.pool = sess_cmd_pool(im->sess);
	s->search.then = answer;
	if (!imap_returns_parse(&args, &s->search.returns))
		return IMAP_BAD;
	if (im->enabled & IMAP_REV2) { /* RFC 9051 §6.4.4 */
		s->search.returns.asked = true;
		if (!s->search.returns.what)
			s->search.returns.what = IMAP_RETURN_ALL;
	}
	if (!imap_query_parse(&s->search.query, &args))
		return imap_query_refused(im, &s->search.query);
	return imap_search_run(im, &s->search);
}

IMAP_COMMAND(search) = {
	.name = "SEARCH",
	.states = IMAP_SELECTED,
	.capability = "ESEARCH SEARCHRES PARTIAL WITHIN",
	.ref = "RFC 3501 6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162, RFC 9394",
	.uid = true,
	.numbered = true,
	.instant = true,
	.run = run,
};
