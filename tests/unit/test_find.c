/* test_find.c - the search index says what reading the messages says */
#include "tests/unit/find_world.h"
#include "tests/unit/unit.h"

#include "storage/find_gap.h"
#include "storage/find_words.h"

/* --- words --- */

static void words_of_a_text(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "" },
		{ " .,-", "" },
		{ "the quick-brown fox", "the quick brown fox" },
		{ "a1b2 99.50", "a1b2 99 50" },
		{ "\xc3\xbc"
		  "ber stra\xc3\x9f"
		  "e",
		    "\xc3\xbc"
		    "ber stra\xc3\x9f"
		    "e" },
		{ "\xe2\x80\x9cquoted\xe2\x80\x9d\xc2\xa0text", "quoted text" },
		{ "\xe6\x9d\xb1\xe4\xba\xac tokyo", "\xe6\x9d\xb1 \xe4\xba\xac tokyo" },
		{ "a\xe6\x9d\xb1z", "a \xe6\x9d\xb1 z" },
		{ "\xd0\xbc\xd0\xb8\xd1\x80", "\xd0\xbc\xd0\xb8\xd1\x80" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice rest = slice_str(cases[i].text), word;
		struct buf words = { 0 };

		while ((word = find_word_next(&rest)).n > 0) {
			if (words.n > 0)
				buf_addc(&words, ' ');
			buf_adds(&words, word);
		}
		want_text(cases[i].text, buf_slice(&words), cases[i].words);
		buf_done(&words);
	}
}

static void words_of_a_needle(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		bool left, right, exact;
	} cases[] = {
		{ "fox", 1, true, true, true },
		{ " fox", 1, false, true, false },
		{ "fox.", 1, true, false, false },
		{ "own fo", 2, true, true, false },
		{ "(own fo)", 2, false, false, false },
		{ "...", 0, false, false, false },
		{ "", 0, false, false, false },
		{ "\xff", 0, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct find_needle needle;
		bool good = find_needle_read(slice_str(cases[i].text), &needle);

		assert_int_equal(good, cases[i].n > 0);
		assert_int_equal(needle.n, cases[i].n);
		assert_int_equal(needle.open_left, cases[i].left);
		assert_int_equal(needle.open_right, cases[i].right);
		assert_int_equal(needle.exact, cases[i].exact);
	}
}

/* --- random messages --- */

static uint32_t seed;

static uint32_t dice(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static const char *const pieces_of_text[] = { "fox", "brown", "quick", "ick", "own f",
	"Gr\xc3\xbc\xc3\237e", "STRASSE", "\xe6\x9d\xb1\xe4\xba\xac", "99.50", "a", "<b>", "&auml;",
	"=C3=A4", "\xe2\x80\x9c", "\xe2\x84\xaa", "x-y_z", "\r\n", "=?utf-8?q?=C3=84?=", "\xe4",
	"aGVsbG8gd29ybGQ=", "\xd0\x9c\xd0\xb8\xd1\x80", "I\xcc\x87", "\xe0\xb8\x81\xe0\xb8\x82",
	"http://a.test/x?y=z" };

static void add_pieces(struct buf *out, uint32_t n)
{
	while (n-- > 0) {
		buf_addz(out, pieces_of_text[dice(COUNT(pieces_of_text))]);
		if (dice(3) > 0)
			buf_addc(out, ' ');
	}
}

static void add_line(struct buf *out, const char *name)
{
	struct buf value = { 0 };

	add_pieces(&value, dice(5));
	buf_addz(out, name);
	for (size_t i = 0; i < value.n; i++)
		buf_addc(out, value.p[i] == '\r' || value.p[i] == '\n' ? ' ' : value.p[i]);
	buf_addz(out, "\r\n");
	buf_done(&value);
}

static const char *const types[] = { "text/plain", "text/plain; charset=utf-8",
	"text/html; charset=utf-8", "text/plain; charset=iso-8859-1",
	"text/plain; charset=nonsense", "message/rfc822",
	"application/octet-stream; name=\"fox plan.bin\"", "image/png" };
static const char *const encodings[] = { "7bit", "8bit", "quoted-printable", "base64", "x-odd" };

static void add_entity(struct buf *out)
{
	buf_printf(out, "Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n",
	    types[dice(COUNT(types))], encodings[dice(COUNT(encodings))]);
	if (dice(4) == 0)
		buf_addz(out,
		    "Content-Disposition: attachment; filename*=utf-8''brown%20%c3%a4.pdf\r\n");
	buf_addz(out, "\r\n");
	add_pieces(out, dice(30));
	buf_addz(out, "\r\n");
}

static void add_message(struct buf *out)
{
	static const char *const names[] = {
		"From: ", "To: ", "Cc: ", "Bcc: ", "Subject: ", "X-Mark: ", "Odd "
	};

	for (uint32_t i = dice(8); i > 0; i--)
		add_line(out, names[dice(COUNT(names))]);
	if (dice(2) == 0) {
		add_entity(out);
		return;
	}
	buf_addz(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (uint32_t i = dice(4); i > 0; i--) {
		buf_addz(out, "--b\r\n");
		add_entity(out);
	}
	if (dice(3) > 0)
		buf_addz(out, "--b--\r\n");
	if (dice(20) == 0)
		for (int i = 0; i < FIND_WORLD_TEXT_MAX; i++)
			buf_addc(out, (char)('a' + dice(3)));
}

enum { MESSAGES = 60, NEEDLES = 150 };

/* Something made up, or a piece of what a message says. */
static void add_needle(const struct slice *messages, struct buf *out)
{
	struct pool pool = { 0 };
	struct buf text = { 0 };

	if (dice(3) == 0) {
		add_pieces(&text, 1 + dice(2));
		text_fold(out, buf_slice(&text), true);
	} else {
		struct slice message = messages[dice(MESSAGES)];

		find_text_header(&pool, message, &text);
		find_text_body(&pool, message, &text);
		size_t from = dice((uint32_t)text.n), n = 1 + dice(dice(4) ? 12 : 60);
		buf_adds(out, slice_head(slice_from(buf_slice(&text), from), n));
	}
	buf_done(&text);
	pool_done(&pool);
}

static void compare(struct find_view *view, const struct slice *messages, size_t told[3])
{
	static const char *const fields[] = { "From", "subject", "X-Mark", "Content-Type", "none" };
	struct buf needle = { 0 };

	for (int i = 0; i < NEEDLES; i++) {
		enum find_where where = (enum find_where)dice(3);
		struct slice field = slice_str(fields[dice(COUNT(fields))]);

		buf_clear(&needle);
		add_needle(messages, &needle);
		size_t wrong =
		    find_world_wrong(view, messages, where, field, buf_slice(&needle), told);
		if (wrong > 0)
			fail_msg("where %d, field %s, needle \"%s\": wrong of message %zu:\n%.*s",
			    (int)where, field.p, buf_z(&needle), wrong,
			    SLICE_ARG(messages[wrong - 1]));
	}
	buf_done(&needle);
}

/* One segment, three, and three that were merged. */
static void run(const struct slice *messages, size_t told[3])
{
	struct find_piece *one = find_world_make(messages, 0, MESSAGES);
	struct find_piece *three[] = { find_world_make(messages, 0, 10),
		find_world_make(messages, 10, 11), find_world_make(messages, 11, MESSAGES) };
	struct find_piece *merged = find_world_merge(three, COUNT(three));
	struct find_view *view;

	assert_true(one && merged);
	assert_true(slice_eq(merged->segment->file, one->segment->file));
	view = find_world_view(&one, 1);
	compare(view, messages, told);
	find_view_free(&view);
	view = find_world_view(three, COUNT(three));
	compare(view, messages, told);
	find_view_free(&view);
	find_piece_free(&merged);
}

static void same_as_reading(void **state)
{
	size_t told[3] = { 0 };

	(void)state;
	for (seed = 1; seed < 1000000; seed += 99991) {
		struct slice messages[MESSAGES];
		struct buf texts[MESSAGES] = { 0 };
		uint32_t began = seed;

		for (size_t i = 0; i < MESSAGES; i++) {
			add_message(&texts[i]);
			messages[i] = buf_slice(&texts[i]);
		}
		run(messages, told);
		for (size_t i = 0; i < MESSAGES; i++)
			buf_done(&texts[i]);
		seed = began;
	}
	/* It is of use: most of what is asked it knows. */
	assert_true(told[FIND_NO] > told[FIND_MAYBE]);
	assert_true(told[FIND_YES] > 1000);
}

/* --- words beside each other --- */

/* What is said of each message: Y, N, or M where it is to be read. */
static void want_says_in(const struct slice *messages, size_t n, enum find_where where,
    const char *name, const char *needle, const char *want)
{
	struct slice field = slice_str(name);
	struct find_piece *piece = find_world_make(messages, 0, n);
	struct find_view *view = find_world_view(&piece, 1);
	struct find_answer *answer = find_ask(view, where, field, slice_str(needle));
	char says[8] = "";

	assert_non_null(answer);
	for (uint32_t seq = 1; seq <= n; seq++)
		says[seq - 1] = "NYM"[find_says(answer, seq)];
	if (strcmp(says, want) != 0)
		fail_msg("\"%s\": %s, not %s", needle, says, want);
	assert_int_equal(
	    find_world_wrong(view, messages, where, field, slice_str(needle), NULL), 0);
	find_answer_free(&answer);
	find_view_free(&view);
}

static void want_says(const struct slice *messages, size_t n, enum find_where where,
    const char *needle, const char *want)
{
	want_says_in(messages, n, where, "To", needle, want);
}

/* Nothing is read that the index can tell. */
static void phrases(void **state)
{
	static const struct slice messages[] = {
		SLICE(
		    "To: Ann <ann@a.test>\r\nTo: bob@a.test\r\nSubject: re: the plan\r\n\r\n"
		    "the quick brown fox, who jumps.\r\nWho sleeps? \xe6\x9d\xb1\xe4\xba\xac\r\n"),
		SLICE("To: cy@b.test\r\nSubject: plan the\r\n\r\n"
		      "brown quick; the fox who jumps # jumps. \xe4\xba\xac\xe6\x9d\xb1\r\n"),
	};
	static const struct {
		enum find_where where;
		const char *needle, *want;
	} cases[] = {
		{ FIND_IN_BODY, "quick brown", "YN" },
		{ FIND_IN_BODY, "ick bro", "YN" },
		{ FIND_IN_BODY, "the quick brown fox, w", "YN" },
		{ FIND_IN_BODY, "fox who", "NY" },
		{ FIND_IN_BODY, "quick  brown", "NN" },
		{ FIND_IN_BODY, "jumps.\r\nwho", "YN" },
		{ FIND_IN_BODY, "jumps # jumps", "NM" },
		{ FIND_IN_BODY, "jumps # who", "NN" },
		{ FIND_IN_BODY, "brown fox.", "MN" },
		{ FIND_IN_BODY, "\xe6\x9d\xb1\xe4\xba\xac", "YN" },
		{ FIND_IN_BODY, " who jumps", "YY" },
		{ FIND_IN_BODY, "? \xe6\x9d\xb1", "YN" },
		{ FIND_IN_TEXT, "the plan", "YN" },
		{ FIND_IN_TEXT, "re: the", "YN" },
		{ FIND_IN_TEXT, "subject: plan the", "MM" },
		{ FIND_IN_TEXT, "bob@a.test", "YN" },
		{ FIND_IN_FIELD, "@a.test", "YN" },
		{ FIND_IN_FIELD, "<ann@a.test", "YN" },
		{ FIND_IN_FIELD, "@b.test", "NY" },
		{ FIND_IN_FIELD, " bob", "MN" },
		{ FIND_IN_FIELD, "ann@a.test>\nbob", "MN" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_says(
		    messages, COUNT(messages), cases[i].where, cases[i].needle, cases[i].want);
}

/* RFC 9051 6.4.4: to TEXT the fields of parts are header fields. To a key of one field
   they are not. */
static void fields_of_parts(void **state)
{
	static const struct slice messages[] = {
		SLICE(
		    "Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
		    "Content-Type: image/png; name=fox.png\r\nContent-ID: <one@a.test>\r\n"
		    "Content-Description: =?utf-8?q?Gr=C3=BC=C3=9Fe?= to all\r\n\r\nAAAA\r\n--b\r\n"
		    "Content-Type: message/rfc822\r\n\r\nX-Inner: a mark\r\nSubject: within\r\n"
		    "Content-Type: text/html\r\n\r\n<b>hay</b>\r\n--b--\r\n"),
		SLICE("Subject: one\r\nContent-Type: image/png\r\nX-Inner: a mark\r\n\r\nhay\r\n"),
	};
	static const struct {
		enum find_where where;
		const char *needle, *want;
	} cases[] = {
		{ FIND_IN_TEXT, "image/png", "YY" },
		{ FIND_IN_TEXT, "png; name=fox", "YN" },
		{ FIND_IN_TEXT, "content-id", "YN" },
		{ FIND_IN_TEXT, "one@a.test", "YN" },
		{ FIND_IN_TEXT, "gr\xc3\xbcsse to all", "YN" },
		{ FIND_IN_TEXT, "text/html", "YN" },
		{ FIND_IN_TEXT, "x-inner", "YY" },
		{ FIND_IN_TEXT, "x-inner: a mark", "YM" },
		{ FIND_IN_TEXT, "hay", "YN" },
		{ FIND_IN_HEADER, "one@a.test", "YN" },
		{ FIND_IN_HEADER, "x-inner: a mark", "YM" },
		{ FIND_IN_HEADER, "hay", "NN" },
		{ FIND_IN_BODY, "image/png", "NN" },
		{ FIND_IN_BODY, "x-inner", "NN" },
		{ FIND_IN_BODY, "fox.png", "YN" },
		{ FIND_IN_BODY, "within", "YN" },
		{ FIND_IN_FIELD, "image", "NY" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_says_in(messages, COUNT(messages), cases[i].where, "Content-Type",
		    cases[i].needle, cases[i].want);
}

/* Fields that have no kind of their own, told apart by name. */
static void fields(void **state)
{
	static const struct slice messages[] = {
		SLICE(
		    "X-A: one two\r\nFrom: x\r\nX-B: three\r\nX-a: four. five\r\nX-Empty:\r\n\r\n"),
		SLICE("Subject: y\r\nX-B: one two\r\nX-Empty:\r\nX-A: three four\r\n\r\n"),
		SLICE("X-AB: one two\r\nSubject: four\r\nX-Last: five\r\n\r\n"),
	};
	static const struct {
		const char *field, *needle, *want;
	} cases[] = {
		{ "X-A", "one two", "YNN" },
		{ "x-a", "one", "YNN" },
		{ "X-B", "one two", "NYN" },
		{ "X-A", "four", "YYN" },
		{ "X-A", "e t", "YNN" },
		{ "X-A", "three f", "NYN" },
		{ "X-A", "two\nfour", "MMN" },
		{ "X-Last", "five", "NNY" },
		{ "X-Empty", "", "YYN" },
		{ "X-Empty", "one", "NNN" },
		{ "X-A", "", "YYN" },
		{ "X", "", "NNN" },
		{ "Subject", "", "NYY" },
		{ "X-A", ".", "MMN" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_says_in(messages, COUNT(messages), FIND_IN_FIELD, cases[i].field,
		    cases[i].needle, cases[i].want);
}

/* A sentence of more words than are looked for: what is behind them is read. */
static void a_long_phrase(void **state)
{
	static const struct slice messages[] = {
		SLICE("\r\na b c d e f g h i j k l m n o p q r s\r\n"),
		SLICE("\r\na b c d e f g h i j k l m n o x p q r s\r\n"),
	};

	(void)state;
	want_says(messages, 2, FIND_IN_BODY, "a b c d e f g h i j k l m n o p", "YN");
	want_says(messages, 2, FIND_IN_BODY, "a b c d e f g h i j k l m n o p q r s", "MN");
	want_says(messages, 2, FIND_IN_BODY, "a b c d e f g h i j k l m n o p q r t", "MN");
}

static void gaps(void **state)
{
	static const char *const known[] = { " ", ".", "-", "\r\n", ", ", ". ", "\" <", "@" };
	static const char *const others[] = { "#*", "\xff", " -- and", "\r\n\r\n\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct slice gap = slice_str(known[i]);
		unsigned char it = find_gap_of(gap);

		want_true(known[i], it != FIND_GAP_OTHER && it != FIND_GAP_NONE);
		want_true(known[i], find_gap_ends(it, gap));
		want_true(known[i], find_gap_ends(it, slice_from(gap, gap.n - 1)));
		want_true(known[i], !find_gap_ends(it, SLICE("_")));
		want_true(known[i], !find_gap_ends(FIND_GAP_NONE, gap));
	}
	for (size_t i = 0; i < COUNT(others); i++)
		want_true(others[i], find_gap_of(slice_str(others[i])) == FIND_GAP_OTHER);
	assert_int_equal(find_gap_of(SLICE("")), FIND_GAP_NONE);
}

/* --- what is gone, what is damaged --- */

static bool keep_odd(void *arg, uint64_t id)
{
	(void)arg;
	return id % 2 == 1;
}

static void merging_forgets(void **state)
{
	const struct slice messages[] = { SLICE("Subject: one\r\n\r\nfirst\r\n"),
		SLICE("Subject: two\r\n\r\nsecond\r\n"), SLICE("Subject: three\r\n\r\nthird\r\n") };
	struct find_piece *piece = find_world_make(messages, 0, COUNT(messages));
	struct find_write write;

	(void)state;
	assert_int_equal(find_merge(&piece, 1, keep_odd, NULL, &write), 0);
	assert_int_equal(write.n, 2);
	assert_true(slice_find(buf_slice(&write.kinds[FIND_BODY].words), SLICE("second")) < 0);
	assert_true(slice_find(buf_slice(&write.kinds[FIND_BODY].words), SLICE("third")) >= 0);
	find_write_done(&write);
	find_piece_free(&piece);
}

/* Whatever byte of it is another, it is seen before it is believed. */
static void damage_is_seen(void **state)
{
	const struct slice message = SLICE("Subject: one\r\nX-A: b\r\n\r\nsome words of text\r\n");
	struct find_piece *piece = find_world_make(&message, 0, 1);
	struct slice file = piece->segment->file;

	(void)state;
	for (size_t i = 0; i < file.n; i++) {
		char path[] = "/tmp/signet-find.XXXXXX";
		struct err err;
		bool good = true;
		int fd = mkstemp(path);

		assert_int_equal(write(fd, file.p, file.n), file.n);
		char other = (char)(file.p[i] ^ 0x20);
		assert_int_equal(pwrite(fd, &other, 1, (off_t)i), 1);
		close(fd);
		struct find_segment *segment = find_segment_open(path, &err);
		unlink(path);
		for (size_t kind = 0; segment && kind < FIND_KINDS; kind++)
			good &= find_kind_good(&segment->kinds[kind]) &&
			    find_places_good(&segment->kinds[kind]);
		assert_true(!segment || !good);
		find_segment_close(&segment);
	}
	find_piece_free(&piece);
}

static void a_segment_of_nothing(void **state)
{
	struct find_piece *piece = find_world_make(NULL, 0, 0);

	(void)state;
	assert_non_null(piece);
	assert_int_equal(piece->segment->n, 0);
	for (size_t kind = 0; kind < FIND_KINDS; kind++)
		assert_true(find_kind_good(&piece->segment->kinds[kind]));
	find_piece_free(&piece);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_text),
		cmocka_unit_test(words_of_a_needle),
		cmocka_unit_test(same_as_reading),
		cmocka_unit_test(phrases),
		cmocka_unit_test(fields_of_parts),
		cmocka_unit_test(fields),
		cmocka_unit_test(a_long_phrase),
		cmocka_unit_test(gaps),
		cmocka_unit_test(merging_forgets),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(a_segment_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
