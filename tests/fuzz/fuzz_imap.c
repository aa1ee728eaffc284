/* fuzz_imap.c - commands in pieces of any size, and all that reads arguments */
#include <stdint.h>
#include <stdlib.h>

#include "core/sess_private.h"
#include "core/text.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/fuzzy.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/list.h"
#include "protocols/imap/search.h"
#include "protocols/imap/notify.h"
#include "protocols/imap/status.h"
#include "protocols/imap/url.h"
#include "storage/box_snap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* --- framing --- */

struct session {
	struct sess *sess;
	struct imap *im;
	struct buf seen; /* all that was framed */
};

static void session_open(struct session *s, enum imap_state state)
{
	s->sess = mem_get(sizeof *s->sess + sizeof *s->im);
	s->im = sess_state(s->sess);
	s->im->sess = s->sess;
	s->im->state = state;
	s->seen = (struct buf){ 0 };
}

static void session_close(struct session *s)
{
	imap_command_end(s->im);
	pool_done(&s->sess->cmd);
	buf_done(&s->sess->out);
	buf_done(&s->seen);
	free(s->sess);
}

/* What run() would see. */
static void note(struct session *s)
{
	struct imap *im = s->im;
	struct slice messages = { 0 };

	if (im->tag.n + im->args.n > im->text.n)
		abort();
	buf_printf(&s->seen, "[%.*s|%s|%d%d|%.*s|", SLICE_ARG(im->tag),
	    im->command ? im->command->name : "-", im->uid, im->refused, SLICE_ARG(im->args));
	if (im->messages && spool_map(im->messages, &messages, NULL) == 0)
		buf_adds(&s->seen, messages);
	buf_addz(&s->seen, "]\n");
}

/* As the kernel does it, with what came in pieces. */
static void feed(struct session *s, struct slice in, size_t piece)
{
	size_t taken = 0, come = 0;

	while (come < in.n) {
		come = come + piece < in.n ? come + piece : in.n;
		while (taken < come) {
			size_t used = 0;
			enum frame frame =
			    imap_frame(s->sess, slice_of(in.p + taken, come - taken), &used);

			if (used > come - taken)
				abort();
			taken += used;
			if (frame == FRAME_WORK && s->im->spill) {
				imap_spill(s->im);
			} else if (frame != FRAME_MORE) {
				note(s);
				if (s->im->hopeless)
					return;
				imap_command_end(s->im);
				pool_reset(&s->sess->cmd);
			} else if (used == 0) {
				break;
			}
		}
	}
}

/* However the input is cut, the same commands come out. */
static void fuzz_frames(struct slice in, size_t piece, enum imap_state state)
{
	struct session whole, pieces;

	session_open(&whole, state);
	session_open(&pieces, state);
	feed(&whole, in, in.n);
	feed(&pieces, in, piece);
	if (!slice_eq(buf_slice(&whole.seen), buf_slice(&pieces.seen)) ||
	    !slice_eq(buf_slice(&whole.sess->out), buf_slice(&pieces.sess->out)))
		abort();
	session_close(&whole);
	session_close(&pieces);
}

/* --- arguments --- */

static struct box_snap *mailbox(void)
{
	struct box_snap *snap = box_snap_edit(box_snap_new());

	for (uint32_t i = 1; i <= 100; i++)
		box_snap_put(snap, &(struct box_entry){ .uid = i * 7, .flags = i, .size = i });
	box_snap_set(snap, 701, 1);
	box_snap_seal(snap);
	return snap;
}

static void fuzz_sets(struct pool *pool, struct slice in, const struct box_snap *snap)
{
	for (int uid = 0; uid < 2; uid++) {
		struct slice rest = in;
		struct imap_set set;
		uint32_t last = 0, seq;

		if (!imap_set(pool, &rest, &set))
			return;
		imap_set_resolve(&set, &(struct imap_view){ .pool = pool, .snap = snap }, uid);
		for (struct imap_walk walk = imap_set_walk(&set); (seq = imap_walk_next(&walk));
		     last = seq)
			if (seq <= last || seq > 100 || !imap_set_has(&set, seq))
				abort();
	}
}

/* A query that needs no more than the snapshot can be asked. */
static void fuzz_search(struct pool *pool, struct slice in, const struct box_snap *snap)
{
	struct imap_query query = { .pool = pool };
	struct imap_candidate candidate = { .snap = snap, .now = 1000 };
	bool cheap = true;

	if (!imap_query_parse(&query, &in))
		return;
	imap_terms_prepare(query.first, &(struct imap_view){ .pool = pool, .snap = snap });
	for (const struct imap_term *term = query.first; term; term = term->next)
		cheap &= term->cost == IMAP_COST_SNAP;
	for (uint32_t seq = 1; cheap && seq <= 100; seq++) {
		imap_candidate_next(&candidate, seq);
		imap_terms_match(&candidate, query.first);
	}
	imap_candidate_done(&candidate);
}

/* The first line is looked for in all of it: its words are there. */
static void fuzz_fuzzy(struct pool *pool, struct slice in)
{
	struct slice rest = in, want = slice_cut(&rest, '\n');
	const struct imap_fuzzy *fuzzy = imap_fuzzy_new(pool, want);

	if (fuzzy && imap_fuzzy_score(fuzzy, want) != 100)
		abort();
	if (fuzzy)
		imap_fuzzy_score(fuzzy, rest);
}

static void fuzz_fetch(struct pool *pool, struct slice in)
{
	struct summary_part parts[] = {
		{ 0, 10, 100, 0, SUMMARY_MULTIPART },
		{ 10, 20, 30, 1, SUMMARY_LEAF },
		{ 30, 40, 90, 1, SUMMARY_MESSAGE },
		{ 40, 50, 90, 2, SUMMARY_LEAF },
	};
	struct summary summary = { .parts = parts, .n_parts = 4 };
	uint64_t from, end;
	struct buf out = { 0 };

	for (const struct imap_att *att = imap_fetch_parse(pool, &in); att; att = att->next) {
		if (imap_section_find(&att->section, &summary, 100, &from, &end) &&
		    (from > end || end > 100))
			abort();
		imap_section_put(&att->section, &out);
		imap_section_fields(&att->section, in, &out);
	}
	buf_done(&out);
}

/* A name is what it was when it has been there and back. */
static void fuzz_names(struct pool *pool, struct slice in)
{
	struct buf wire = { 0 }, scratch = { 0 };
	struct slice utf8, pattern;

	text_utf7_encode(&wire, in);
	buf_clear(&wire);
	if (text_utf7_decode(pool, in, &utf8)) {
		text_utf7_encode(&wire, utf8);
		if (!slice_eq(buf_slice(&wire), in))
			abort();
	}
	if (imap_list_pattern(pool, SLICE("a/"), &in, &pattern))
		imap_match(pattern, SLICE("a/bc/d&AOk-/e"), &scratch);
	buf_done(&wire);
	buf_done(&scratch);
}

static void fuzz_words(struct pool *pool, struct slice in)
{
	struct imap_url url;
	struct imap_wishes wishes;
	struct imap_flags flags;
	struct slice rest, out;
	uint64_t items;
	int64_t when;

	rest = in, imap_astring(pool, &rest, &out);
	rest = in, imap_mailbox(pool, &rest, false, &out);
	rest = in, imap_flag_list(pool, &rest, true, &flags);
	rest = in, imap_date(&rest, &when);
	rest = in, imap_date_time(&rest, &when);
	imap_url_parse(pool, in, &url);
	imap_wishes_parse(pool, true, in, &wishes);
	rest = in, imap_status_items(&rest, &items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	struct box_snap *snap = mailbox();
	struct pool pool = { 0 };

	if (n > 0) {
		struct slice rest = slice_from(in, 1);
		size_t piece = *data % 16 + 1;

		fuzz_frames(rest, piece, *data & 16 ? IMAP_STRANGER : IMAP_SELECTED);
	}
	fuzz_words(&pool, in);
	fuzz_sets(&pool, in, snap);
	fuzz_search(&pool, in, snap);
	fuzz_fuzzy(&pool, in);
	fuzz_fetch(&pool, in);
	fuzz_names(&pool, in);
	pool_done(&pool);
	box_snap_free(&snap);
	return 0;
}
