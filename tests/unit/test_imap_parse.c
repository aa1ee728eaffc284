/* test_imap_parse.c - what IMAP commands are made of: good, bad, and what is left over */
#include "unit.h"

#include "core/text.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/parse.h"

static struct pool pool;

/* --- words, strings, numbers --- */

enum kind { ATOM, WORD, STRING, ASTRING, PATTERN, MAILBOX };

static const struct {
	const char *in;
	enum kind kind;
	const char *want; /* NULL: refused */
	const char *rest;
} words[] = {
	{ "abc def", ATOM, "abc", " def" },
	{ "", ATOM, NULL, NULL },
	{ "(x", ATOM, NULL, NULL },
	{ "a]b", ATOM, "a", "]b" },
	{ "a]b", ASTRING, "a]b", "" },
	{ "a\"b", ATOM, "a", "\"b" },
	{ "a\x80", ATOM, "a", "\x80" },
	{ "a\x7f", ATOM, "a", "\x7f" },
	{ "RFC822.SIZE)", WORD, "RFC822.SIZE", ")" },
	{ "BODY[", WORD, "BODY", "[" },
	{ "\"\"", STRING, "", "" },
	{ "\"a b\" c", STRING, "a b", " c" },
	{ "\"a\\\"b\\\\\"", STRING, "a\"b\\", "" },
	{ "\"a\\b\"", STRING, NULL, NULL },
	{ "\"a", STRING, NULL, NULL },
	{ "\"a\\", STRING, NULL, NULL },
	{ "\"a\r\n\"", STRING, NULL, NULL },
	{ "\"\xc3\xa9\"", STRING, "\xc3\xa9", "" },
	{ "\"\xc3\"", STRING, NULL, NULL },
	{ "abc", STRING, NULL, NULL },
	{ "{3}\r\nabcd", STRING, "abc", "d" },
	{ "{3+}\r\na\r\n x", STRING, "a\r\n", " x" },
	{ "{0}\r\n", STRING, "", "" },
	{ "{4}\r\nabc", STRING, NULL, NULL },
	{ "{3}abc", STRING, NULL, NULL },
	{ "{}\r\n", STRING, NULL, NULL },
	{ "{-1}\r\n", STRING, NULL, NULL },
	{ "{99999999999999999999}\r\n", STRING, NULL, NULL },
	{ "%*", ASTRING, NULL, NULL },
	{ "a%*] x", PATTERN, "a%*]", " x" },
	{ "\"a %\"", PATTERN, "a %", "" },
	{ "&AOk-t&AOk-", MAILBOX, "\xc3\xa9t\xc3\xa9", "" },
	{ "\"a&-b\"", MAILBOX, "a&b", "" },
	{ "&", MAILBOX, NULL, NULL },
};

static bool read_word(enum kind kind, struct slice *in, struct slice *out)
{
	switch (kind) {
	case ATOM:
		return imap_atom(in, out);
	case WORD:
		return imap_word(in, out);
	case STRING:
		return imap_string(&pool, in, out);
	case ASTRING:
		return imap_astring(&pool, in, out);
	case PATTERN:
		return imap_pattern(&pool, in, out);
	default:
		return imap_mailbox(&pool, in, false, out);
	}
}

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct slice in = slice_str(words[i].in), out;
		bool good = read_word(words[i].kind, &in, &out);

		want_num(words[i].in, good, words[i].want != NULL);
		if (good) {
			want_text(words[i].in, out, words[i].want);
			want_text(words[i].in, in, words[i].rest);
		}
	}
	struct slice nul = SLICE("{3}\r\na\0b"), out;
	assert_false(imap_string(&pool, &nul, &out));
	pool_reset(&pool);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *in;
		bool good, nz;
		uint32_t want;
	} cases[] = {
		{ "0", true, false, 0 },
		{ "1 ", true, true, 1 },
		{ "4294967295", true, true, UINT32_MAX },
		{ "4294967296", false, false, 0 },
		{ "-1", false, false, 0 },
		{ "", false, false, 0 },
		{ "99999999999999999999999", false, false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice a = slice_str(cases[i].in), b = a;
		uint32_t n = 0;

		want_num(cases[i].in, imap_number(&a, &n), cases[i].good);
		want_num(cases[i].in, n, cases[i].want);
		want_num(cases[i].in, imap_nz_number(&b, &n), cases[i].nz);
	}
}

/* --- dates --- */

static void test_dates(void **state)
{
	static const struct {
		const char *in;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "1-Jan-1970", 0 },
		{ "\"01-jan-1970\"", 0 },
		{ "2-Mar-2000", 11018 },
		{ "29-Feb-2000", 11016 },
		{ "29-Feb-2024", 19782 },
		{ "29-Feb-1900", -1 },
		{ "29-Feb-2023", -1 },
		{ "31-Apr-2023", -1 },
		{ "0-Apr-2023", -1 },
		{ "1-Foo-2023", -1 },
		{ "1-Apr-23", -1 },
		{ "1-Apr-0000", -1 },
		{ "\"1-Apr-2023", -1 },
		{ "1 Apr 2023", -1 },
		{ "", -1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = slice_str(cases[i].in);
		int64_t days = -1;

		if (!imap_date(&in, &days) || in.n > 0)
			days = -1;
		want_num(cases[i].in, days, cases[i].want);
	}
}

static void test_date_times(void **state)
{
	static const struct {
		const char *in;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "\" 1-Jan-1970 00:00:10 +0000\"", 10 },
		{ "\"01-Jan-1970 00:00:10 +0000\"", 10 },
		{ "\"17-Jul-1996 02:44:25 -0700\"", 837596665 },
		{ "\"17-Jul-1996 02:44:25 +0530\"", 837551665 },
		{ "\"31-Dec-2099 23:59:60 +0000\"", 4102444800 },
		{ "\"1-Jan-1970 00:00:10 +0000\"", -1 },
		{ "\"01-Jan-1970 24:00:10 +0000\"", -1 },
		{ "\"01-Jan-1970 00:60:10 +0000\"", -1 },
		{ "\"01-Jan-1970 00:00:10 0000\"", -1 },
		{ "\"01-Jan-1970 00:00:10 +0060\"", -1 },
		{ "\"01-Jan-1970 00:00:10 +0000", -1 },
		{ "\"01-Jan-1970\"", -1 },
	};
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = slice_str(cases[i].in);
		int64_t t = -1;

		if (!imap_date_time(&in, &t) || in.n > 0)
			t = -1;
		want_num(cases[i].in, t, cases[i].want);
	}
	imap_put_date_time(&out, 837596665);
	want_text("written", buf_slice(&out), "\"17-Jul-1996 09:44:25 +0000\"");
	buf_clear(&out);
	imap_put_date_time(&out, INT64_MAX);
	want_text("never", buf_slice(&out), "\"01-Jan-1970 00:00:00 +0000\"");
	buf_done(&out);
}

/* --- mailbox names --- */

static void test_utf7(void **state)
{
	static const struct {
		const char *wire, *utf8; /* utf8 NULL: refused */
	} cases[] = {
		{ "INBOX", "INBOX" },
		{ "", "" },
		{ "a&-b", "a&b" },
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語" },
		{ "Entw&APw-rfe", "Entwürfe" },
		{ "&2D3eAA-", "😀" },
		{ "&2D3eANg93gE-x", "😀😁x" },
		{ "&Jjo-!", "☺!" },
		{ "&AGE-", NULL },	/* an "a" */
		{ "&AC8-", NULL },	/* a "/" */
		{ "&AAo-", NULL },	/* a line end */
		{ "&AAA-", NULL },	/* a NUL */
		{ "&2D0-", NULL },	/* half a character */
		{ "&3gA-", NULL },	/* the other half */
		{ "&APw", NULL },	/* no end */
		{ "&APx-", NULL },	/* bits left over */
		{ "&APwA-", NULL },	/* a digit left over */
		{ "&AP=-", NULL },	/* padding */
		{ "&APw-&AOk-", NULL }, /* could be one */
		{ "\xc3\xbc", NULL },	/* 8-bit */
		{ "a\tb", NULL },
		{ "&/-", NULL },
	};
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice utf8;
		bool good = text_utf7_decode(&pool, slice_str(cases[i].wire), &utf8);

		want_num(cases[i].wire, good, cases[i].utf8 != NULL);
		if (!good)
			continue;
		want_text(cases[i].wire, utf8, cases[i].utf8);
		buf_clear(&out);
		text_utf7_encode(&out, utf8);
		want_text(cases[i].wire, buf_slice(&out), cases[i].wire);
	}
	buf_clear(&out);
	text_utf7_encode(&out, SLICE("\xff\xc3")); /* never stored, but never a crash */
	want_text("broken", buf_slice(&out), "&,,3,,Q-");
	buf_done(&out);
	pool_reset(&pool);
}

static void test_match(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool want;
	} cases[] = {
		{ "*", "a/b", true },
		{ "%", "a", true },
		{ "%", "a/b", false },
		{ "%/%", "a/b", true },
		{ "a*", "a/b/c", true },
		{ "a%", "a/b", false },
		{ "*c", "a/b/c", true },
		{ "a*c*e", "abcde", true },
		{ "a%c/%e", "abc/de", true },
		{ "", "", true },
		{ "", "a", false },
		{ "inbox", "INBOX", true },
		{ "InBoX/a", "INBOX/a", true },
		{ "inbox/A", "INBOX/a", false },
		{ "in%", "INBOX", true },
		{ "inbox", "INBOXES", false },
		{ "A", "a", false },
		{ "*%*%*%*%x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "%%", "a/b", false },
		{ "*%", "a/b", true },
	};
	struct buf scratch = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(cases[i].pattern,
		    imap_match(slice_str(cases[i].pattern), slice_str(cases[i].name), &scratch),
		    cases[i].want);
	buf_done(&scratch);
}

/* --- flags --- */

static void test_flags(void **state)
{
	static const struct {
		const char *in;
		bool brackets, good;
		const char *want;
	} cases[] = {
		{ "()", true, true, "()" },
		{ "(\\Seen \\deleted)", true, true, "(\\Deleted \\Seen)" },
		{ "(\\Seen $Work other $work)", true, true, "(\\Seen $Work other)" },
		{ "\\Seen $Work", false, true, "(\\Seen $Work)" },
		{ "\\Recent", false, true, "()" },
		{ "\\Seen", true, false, NULL },
		{ "(\\Seen", true, false, NULL },
		{ "(\\Seen )", true, false, NULL },
		{ "(\\Other)", true, false, NULL },
		{ "(\\*)", true, false, NULL },
		{ "", false, false, NULL },
	};
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = slice_str(cases[i].in);
		struct imap_flags flags;
		const char *names[BOX_KEYWORDS_MAX + 1] = { 0 };

		bool good = imap_flag_list(&pool, &in, cases[i].brackets, &flags);
		want_num(cases[i].in, good, cases[i].good);
		if (!good)
			continue;
		for (size_t k = 0; k < flags.n_keywords; k++)
			names[k] = pool_str(&pool, flags.keywords[k]);
		buf_clear(&out);
		imap_put_flags(&out, flags.system | UINT64_MAX << BOX_KEYWORD_SHIFT, names);
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
	pool_reset(&pool);
}

/* --- items of FETCH --- */

static void test_items(void **state)
{
	static const struct {
		const char *in, *want; /* the sections as answered; NULL: refused */
		unsigned needs;
	} cases[] = {
		{ "FLAGS", "FLAGS", 0 },
		{ "(FLAGS UID)", "FLAGS UID", 0 },
		{ "FAST", "FLAGS INTERNALDATE RFC822.SIZE", 0 },
		{ "ENVELOPE", "ENVELOPE", IMAP_NEEDS_SUMMARY },
		{ "BODY", "BODY", IMAP_NEEDS_WHOLE },
		{ "BODY[]", "BODY[]", IMAP_NEEDS_BODY },
		{ "body.peek[]<0.100>", "BODY[]<0>", IMAP_NEEDS_BODY },
		{ "BODY[1.2.MIME]", "BODY[1.2.MIME]",
		    IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY },
		{ "BODY[HEADER]", "BODY[HEADER]",
		    IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY },
		{ "BODY[HEADER.FIELDS (Subject FROM)]", "BODY[HEADER.FIELDS (Subject FROM)]",
		    IMAP_NEEDS_SUMMARY | IMAP_NEEDS_FIELDS },
		{ "BODY[HEADER.FIELDS (X-Rare)]", "BODY[HEADER.FIELDS (X-Rare)]", IMAP_NEEDS_BODY },
		{ "BODY[HEADER.FIELDS.NOT (\"a b\")]", "BODY[HEADER.FIELDS.NOT (\"a b\")]",
		    IMAP_NEEDS_BODY },
		{ "BODY[1.HEADER.FIELDS (Date)]", "BODY[1.HEADER.FIELDS (Date)]",
		    IMAP_NEEDS_SUMMARY | IMAP_NEEDS_PARTS | IMAP_NEEDS_BODY },
		{ "BODY[MIME]", NULL, 0 },
		{ "BODY[1.]", NULL, 0 },
		{ "BODY[.TEXT]", NULL, 0 },
		{ "BODY[0]", NULL, 0 },
		{ "BODY[1.2TEXT]", NULL, 0 },
		{ "BODY[HEADER.FIELDS]", NULL, 0 },
		{ "BODY[HEADER.FIELDS ()]", NULL, 0 },
		{ "BODY[TEXT (A)]", NULL, 0 },
		{ "BODY[]<0.0>", NULL, 0 },
		{ "BODY[]<1>", NULL, 0 },
		{ "BODY[", NULL, 0 },
		{ "BODY.PEEK", NULL, 0 },
		{ "(FAST)", NULL, 0 },
		{ "()", NULL, 0 },
		{ "(FLAGS", NULL, 0 },
		{ "FLAGS UID", NULL, 0 },
		{ "BOGUS", NULL, 0 },
		{ "", NULL, 0 },
	};
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = slice_str(cases[i].in);
		const struct imap_att *att = imap_fetch_parse(&pool, &in);
		unsigned needs = 0;

		if (!imap_end(in))
			att = NULL;
		want_num(cases[i].in, att != NULL, cases[i].want != NULL);
		buf_clear(&out);
		for (; att; att = att->next) {
			const char *name = att->item->name;

			if (out.n > 0)
				buf_addc(&out, ' ');
			buf_addz(&out, strcmp(name, "BODY.PEEK") == 0 ? "BODY" : name);
			if (strncmp(name, "BODY", 4) == 0 &&
			    (needs = att->needs) != IMAP_NEEDS_WHOLE)
				imap_section_put(&att->section, &out);
			needs = att->needs;
		}
		if (cases[i].want) {
			want_text(cases[i].in, buf_slice(&out), cases[i].want);
			want_num(cases[i].in, needs, cases[i].needs);
		}
	}
	buf_done(&out);
	pool_reset(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_date_times),
		cmocka_unit_test(test_utf7),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
