/* test_summary.c - records of whole messages: what IMAP says of them, and damage
 *
 * tests/data/mail has the messages, tests/data/summary what is expected of each:
 * ENVELOPE, BODYSTRUCTURE and BODY. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/summary.h"

static void read_file(const char *folder, const char *name, const char *end, struct buf *out)
{
	struct buf path = { 0 };
	FILE *file;
	size_t n;

	buf_printf(&path, "%s/tests/data/%s/%s%s", TEST_SRCDIR, folder, name, end);
	file = fopen(buf_z(&path), "rb");
	want_true(path.p, file != NULL);
	buf_clear(out);
	while ((n = fread(buf_room(out, 4096), 1, 4096, file)) > 0)
		out->n += n;
	fclose(file);
	buf_done(&path);
}

/* Call with each message of tests/data/mail; returns how many there are. */
static size_t each_message(void (*run)(const char *name, struct slice message))
{
	DIR *dir = opendir(TEST_SRCDIR "/tests/data/mail");
	struct buf message = { 0 };
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct slice name = slice_str(entry->d_name);
		char *base;

		if (!slice_iends(name, SLICE(".eml")))
			continue;
		base = mem_str(slice_head(name, name.n - 4));
		read_file("mail", base, ".eml", &message);
		run(base, buf_slice(&message));
		free(base);
		n++;
	}
	closedir(dir);
	buf_done(&message);
	return n;
}

static void compare(const char *name, struct slice message)
{
	struct buf record = { 0 }, got = { 0 }, want = { 0 };
	struct summary s;

	summary_make(message, 0, &record);
	want_true(name, summary_read(buf_slice(&record), NULL, &s));
	buf_adds(&got, s.envelope);
	buf_addc(&got, '\n');
	buf_adds(&got, s.structure);
	buf_addc(&got, '\n');
	summary_body(message, &got);
	buf_addc(&got, '\n');
	read_file("summary", name, ".want", &want);
	want_text(name, buf_slice(&got), buf_z(&want));
	buf_done(&record);
	buf_done(&got);
	buf_done(&want);
}

static void says_what_imap_wants(void **state)
{
	(void)state;
	assert_in_range(each_message(compare), 40, 1000);
}

static void keeps_what_is_not_syntax(void **state)
{
	static const char message[] = "Received: x\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
				      "To: a\r\n b\r\nSUBJECT: x\r\nX-Other: y\r\n\r\nbody";
	struct buf record = { 0 };
	struct pool pool = { 0 };
	struct summary s;

	(void)state;
	buf_addz(&record, "what was there before");
	summary_make(SLICE(message), -5, &record);
	summary_set_body(&record, 0x123456789abcdef0);
	assert_true(summary_read(buf_slice(&record), &pool, &s));
	assert_true(s.body == 0x123456789abcdef0);
	assert_int_equal(s.size, sizeof message - 1);
	assert_int_equal(s.internal_date, -5);
	assert_int_equal(s.date, 1772442000);
	assert_int_equal(s.zone, 60);
	want_text("fields", s.fields,
	    "Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nTo: a\r\n b\r\nSUBJECT: x\r\n");
	assert_true(s.fields_complete);
	assert_int_equal(s.n_parts, 1);
	assert_int_equal(s.parts[0].body, sizeof message - 1 - 4);
	pool_done(&pool);
	buf_done(&record);
}

static void dates(void **state)
{
	static const struct {
		const char *in;
		int64_t date;
		int zone;
	} cases[] = {
		{ "", 77, 0 },
		{ "Date: no date\r\n", 77, 0 },
		{ "Date: Thu, 1 Jan 1970 00:00:00 -0330\r\n", 12600, -210 },
		{ "Date: Thu,\r\n 1 Jan 1970 00:00:01 +0000\r\n", 1, 0 },
	};
	struct buf record = { 0 };
	struct summary s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		summary_make(slice_str(cases[i].in), 77, &record);
		want_true(cases[i].in, summary_read(buf_slice(&record), NULL, &s));
		want_num(cases[i].in, s.date, cases[i].date);
		want_num(cases[i].in, s.zone, cases[i].zone);
	}
	buf_done(&record);
}

static void knows_cached_fields(void **state)
{
	static const char *const cached[] = { "From", "TO", "cc", "References", "Content-Type",
		"Disposition-Notification-To", "List-Id", "X-Universally-Unique-Identifier" };
	static const char *const others[] = { "", "X", "Received", "DKIM-Signature", "Fro", "Froms",
		"X-A-Name-That-Is-Longer-Than-All-Of-Them" };

	(void)state;
	for (size_t i = 0; i < COUNT(cached); i++)
		want_true(cached[i], summary_has_field(slice_str(cached[i])));
	for (size_t i = 0; i < COUNT(others); i++)
		want_true(others[i], !summary_has_field(slice_str(others[i])));
}

static void tells_when_fields_are_left_out(void **state)
{
	struct buf message = { 0 }, record = { 0 };
	struct summary s;

	(void)state;
	buf_addz(&message, "To: a\r\nReferences:");
	while (message.n < SUMMARY_FIELDS_MAX)
		buf_addz(&message, " <x@y>\r\n");
	buf_addz(&message, "Subject: b\r\n\r\n");
	summary_make(buf_slice(&message), 0, &record);
	assert_true(summary_read(buf_slice(&record), NULL, &s));
	assert_false(s.fields_complete);
	want_text("the others", s.fields, "To: a\r\nSubject: b\r\n");
	buf_done(&message);
	buf_done(&record);
}

static void repeat(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		buf_addz(b, s);
}

/* The '{' of a literal at i: where its last byte is. */
static size_t end_of_literal(struct slice s, size_t i)
{
	const char *brace = memchr(s.p + i, '}', s.n - i);

	if (!brace)
		return s.n;
	return (size_t)(brace - s.p) + 2 + strtoul(s.p + i + 1, NULL, 10);
}

/* Parentheses that belong together, strings that end: can a client read it? */
static bool is_list(struct slice s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1 == s.n;
		else if (s.p[i] == '{')
			i = end_of_literal(s, i);
		else if (s.p[i] == '"')
			for (i++; i < s.n && s.p[i] != '"'; i++)
				i += s.p[i] == '\\';
	}
	return false;
}

static void is_bounded(void **state)
{
	static const struct {
		const char *name, *head, *again;
		size_t times;
	} cases[] = {
		{ "subject", "Subject: ", "long ", 400000 },
		{ "addresses", "From: ", "a@b, ", 400000 },
		{ "many From", "", "From: a@b, c@d\r\n", 100000 },
		{ "group", "From: g:", "abcdefghijklmnopqrstuvwxyz@abcdefghijklmnopqrstuvwxyz, ",
		    40000 },
		{ "params", "Content-Type: a/b", "; name=value", 100000 },
		{ "languages", "Content-Language: ", "de, ", 500000 },
		{ "parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
		    "--b\r\nContent-Type: abcdefghijklmnop/abcdefghijklmnop; name=abcdefghijklmnop; "
		    "x=abcdefghijklmnopqrstuvwxyz\r\nContent-Description: abcdefghijklmnopqrstuvwxyz "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvw "
		    "\r\n\r\n",
		    3000 },
	};
	struct buf message = { 0 }, record = { 0 };
	struct pool pool = { 0 };
	struct summary s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&message);
		buf_addz(&message, cases[i].head);
		repeat(&message, cases[i].again, cases[i].times);
		summary_make(buf_slice(&message), 0, &record);
		want_true(cases[i].name, summary_read(buf_slice(&record), &pool, &s));
		want_true(cases[i].name, record.n < 3 << 20);
		want_true(cases[i].name, is_list(s.envelope));
		want_true(cases[i].name, is_list(s.structure));
	}
	buf_done(&message);
	buf_done(&record);
	pool_done(&pool);
}

/* A damaged record is refused, or read as one whose parts lie in the message. */
static void check_parts(const char *name, const struct summary *s)
{
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct summary_part *p = &s->parts[i];

		want_true(name, p->header <= p->body && p->body <= p->end && p->end <= s->size);
		want_true(name, p->depth <= i);
	}
}

static void damage(const char *name, struct slice message)
{
	struct buf record = { 0 };
	struct pool pool = { 0 };
	struct summary s;

	summary_make(message, 0, &record);
	for (size_t n = 0; n < record.n; n++) {
		char *exact = malloc(n + 1);

		memcpy(exact, record.p, n);
		want_true(name, !summary_read(slice_of(exact, n), &pool, &s));
		free(exact);
	}
	for (size_t i = 0; i < record.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			record.p[i] = (char)(record.p[i] ^ 1 << bit);
			if (summary_read(buf_slice(&record), &pool, &s))
				check_parts(name, &s);
			record.p[i] = (char)(record.p[i] ^ 1 << bit);
			pool_reset(&pool);
		}
	buf_addc(&record, 0);
	want_true(name, !summary_read(buf_slice(&record), &pool, &s));
	buf_done(&record);
	pool_done(&pool);
}

static void survives_damage(void **state)
{
	(void)state;
	each_message(damage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_imap_wants),
		cmocka_unit_test(keeps_what_is_not_syntax),
		cmocka_unit_test(dates),
		cmocka_unit_test(knows_cached_fields),
		cmocka_unit_test(tells_when_fields_are_left_out),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
