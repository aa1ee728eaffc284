/* search_return.c - RETURN: what a search is to answer (RFC 4731), what it is to keep for later
 * (RFC 5182), and which piece of a long answer (RFC 9394) */
#include <stdlib.h>

#include "protocols/imap/context.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/place.h"
#include "protocols/imap/search.h"

/* --- reading --- */

static bool partial(struct slice *in, struct imap_returns *out)
{
	return imap_page_parse(in, &out->partial);
}

/* RFC 5465 §7: what is to be fetched of new messages may stand behind it. */
static bool update(struct slice *in, struct imap_returns *out)
{
	struct pool pool = { 0 };

	if (!slice_starts(*in, SLICE(" (")))
		return true;
	imap_take(in, ' ');
	out->fetch = *in;
	bool good = imap_fetch_parse(&pool, in) != NULL;
	out->fetch.n -= in->n;
	pool_done(&pool);
	return good;
}

static const struct {
	const char *name;
	unsigned what;
	bool (*parse)(struct slice *in, struct imap_returns *out);
} options[] = {
	{ "MIN", IMAP_RETURN_MIN, NULL },
	{ "MAX", IMAP_RETURN_MAX, NULL },
	{ "ALL", IMAP_RETURN_ALL, NULL },
	{ "COUNT", IMAP_RETURN_COUNT, NULL },
	{ "SAVE", IMAP_RETURN_SAVE, NULL },
	{ "PARTIAL", IMAP_RETURN_PARTIAL, partial },
	{ "RELEVANCY", IMAP_RETURN_RELEVANCY, NULL },
	{ "UPDATE", IMAP_RETURN_UPDATE, update },
	{ "CONTEXT", IMAP_RETURN_CONTEXT, NULL },
};

static bool option(struct slice *in, struct imap_returns *out)
{
	struct slice word;

	if (!imap_word(in, &word))
		return false;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (!slice_ieq(word, slice_str(options[i].name)))
			continue;
		if (options[i].parse && (out->what & options[i].what)) /* twice */
			return false;
		out->what |= options[i].what;
		return !options[i].parse || options[i].parse(in, out);
	}
	return false;
}

bool imap_returns_parse(struct slice *in, struct imap_returns *out)
{
	if (!imap_is_word(in, "RETURN"))
		return true;
	out->asked = true;
	if (!imap_take(in, ' ') || !imap_take(in, '('))
		return false;
	if (!imap_take(in, ')')) {
		do {
			if (!option(in, out))
				return false;
		} while (imap_take(in, ' '));
		if (!imap_take(in, ')'))
			return false;
	}
	if (!(out->what & IMAP_RETURN_RESULTS))
		out->what |= IMAP_RETURN_ALL;
	/* RFC 9394 §3.1: one of them. */
	if ((out->what & IMAP_RETURN_PARTIAL) && (out->what & IMAP_RETURN_ALL))
		return false;
	return imap_take(in, ' ');
}

/* --- numbers --- */

uint32_t imap_number_of(const struct imap *im, uint32_t seq)
{
	const struct imap_search *search = im->work;

	return im->uid ? box_snap_nth(search->candidate.snap, seq)->uid : seq;
}

static uint32_t first(const struct imap_search *search)
{
	struct imap_found_walk walk = imap_found_from(&search->found, 0);

	return imap_found_next(&walk);
}

static uint32_t last(const struct imap_search *search)
{
	struct imap_found_walk walk = imap_found_from(&search->found, search->found.n - 1);

	return imap_found_next(&walk);
}

/* n of them as a set, in their order: "5,2:4". */
static void put_set(const struct imap *im, struct imap_found_walk walk, uint32_t n, struct buf *out)
{
	struct imap_range run = { 0, 0 };
	const char *before = "";
	uint32_t seq;

	for (; n > 0 && (seq = imap_found_next(&walk)); n--) {
		uint32_t it = imap_number_of(im, seq);

		if (run.from && it == run.to + 1) {
			run.to = it;
			continue;
		}
		if (run.from) {
			buf_addz(out, before);
			imap_put_range(out, &run);
			before = ",";
		}
		run = (struct imap_range){ it, it };
	}
	if (run.from) {
		buf_addz(out, before);
		imap_put_range(out, &run);
	}
}

/* Which of those that were found the answer names: all, or those of PARTIAL. */
static struct imap_span named(const struct imap_search *search)
{
	const struct imap_returns *returns = &search->returns;
	uint32_t n = search->found.n;

	return returns->what & IMAP_RETURN_PARTIAL ? imap_page_span(&returns->partial, n)
						   : (struct imap_span){ 0, n };
}

/* --- SAVE --- */

int imap_by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void push(struct buf *seqs, uint32_t seq)
{
	buf_add(seqs, &seq, sizeof seq);
}

/* RFC 5182 §2.1, RFC 9394 §3.5: of MIN, MAX and PARTIAL, when neither ALL nor COUNT is
   asked for, only these. */
static void gather(const struct imap_search *search, struct buf *seqs)
{
	enum { SOME = IMAP_RETURN_MIN | IMAP_RETURN_MAX | IMAP_RETURN_PARTIAL };
	unsigned what = search->returns.what;
	bool some = (what & SOME) && !(what & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT));
	struct imap_span span = { 0, search->found.n };

	if (some && span.n > 0 && (what & IMAP_RETURN_MIN))
		push(seqs, first(search));
	if (some && span.n > 0 && (what & IMAP_RETURN_MAX))
		push(seqs, last(search));
	if (some)
		span = what & IMAP_RETURN_PARTIAL ? named(search) : (struct imap_span){ 0, 0 };
	struct imap_found_walk walk = imap_found_from(&search->found, span.first);
	for (; span.n > 0; span.n--)
		push(seqs, imap_found_next(&walk));
}

/* As runs of UIDs; messages that follow each other here are one run, whatever
   is gone between them. */
static void save(struct imap *im, const struct imap_search *search)
{
	struct buf seqs = { 0 };
	struct imap_range *run = NULL;

	buf_clear(&im->saved);
	if (!search->candidate.failed) /* RFC 5182 §2.1: of a search that fails, nothing */
		gather(search, &seqs);
	uint32_t *seq = (uint32_t *)(void *)seqs.p;
	size_t n = seqs.n / sizeof *seq;
	if (n > 0)
		qsort(seq, n, sizeof *seq, imap_by_number);
	for (size_t i = 0; i < n; i++) {
		uint32_t uid = box_snap_nth(search->candidate.snap, seq[i])->uid;

		if (i > 0 && seq[i] <= seq[i - 1] + 1) {
			run->to = uid;
			continue;
		}
		buf_add(&im->saved, &(struct imap_range){ uid, uid }, sizeof *run);
		run = (struct imap_range *)(void *)(im->saved.p + im->saved.n) - 1;
	}
	buf_done(&seqs);
}

/* --- the answer --- */

/* RFC 7162 §3.1.6: the highest MODSEQ of what the answer names. */
static uint64_t modseq(const struct imap_search *search)
{
	const struct box_snap *snap = search->candidate.snap;
	unsigned what = search->returns.what;
	struct imap_found_walk walk = imap_found_from(&search->found, 0);
	uint64_t highest = 0;
	uint32_t seq;

	if (what && !(what & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT | IMAP_RETURN_PARTIAL))) {
		if (what & IMAP_RETURN_MIN)
			highest = box_snap_nth(snap, first(search))->modseq;
		seq = last(search);
		if ((what & IMAP_RETURN_MAX) && box_snap_nth(snap, seq)->modseq > highest)
			highest = box_snap_nth(snap, seq)->modseq;
		return highest;
	}
	while ((seq = imap_found_next(&walk)))
		if (box_snap_nth(snap, seq)->modseq > highest)
			highest = box_snap_nth(snap, seq)->modseq;
	return highest;
}

/* RFC 9394 §3.1: "PARTIAL (-1:-100 NIL)", the range as it was asked for. */
static void put_partial(const struct imap *im, const struct imap_search *search, struct buf *out)
{
	struct imap_span span = named(search);

	buf_addz(out, " PARTIAL (");
	buf_adds(out, search->returns.partial.said);
	buf_addc(out, ' ');
	if (span.n == 0)
		buf_addz(out, "NIL");
	put_set(im, imap_found_from(&search->found, span.first), span.n, out);
	buf_addc(out, ')');
}

/* RFC 6203 §4: of each message that is named, in their order. */
static void put_relevancy(const struct imap_search *search, struct buf *out)
{
	struct imap_span span = named(search);

	buf_addz(out, " RELEVANCY (");
	for (uint32_t i = 0; i < span.n; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		buf_addu(out, imap_found_score(&search->found, span.first + i));
	}
	buf_addc(out, ')');
}

/* RFC 7377 §2.1 */
static void put_mailbox(struct imap *im, const struct imap_search *search)
{
	buf_addz(sess_out(im->sess), " MAILBOX ");
	imap_put_name(im, search->in->shown);
	buf_printf(sess_out(im->sess), " UIDVALIDITY %u", box_uidvalidity(search->candidate.box));
}

static void put_extended(struct imap *im, const struct imap_search *search)
{
	struct buf *out = sess_out(im->sess);
	unsigned what = search->returns.what;
	uint32_t n = search->found.n;

	buf_addz(out, "* ESEARCH (TAG ");
	imap_put_string(out, im->tag);
	if (search->in)
		put_mailbox(im, search);
	buf_addz(out, im->uid ? ") UID" : ")");
	if (n > 0 && (what & IMAP_RETURN_MIN))
		buf_printf(out, " MIN %u", imap_number_of(im, first(search)));
	if (n > 0 && (what & IMAP_RETURN_MAX))
		buf_printf(out, " MAX %u", imap_number_of(im, last(search)));
	if (what & IMAP_RETURN_COUNT)
		buf_printf(out, " COUNT %u", n);
	if (n > 0 && (what & IMAP_RETURN_ALL)) {
		buf_addz(out, " ALL ");
		put_set(im, imap_found_from(&search->found, 0), n, out);
	}
	if (what & IMAP_RETURN_PARTIAL)
		put_partial(im, search, out);
	if (n > 0 && (what & IMAP_RETURN_RELEVANCY))
		put_relevancy(search, out);
	if (n > 0 && search->query.tells_modseq)
		buf_printf(out, " MODSEQ %llu", (unsigned long long)modseq(search));
	buf_addz(out, "\r\n");
}

/* "* SEARCH 2 3 5": number by number, as the output drains. */
static enum imap_done put_numbers(struct imap *im)
{
	struct imap_search *search = im->work;
	struct buf *out = sess_out(im->sess);
	uint32_t seq;

	while (!sess_full(im->sess) && (seq = imap_found_next(&search->walk))) {
		buf_addc(out, ' ');
		buf_addu(out, imap_number_of(im, seq));
	}
	if (sess_full(im->sess))
		return IMAP_LATER;
	if (search->query.tells_modseq && search->found.n > 0)
		buf_printf(out, " (MODSEQ %llu)", (unsigned long long)modseq(search));
	buf_addz(out, "\r\n");
	return imap_search_done(im);
}

enum imap_done imap_returns_answer(struct imap *im, const char *name)
{
	struct imap_search *search = im->work;

	imap_context_start(im, search);
	if (search->returns.what & IMAP_RETURN_SAVE)
		save(im, search);
	if (!search->returns.asked) {
		buf_printf(sess_out(im->sess), "* %s", name);
		search->walk = imap_found_from(&search->found, 0);
		im->resume = put_numbers;
		return put_numbers(im);
	}
	if ((search->returns.what & IMAP_RETURN_RESULTS) != IMAP_RETURN_SAVE)
		put_extended(im, search);
	return imap_search_done(im);
}
