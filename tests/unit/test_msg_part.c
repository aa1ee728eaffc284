/* test_msg_part.c - the MIME tree: delimiters, defaults, limits
 *
 * Whole messages and what is made of them are in tests/data; here is what can be
 * said in a line. */
#include "tests/unit/beginnings.h"
#include "tests/unit/unit.h"

#include "core/msg.h"

/* "type/subtype[body]" of a leaf, "type/subtype(children)" of a container */
static void show(struct buf *out, const struct msg_part *part, struct slice whole)
{
	buf_adds(out, part->type);
	buf_addc(out, '/');
	buf_adds(out, part->subtype);
	buf_addc(out, part->children ? '(' : '[');
	if (!part->children)
		buf_adds(out, msg_body(part, whole));
	for (const struct msg_part *p = part->children; p; p = p->next)
		show(out, p, whole);
	buf_addc(out, part->children ? ')' : ']');
}

/* M: header of a multipart/mixed with that boundary, and its empty line */
#define M(boundary) "Content-Type: multipart/mixed; boundary=\"" boundary "\"\n\n"
#define T "text/plain"
#define EMPTY T "[]"

static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "nothing", "", EMPTY },
	{ "text", "A: b\r\n\r\nx\r\n", T "[x\r\n]" },
	{ "header alone", "Content-Type: TEXT/Html", "text/html[]" },
	{ "no header", "\r\nx", T "[x]" },
	{ "two parts", M("b") "--b\n\none\n--b\n\ntwo\n--b--\n",
	    "multipart/mixed(" T "[one]" T "[two])" },
	{ "CRLF", M("b") "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\r\n--b--\r\n",
	    "multipart/mixed(" T "[one]" T "[two\r\n])" },
	{ "mixed ends", M("b") "--b\r\n\none\n--b\n\r\ntwo\r\n--b--",
	    "multipart/mixed(" T "[one]" T "[two])" },
	{ "preamble", M("b") "pre\n--b\n\nx\n--b--\nepi\n", "multipart/mixed(" T "[x])" },
	{ "not in a line", M("b") "--b\n\nx --b\n --b\n--b--",
	    "multipart/mixed(" T "[x --b\n --b])" },
	{ "CR before", M("b") "--b\n\nx\r--b\n--b--", "multipart/mixed(" T "[x\r--b])" },
	{ "no close", M("b") "--b\n\nx\n", "multipart/mixed(" T "[x\n])" },
	{ "cut in the delimiter", M("b") "--b\n\nx\n--", "multipart/mixed(" T "[x\n--])" },
	{ "delimiter ends it all", M("b") "--b\n\nx\n--b", "multipart/mixed(" T "[x]" EMPTY ")" },
	{ "close alone", M("b") "--b--", "multipart/mixed(" EMPTY ")" },
	{ "none", M("b") "x\n", "multipart/mixed(" EMPTY ")" },
	{ "no boundary", "Content-Type: multipart/mixed\n\n--\nx\n", T "[--\nx\n]" },
	{ "blank boundary", M("  ") "--\nx\n", T "[--\nx\n]" },
	{ "boundary of dashes", M("--") "----\n\nx\n------\n", "multipart/mixed(" T "[x])" },
	{ "empty line kept", M("b") "--b\n\n\n\n--b--", "multipart/mixed(" T "[\n])" },
	{ "two delimiters", M("b") "--b\n--b\n--b--", "multipart/mixed(" EMPTY EMPTY ")" },
	{ "delimiter in a header", M("b") "--b\nContent-Type: text/html\n--b\n\nx\n--b--",
	    "multipart/mixed(text/html[]" T "[x])" },
	{ "behind the close", M("b") "--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
	    "multipart/mixed(" T "[x])" },
	{ "prefix, inner longer", M("b") "--b\n" M("bc") "--bc\n\nx\n--bc--\n--b\n\ny\n--b--",
	    "multipart/mixed(multipart/mixed(" T "[x])" T "[y])" },
	{ "prefix, inner shorter", M("bc") "--bc\n" M("b") "--b\n\nx\n--b--\n--bc\n\ny\n--bc--",
	    "multipart/mixed(multipart/mixed(" T "[x])" T "[y])" },
	{ "prefix with dashes", M("b") "--b\n" M("b--") "--b--\n\nx\n--b----\n--b\n\ny\n--b--",
	    "multipart/mixed(multipart/mixed(" T "[x])" T "[y])" },
	{ "the same twice", M("b") "--b\n" M("b") "--b\n\nx\n--b--\n--b\n\ny\n--b--",
	    "multipart/mixed(multipart/mixed(" T "[x])" T "[y])" },
	{ "outer ends inner", M("a") "--a\n" M("b") "--b\n\nx\n--a\n\ny\n--b\n\nz\n--a--",
	    "multipart/mixed(multipart/mixed(" T "[x])" T "[y\n--b\n\nz])" },
	{ "outer close ends inner", M("a") "--a\n" M("b") "--b\n\nx\n--a--\n--b\n\ny",
	    "multipart/mixed(multipart/mixed(" T "[x]))" },
	{ "message", "Content-Type: message/rfc822\n\nContent-Type: text/html\n\nx",
	    "message/rfc822(text/html[x])" },
	{ "empty message", "Content-Type: message/rfc822\n\n", "message/rfc822(" EMPTY ")" },
	{ "message in parts",
	    M("b") "--b\nContent-Type: message/rfc822\n\nA: b\n\nx\n--b\n\ny\n--b--",
	    "multipart/mixed(message/rfc822(" T "[x])" T "[y])" },
	{ "message cut", M("b") "--b\nContent-Type: message/rfc822\n--b--",
	    "multipart/mixed(message/rfc822(" EMPTY "))" },
	{ "global", "Content-Type: message/global\n\n\nx", "message/global(" T "[x])" },
	{ "no other messages", "Content-Type: message/partial\n\n\nx", "message/partial[\nx]" },
	{ "digest",
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx\n"
	    "--b\nContent-Type: text/html\n\ny\n--b--",
	    "multipart/digest(message/rfc822(" T "[x])text/html[y])" },
	{ "not below a digest",
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n" M("c") "--c\n\nx\n--c--\n--b--",
	    "multipart/digest(multipart/mixed(" T "[x]))" },
	{ "first type", "Content-Type: text/html\nContent-Type: image/png\n\n", "text/html[]" },
	{ "no type", "Content-Type:\n\n", EMPTY },
	{ "half a type", "Content-Type: image\n\n", EMPTY },
};

static void reads(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pool pool = { 0 };
		struct slice whole = slice_str(cases[i].in);

		buf_clear(&out);
		show(&out, msg_parse(&pool, whole), whole);
		want_text(cases[i].name, buf_slice(&out), cases[i].want);
		pool_done(&pool);
	}
	buf_done(&out);
}

static void check_offsets(const char *name, const struct msg_part *part, size_t size)
{
	want_true(name, part->header <= part->body);
	want_true(name, part->body <= part->end);
	want_true(name, part->end <= size);
	want_true(name, part->type.n > 0 && part->subtype.n > 0 && part->encoding.n > 0);
	for (const struct msg_part *p = part->children; p; p = p->next) {
		want_true(name, p->parent == part);
		check_offsets(name, p, size);
	}
}

static void read(struct slice in)
{
	struct pool pool = { 0 };

	check_offsets("beginning", msg_parse(&pool, in), in.n);
	pool_done(&pool);
}

static void reads_any_beginning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		each_beginning(cases[i].in, read);
}

static void counts_lines(void **state)
{
	static const struct {
		const char *in;
		uint64_t whole, first;
	} lines[] = {
		{ "\n", 0, 0 },
		{ "\nx", 0, 0 },
		{ "\nx\n", 1, 0 },
		{ "\n\n\n", 2, 0 },
		{ "\nx\r\ny\n", 2, 0 },
		{ M("b") "--b\n\none\n--b--\n", 4, 0 },
		{ M("b") "--b\n\none\n\n--b--\n", 5, 1 },
		{ M("b") "--b\n\n--b--\n", 3, 0 },
		{ M("b") "--b\r\n\r\none\r\ntwo\r\n--b--", 4, 1 },
		{ "Content-Type: message/rfc822\n\nA: b\n\nx\n", 3, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct pool pool = { 0 };
		struct msg_part *root = msg_parse(&pool, slice_str(lines[i].in));

		want_num(lines[i].in, (int64_t)root->lines, (int64_t)lines[i].whole);
		if (root->children)
			want_num(
			    lines[i].in, (int64_t)root->children->lines, (int64_t)lines[i].first);
		pool_done(&pool);
	}
}

static void reads_the_fields(void **state)
{
	static const char in[] = "content-type: image/PNG; name=x\r\n"
				 "Content-Transfer-Encoding: BASE64 (really)\r\n"
				 "Content-ID: <i@x>\r\n"
				 "Content-ID: <second@x>\r\n"
				 "Content-Description: a\r\n picture\r\n"
				 "Content-Disposition: INLINE; filename=y\r\n"
				 "Content-MD5: abc=\r\n"
				 "Content-Language: de, en\r\n"
				 "Content-Location: http://x\r\n"
				 "Content-Length: 9\r\n\r\n";
	struct pool pool = { 0 };
	struct msg_part *p = msg_parse(&pool, SLICE(in));

	(void)state;
	want_text("type", p->type, "image");
	want_text("subtype", p->subtype, "png");
	want_text("param", msg_param(p->params, SLICE("name")), "x");
	want_text("encoding", p->encoding, "base64");
	want_text("id", p->id, "<i@x>");
	want_text("description", p->description, "a picture");
	want_text("disposition", p->disposition, "inline");
	want_text("filename", msg_param(p->disposition_params, SLICE("filename")), "y");
	want_text("md5", p->md5, "abc=");
	want_text("language", p->language, "de, en");
	want_text("location", p->location, "http://x");
	pool_done(&pool);
}

static size_t depth_of(const struct msg_part *part)
{
	size_t deepest = 0;

	for (const struct msg_part *p = part->children; p; p = p->next) {
		size_t depth = depth_of(p);

		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

static size_t count(const struct msg_part *part)
{
	size_t n = 1;

	for (const struct msg_part *p = part->children; p; p = p->next)
		n += count(p);
	return n;
}

static void is_bounded(void **state)
{
	static const struct {
		const char *name, *head, *again, *want;
		size_t times, depth, parts;
	} hostile[] = {
		{ "messages", "", "Content-Type: message/rfc822\n\n", "message", 5000, 50, 50 },
		{ "delimiters", M("b"), "--b\n\n", "multipart", 100000, 2, 2000 },
		{ "closes", M("b"), "--b--\n", "multipart", 100000, 2, 2 },
		{ "digests", "Content-Type: multipart/digest; boundary=b\n\n", "--b\n\n\n\n",
		    "multipart", 100000, 3, 2000 },
		{ "nested alike", "", M("b") "--b\n", "multipart", 5000, 50, 2000 },
	};
	struct buf in = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct pool pool = { 0 };
		struct msg_part *root;

		buf_clear(&in);
		buf_addz(&in, hostile[i].head);
		for (size_t n = 0; n < hostile[i].times; n++)
			buf_addz(&in, hostile[i].again);
		root = msg_parse(&pool, buf_slice(&in));
		want_text(hostile[i].name, root->type, hostile[i].want);
		want_num(hostile[i].name, (int64_t)depth_of(root), (int64_t)hostile[i].depth);
		want_num(hostile[i].name, (int64_t)count(root), (int64_t)hostile[i].parts);
		check_offsets(hostile[i].name, root, in.n);
		pool_done(&pool);
	}
	buf_done(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(reads_any_beginning),
		cmocka_unit_test(counts_lines),
		cmocka_unit_test(reads_the_fields),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
