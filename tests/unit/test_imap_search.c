/* test_imap_search.c - queries: what is understood, in which order it is asked, what it matches */
#include "unit.h"

#include "protocols/imap/search.h"
#include "storage/box_snap.h"

static struct pool pool;

/* The names of terms in the order in which they are asked. */
static void show(const struct imap_term *term, struct buf *out)
{
	for (; term; term = term->next) {
		if (out->n > 0)
			buf_addc(out, ' ');
		buf_addz(out, term->key->name);
		show(term->a, out);
		show(term->b, out);
	}
}

static void test_parse(void **state)
{
	static const struct {
		const char *in, *want; /* NULL: refused */
	} cases[] = {
		{ "ALL", "ALL" },
		{ "all seen", "ALL SEEN" },
		{ "1:5,7", "*" },
		{ "UID 1:*", "UID" },
		{ "TEXT x SUBJECT y SEEN", "SEEN SUBJECT TEXT" },
		{ "OR BODY x DELETED", "OR DELETED BODY" },
		{ "OR (BODY x SEEN) (FROM y)", "OR ( FROM ( SEEN BODY" },
		{ "NOT BODY x 1", "* NOT BODY" },
		{ "HEADER X-Rare y FROM z", "FROM HEADER" },
		{ "HEADER Subject y BODY z", "HEADER BODY" },
		{ "CHARSET us-ascii SUBJECT x", "SUBJECT" },
		{ "SINCE 1-Feb-1994 BEFORE \"2-Feb-1994\"", "SINCE BEFORE" },
		{ "LARGER 5000000000", "LARGER" },
		{ "KEYWORD $Work", "KEYWORD" },
		{ "", NULL },
		{ " ALL", NULL },
		{ "ALL  SEEN", NULL },
		{ "()", NULL },
		{ "(ALL", NULL },
		{ "ALL)", NULL },
		{ "NOT", NULL },
		{ "OR ALL", NULL },
		{ "OR ALL ", NULL },
		{ "FROM", NULL },
		{ "FROM {3}\r\nab", NULL },
		{ "HEADER x", NULL },
		{ "SINCE 30-Feb-1994", NULL },
		{ "SINCE", NULL },
		{ "UID", NULL },
		{ "UID x", NULL },
		{ "KEYWORD", NULL },
		{ "KEYWORD \\Seen", NULL },
		{ "LARGER x", NULL },
		{ "CHARSET utf-8", NULL },
		{ "CHARSET X-None ALL", NULL },
		{ "SEENX", NULL },
	};
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct imap_query query = { .pool = &pool };
		struct slice in = slice_str(cases[i].in);

		buf_clear(&out);
		bool good = imap_query_parse(&query, &in);
		want_num(cases[i].in, good, cases[i].want != NULL);
		if (good) {
			show(query.first, &out);
			want_text(cases[i].in, buf_slice(&out), cases[i].want);
		}
		want_num(cases[i].in, query.charset_unknown, strstr(cases[i].in, "X-None") != NULL);
		pool_reset(&pool);
	}
	buf_done(&out);
}

/* No command can make a query so deep or long that it hurts. */
static void test_bounds(void **state)
{
	static const struct {
		const char *piece, *end;
		int times;
		bool want;
	} cases[] = {
		{ "NOT ", "ALL", 30, true },
		{ "NOT ", "ALL", 40, false },
		{ "(", "ALL", 100000, false },
		{ "OR ALL ", "ALL", 40, false },
		{ "ALL ", "ALL", 900, true },
		{ "ALL ", "ALL", 1001, false },
		{ "BODY x ", "ALL", 50, true },
		{ "BODY x ", "ALL", 51, false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct imap_query query = { .pool = &pool };
		struct buf text = { 0 };

		for (int k = 0; k < cases[i].times; k++)
			buf_addz(&text, cases[i].piece);
		buf_addz(&text, cases[i].end);
		struct slice in = buf_slice(&text);
		want_num(cases[i].piece, imap_query_parse(&query, &in), cases[i].want);
		buf_done(&text);
		pool_reset(&pool);
	}
}

/* --- what the snapshot can answer --- */

static struct box_snap *mailbox(void)
{
	static const struct box_entry entries[] = {
		{ .uid = 10, .modseq = 1, .size = 100, .internal_date = 0, .flags = BOX_SEEN },
		{ .uid = 20, .modseq = 1, .size = 200, .internal_date = 86399, .flags = 0 },
		{ .uid = 30,
		    .modseq = 1,
		    .size = 300,
		    .internal_date = 86400,
		    .flags = BOX_SEEN | BOX_FLAGGED | (uint64_t)1 << BOX_KEYWORD_SHIFT },
		{ .uid = 40, .modseq = 1, .size = 400, .internal_date = -1, .flags = BOX_DRAFT },
	};
	struct slice names[] = { SLICE("$Work") };
	struct box_keywords *keywords = box_keywords_new(names, 1);
	struct box_snap *snap = box_snap_edit(box_snap_new());

	for (size_t i = 0; i < COUNT(entries); i++)
		box_snap_put(snap, &entries[i]);
	box_snap_set(snap, 41, 1);
	box_snap_set_keywords(snap, keywords);
	box_keywords_free(&keywords);
	box_snap_seal(snap);
	return snap;
}

static void test_match(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "ALL", "1234" },
		{ "SEEN", "13" },
		{ "UNSEEN UNDRAFT", "2" },
		{ "NOT (SEEN FLAGGED)", "124" },
		{ "OR FLAGGED DRAFT", "34" },
		{ "KEYWORD $work", "3" },
		{ "UNKEYWORD $work", "124" },
		{ "KEYWORD none", "" },
		{ "UNKEYWORD none", "1234" },
		{ "RECENT", "" },
		{ "OLD", "1234" },
		{ "NEW", "" },
		{ "2:3,*", "234" },
		{ "7:9", "" },
		{ "UID 20:30", "23" },
		{ "UID 41:*", "4" },
		{ "NOT UID 20,40", "13" },
		{ "ON 1-Jan-1970", "12" },
		{ "ON 31-Dec-1969", "4" },
		{ "SINCE 2-Jan-1970", "3" },
		{ "BEFORE 2-Jan-1970", "124" },
		{ "LARGER 200", "34" },
		{ "SMALLER 200", "1" },
		{ "OLDER 100000", "124" },
		{ "YOUNGER 100000", "23" },
	};
	struct box_snap *snap = mailbox();
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct imap_query query = { .pool = &pool };
		struct imap_candidate c = { .snap = snap, .now = 186399 };
		struct slice in = slice_str(cases[i].in);

		assert_true(imap_query_parse(&query, &in));
		imap_terms_prepare(query.first, &(struct imap_view){ .pool = &pool, .snap = snap });
		buf_clear(&out);
		for (uint32_t seq = 1; seq <= 4; seq++) {
			imap_candidate_next(&c, seq);
			if (imap_terms_match(&c, query.first))
				buf_addu(&out, seq);
		}
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
		imap_candidate_done(&c);
		pool_reset(&pool);
	}
	buf_done(&out);
	box_snap_free(&snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
