/* test_msg_text.c - transfer encodings, HTML, and the text of parts */
#include "tests/unit/beginnings.h"
#include "tests/unit/unit.h"

#include "core/msg.h"

static void undoes_encodings(void **state)
{
	static const struct {
		const char *encoding, *in, *want; /* NULL: not known */
	} cases[] = {
		{ "7bit", "a=b", "a=b" },
		{ "8bit", "\xc3\xa9", "\xc3\xa9" },
		{ "binary", "a", "a" },
		{ "x-uuencode", "a", NULL },
		{ "", "a", NULL },
		{ "base64", "", "" },
		{ "base64", "Zm9vYmFy", "foobar" },
		{ "base64", "Zm9v\r\nYmE=\r\n", "fooba" },
		{ "base64", "Zg==Zm9v", "ffoo" },
		{ "base64", "Zm9vYg", "foob" },
		{ "base64", "Zm9vY", "foo" },
		{ "base64", "Zm!9 v-_\xff", "foo" },
		{ "base64", "====", "" },
		{ "quoted-printable", "a=3Db=3db", "a=b=b" },
		{ "quoted-printable", "a=\r\nb=\nc= \t\r\nd", "abcd" },
		{ "quoted-printable", "a=", "a" },
		{ "quoted-printable", "a= ", "a" },
		{ "quoted-printable", "a=4", "a=4" },
		{ "quoted-printable", "a=zz=\rb", "a=zz=\rb" },
		{ "quoted-printable", "a \t\r\nb \nc ", "a\r\nb\nc " },
		{ "quoted-printable", "a=20\r\n", "a \r\n" },
		{ "quoted-printable", "a_b", "a_b" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool known;

		buf_clear(&out);
		known = msg_decode(slice_str(cases[i].encoding), slice_str(cases[i].in), &out);
		want_true(cases[i].in, known == (cases[i].want != NULL));
		want_text(cases[i].in, buf_slice(&out), cases[i].want ? cases[i].want : "");
	}
	buf_done(&out);
}

static const struct {
	const char *in, *want;
} html[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ " a \r\n\t b ", "a b " },
	{ "<p>one</p><p>two</p>", "one two " },
	{ "<b>K</b>\xc3\xb6ln", "K\xc3\xb6ln" },
	{ "a<br>b<BR/>c", "a b c" },
	{ "<a href=\"x\">link</a>s", "links" },
	{ "a<!-- <b> -->b", "ab" },
	{ "a<!-- open", "a" },
	{ "<STYLE>p > q {}</style >x", "x" },
	{ "a<script>if (1 < 2) x('</p>')</script>b", "ab" },
	{ "a<script>open", "a" },
	{ "<!DOCTYPE html><?xml?>x", "x" },
	{ "1 < 2 <3 a<b", "1 < 2 <3 a<b" },
	{ "<", "<" },
	{ "a &amp; b &lt;c&gt; &quot;d&apos;", "a & b <c> \"d'" },
	{ "Gr&uuml;&szlig;e &euro;&nbsp;5",
	    "Gr\xc3\xbc\xc3\x9f"
	    "e \xe2\x82\xac 5" },
	{ "&Auml;&auml;&yuml;&Agrave;", "\xc3\x84\xc3\xa4\xc3\xbf\xc3\x80" },
	{ "&#65;&#x42;&#X43;&#8364;&#x1F600;", "ABC\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "Sil&shy;be", "Silbe" },
	{ "&#0;&#xD800;&#x110000;", "&#0;\xef\xbf\xbd\xef\xbf\xbd" },
	{ "&#99999999999;&#;&#x;&;&nosuch;&amp", "&#99999999999;&#;&#x;&;&nosuch;&amp" },
	{ "a\0b", "a" },
};

static void strips_html(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(html); i++) {
		buf_clear(&out);
		msg_html(&out, slice_str(html[i].in));
		want_text(html[i].in, buf_slice(&out), html[i].want);
	}
	buf_done(&out);
}

static void read(struct slice in)
{
	struct buf out = { 0 };

	msg_html(&out, in);
	buf_done(&out);
}

static void strips_any_beginning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(html); i++)
		each_beginning(html[i].in, read);
}

static void reads_parts(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "\nplain", "plain" },
		{ "\ngr\xfc\xdf", "gr\xc3\xbc\xc3\x9f" },
		{ "Content-Type: text/plain; charset=iso-8859-2\n"
		  "Content-Transfer-Encoding: quoted-printable\n\n=A3=F3d=BC",
		    "\xc5\x81\xc3\xb3"
		    "d\xc5\xba" },
		{ "Content-Type: text/HTML; charset=windows-1251\n"
		  "Content-Transfer-Encoding: BASE64\n\nPHA+zzwvcD4=",
		    "\xd0\x9f " },
		{ "Content-Type: text/calendar\nContent-Transfer-Encoding: x-unknown\n\nx", "x" },
		{ "Content-Type: image/png\n\nx", "" },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--", "" },
		{ "Content-Type: message/rfc822\n\n\nx", "" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pool pool = { 0 };
		struct slice whole = slice_str(cases[i].in);

		buf_clear(&out);
		msg_text(msg_parse(&pool, whole), whole, &out);
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
		pool_done(&pool);
	}
	buf_done(&out);
}

static void is_bounded(void **state)
{
	struct pool pool = { 0 };
	struct buf in = { 0 }, out = { 0 };

	(void)state;
	buf_addz(&in, "Content-Type: text/plain\n\n");
	memset(buf_room(&in, 2 * MSG_TEXT_MAX), 'x', 2 * MSG_TEXT_MAX);
	in.n += 2 * MSG_TEXT_MAX;
	msg_text(msg_parse(&pool, buf_slice(&in)), buf_slice(&in), &out);
	want_num("text", (int64_t)out.n, MSG_TEXT_MAX);
	buf_done(&in);
	buf_done(&out);
	pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undoes_encodings),
		cmocka_unit_test(strips_html),
		cmocka_unit_test(strips_any_beginning),
		cmocka_unit_test(reads_parts),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
