/* cmd_search.c - SEARCH (RFC 3501 §6.4.4), with RETURN (RFC 4731)
 *
 * A long search gives its worker back now and then, so that others have their
 * turn. What was found is kept as runs of numbers until all of it is known. */
#include <time.h>

#include "core/loop.h"
#include "core/num.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/search.h"

enum {
	TURN_MS = 20,
	LOOK_AT_CLOCK = 256, /* messages of which nothing was read */
	SOON_DONE = 1000,    /* messages that a loop may look at */
};

/* RFC 4731 §3.1. */
enum returns { MIN = 1, MAX = 2, ALL = 4, COUNT = 8, EXTENDED = 16 };

struct search {
	unsigned returns;
	struct imap_query query;
	struct imap_candidate candidate;
	uint32_t next;	 /* sequence number */
	struct buf runs; /* of struct imap_range: what was found */
	uint64_t found;
	uint64_t modseq; /* the highest of those that were found, and of the first and the last */
	uint64_t modseq_first, modseq_last;
	size_t run; /* the next to be written, and the number in it */
	uint32_t number;
};

/* --- what was found --- */

static struct imap_range *nth_run(const struct search *search, size_t i)
{
	return (struct imap_range *)(void *)search->runs.p + i;
}

static size_t count_runs(const struct search *search)
{
	return search->runs.n / sizeof(struct imap_range);
}

static void add(struct search *search, uint32_t number, uint64_t modseq)
{
	size_t n = count_runs(search);

	if (search->found++ == 0)
		search->modseq_first = modseq;
	search->modseq_last = modseq;
	if (modseq > search->modseq)
		search->modseq = modseq;
	if (n > 0 && nth_run(search, n - 1)->to + 1 == number) {
		nth_run(search, n - 1)->to = number;
		return;
	}
	const struct imap_range run = { number, number };
	buf_add(&search->runs, &run, sizeof run);
}

/* --- the answer --- */

/* RFC 7162 §3.1.6, §3.1.10: of the messages that the answer names. */
static void put_modseq(const struct search *search, struct buf *out)
{
	uint64_t modseq = search->modseq;

	if (search->returns && !(search->returns & (ALL | COUNT))) {
		modseq = search->returns & MIN ? search->modseq_first : 0;
		if ((search->returns & MAX) && search->modseq_last > modseq)
			modseq = search->modseq_last;
	}
	buf_printf(
	    out, search->returns ? " MODSEQ %llu" : " (MODSEQ %llu)", (unsigned long long)modseq);
}

/* "* SEARCH 2 3 5": number by number, as the output drains. */
static enum imap_done put_numbers(struct imap *im)
{
	struct search *search = im->work;
	struct buf *out = sess_out(im->sess);

	for (; search->run < count_runs(search); search->run++, search->number = 0) {
		const struct imap_range *run = nth_run(search, search->run);

		if (search->number == 0)
			search->number = run->from;
		for (; search->number <= run->to; search->number++) {
			if (sess_full(im->sess))
				return IMAP_LATER;
			buf_addc(out, ' ');
			buf_addu(out, search->number);
			if (search->number == UINT32_MAX)
				break;
		}
	}
	if (search->query.tells_modseq && search->found > 0)
		put_modseq(search, out);
	buf_addz(out, "\r\n");
	if (search->candidate.failed)
		return imap_reply(im, IMAP_NO, "[SERVERBUG] Some messages could not be read");
	return IMAP_OK;
}

/* RFC 4731 §3.1: "* ESEARCH (TAG "a") UID MIN 2 COUNT 3 ALL 2:4" */
static void put_extended(struct imap *im, struct search *search)
{
	struct buf *out = sess_out(im->sess);
	size_t n = count_runs(search);

	buf_addz(out, "* ESEARCH (TAG ");
	imap_put_string(out, im->tag);
	buf_addz(out, im->uid ? ") UID" : ")");
	if (n > 0 && (search->returns & MIN))
		buf_printf(out, " MIN %u", nth_run(search, 0)->from);
	if (n > 0 && (search->returns & MAX))
		buf_printf(out, " MAX %u", nth_run(search, n - 1)->to);
	if (search->returns & COUNT)
		buf_printf(out, " COUNT %llu", (unsigned long long)search->found);
	if (n > 0 && (search->returns & ALL)) {
		buf_addz(out, " ALL ");
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				buf_addc(out, ',');
			imap_put_range(out, nth_run(search, i));
		}
	}
}

/* --- the search --- */

static bool is_time_up(const struct search *search, uint64_t began)
{
	bool was_read = search->candidate.has_summary || search->candidate.whole.p;

	return (was_read || search->next % LOOK_AT_CLOCK == 0) && loop_now() - began > TURN_MS;
}

static enum imap_done go_on(struct imap *im)
{
	struct search *search = im->work;
	uint32_t count = box_snap_count(im->shown);
	uint64_t began = loop_now();

	while (search->next <= count) {
		struct imap_candidate *c = &search->candidate;

		imap_candidate_next(c, search->next++);
		if (imap_terms_match(c, search->query.first))
			add(search, im->uid ? c->entry->uid : c->seq, c->entry->modseq);
		if (is_time_up(search, began))
			return IMAP_LATER;
	}
	if (search->returns)
		put_extended(im, search);
	else
		buf_addz(sess_out(im->sess), "* SEARCH");
	if (search->returns)
		search->run = count_runs(search); /* no number by itself */
	im->resume = put_numbers;
	return put_numbers(im);
}

static void release(struct imap *im)
{
	struct search *search = im->work;

	imap_candidate_done(&search->candidate);
	buf_done(&search->runs);
}

/* --- the command --- */

static bool return_option(struct slice *in, unsigned *returns)
{
	static const struct {
		const char *name;
		unsigned bit;
	} options[] = { { "MIN", MIN }, { "MAX", MAX }, { "ALL", ALL }, { "COUNT", COUNT } };
	struct slice word;

	if (!imap_word(in, &word))
		return false;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (slice_ieq(word, slice_str(options[i].name))) {
			*returns |= options[i].bit;
			return true;
		}
	}
	return false;
}

/* "RETURN" SP "(" [option *(SP option)] ")" SP; none means ALL. */
static bool return_options(struct slice *in, unsigned *returns)
{
	if (!imap_is_word(in, "RETURN"))
		return true;
	*returns = EXTENDED;
	if (!imap_take(in, ' ') || !imap_take(in, '('))
		return false;
	if (!imap_take(in, ')')) {
		do {
			if (!return_option(in, returns))
				return false;
		} while (imap_take(in, ' '));
		if (!imap_take(in, ')'))
			return false;
	}
	if (*returns == EXTENDED)
		*returns |= ALL;
	return imap_take(in, ' ');
}

/* Nothing need be read for it. */
static bool is_soon_done(const struct search *search, const struct box_snap *snap)
{
	for (const struct imap_term *term = search->query.first; term; term = term->next)
		if (term->cost != IMAP_COST_SNAP)
			return false;
	return search->query.n_terms < 10 && box_snap_count(snap) <= SOON_DONE;
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct search *search = pool_get(pool, sizeof *search);

	search->query.pool = pool;
	if (!return_options(&args, &search->returns))
		return IMAP_BAD;
	if (!imap_query_parse(&search->query, &args))
		return search->query.charset_unknown
		    ? imap_reply(im, IMAP_NO, "[BADCHARSET (UTF-8 US-ASCII)] Unknown charset")
		    : IMAP_BAD;
	if (search->query.tells_modseq)
		imap_enable(im, IMAP_CONDSTORE);
	if (im->here && !is_soon_done(search, im->shown))
		return IMAP_WORK;
	imap_terms_prepare(search->query.first, im->shown);
	search->candidate = (struct imap_candidate){
		.box = im->box,
		.snap = im->shown,
		.now = (int64_t)time(NULL),
		.unicode = search->query.unicode,
	};
	search->next = 1;
	im->work = search;
	im->resume = go_on;
	im->release = release;
	return go_on(im);
}

IMAP_COMMAND(search) = {
	.name = "SEARCH",
	.states = IMAP_SELECTED,
	.capability = "ESEARCH WITHIN",
	.ref = "RFC 3501 6.4.4, RFC 4731, RFC 5032, RFC 7162",
	.uid = true,
	.numbered = true,
	.instant = true,
	.run = run,
};
