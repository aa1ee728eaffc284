/* test_msg_seven.c - messages of 8 bits told in 7 */
#include "tests/unit/unit.h"

#include "core/msg.h"
#include "core/text.h"

#define UE "\xc3\xbc"
#define QP "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
#define TYPE "Content-Type: text/plain; charset=utf-8\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=x\r\n"

static const struct {
	const char *name, *in, *want;
} messages[] = {
	{ "nothing to do", "A: b\r\n\r\nhello=\r\n", "A: b\r\n\r\nhello=\r\n" },
	{ "text",
	    "MIME-Version: 1.0\r\n" TYPE "Content-Transfer-Encoding: 8bit\r\n\r\nGr" UE
	    "n = 1 \r\n",
	    "MIME-Version: 1.0\r\n" TYPE QP "Gr=C3=BCn =3D 1=20\r\n" },
	{ "no fields", "A: b\r\n\r\nGr" UE "n is it\r\n",
	    "MIME-Version: 1.0\r\n" TYPE "A: b\r\n" QP "Gr=C3=BCn is it\r\n" },
	{ "no charset", "A: b\r\n\r\nGr\xfcn it is\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\nA: b\r\n" QP
	    "Gr=FCn it is\r\n" },
	{ "little ASCII", "MIME-Version: 1.0\r\n" TYPE "\r\n" UE UE UE "\r\n",
	    "MIME-Version: 1.0\r\n" TYPE
	    "Content-Transfer-Encoding: base64\r\n\r\nw7zDvMO8DQo=\r\n" },
	{ "no text", "MIME-Version: 1.0\r\nContent-Type: image/x\r\n\r\nabcdefghijklmno" UE,
	    "MIME-Version: 1.0\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "YWJjZGVmZ2hpamtsbW5vw7w=\r\n" },
	{ "of two parts, one",
	    "MIME-Version: 1.0\r\n" MIXED "Content-Transfer-Encoding: 8bit\r\n\r\npr" UE
	    "\r\n--x\r\n\r\nfine\r\n--x\r\n" TYPE "\r\nGr" UE "n enough\r\n--x--\r\n",
	    "MIME-Version: 1.0\r\n" MIXED "Content-Transfer-Encoding: 7bit\r\n\r\npr??"
	    "\r\n--x\r\n\r\nfine\r\n--x\r\n" TYPE QP "Gr=C3=BCn enough\r\n--x--\r\n" },
	{ "in a message",
	    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nSubject: " UE "\r\n\r\nGr" UE
	    "n is it\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
	    "7bit\r\n\r\nMIME-Version: 1.0\r\n" TYPE "Subject: =?utf-8?B?w7w=?=\r\n" QP
	    "Gr=C3=BCn is it\r\n" },
	{ "an international message as a whole",
	    "MIME-Version: 1.0\r\nContent-Type: message/global\r\n\r\nSubject: " UE "\r\n\r\nGr" UE
	    "n is it not so\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: message/global\r\n" QP
	    "Subject: =C3=BC\r\n\r\nGr=C3=BCn is it not so\r\n" },
	{ "encoded already, badly", "MIME-Version: 1.0\r\n" TYPE QP "Gr" UE "n =3D 1=\r\n2\r\n",
	    "MIME-Version: 1.0\r\n" TYPE QP "Gr=C3=BCn =3D 1=\r\n2\r\n" },
	{ "in a digest",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n"
	    "Subject: a\r\n\r\nGr" UE "n is it\r\n--x--\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=x\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n--x\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "MIME-Version: 1.0\r\n" TYPE "Subject: a\r\n" QP "Gr=C3=BCn is it\r\n--x--\r\n" },
};

static void tells_in_seven(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct slice in = slice_str(messages[i].in);
		buf_clear(&out);
		assert_null(msg_seven_bars(in));
		assert_int_equal(msg_make_seven(in, &out, NULL, NULL), 0);
		want_text(messages[i].name, buf_slice(&out), messages[i].want);
	}
	buf_done(&out);
}

/* Cut anywhere, it is ASCII. */
static void cut_anywhere(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++)
		for (size_t n = 0; n < strlen(messages[i].in); n++) {
			buf_clear(&out);
			msg_make_seven(slice_of(messages[i].in, n), &out, NULL, NULL);
			if (!slice_is_ascii(buf_slice(&out)))
				fail_msg("%s, cut at %zu", messages[i].name, n);
		}
	buf_done(&out);
}

static void bars(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "A: b\r\n\r\nGr" UE "n\r\n", NULL },
		{ "Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\nfine\r\n--x--\r\n",
		    NULL },
		{ "Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\nGr" UE
		  "n\r\n--x--\r\n",
		    "it is signed, and the signature would be broken" },
		{ MIXED
		    "\r\n--x\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n--y\r\n\r\nGr" UE
		    "n\r\n--y--\r\n--x--\r\n",
		    "it is signed, and the signature would be broken" },
		{ MIXED "\r\nGr" UE
			"n\r\n--x\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n--y\r\n"
			"\r\nfine\r\n--y--\r\n--x--\r\n",
		    NULL },
		{ "Content-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\n\r\nGr" UE
		  "n\r\n--x--\r\n",
		    "it is encrypted" },
		{ "Content-Type: message/partial\r\n\r\nGr" UE "n\r\n",
		    "it is a part of a message" },
		{ "Content-Transfer-Encoding: x-uue\r\n\r\nGr" UE "n\r\n",
		    "a part of it has an unknown transfer encoding" },
		{ "Content-Type: multipart/mixed\r\n\r\nGr" UE "n\r\n",
		    "a part of it holds parts that cannot be read" },
		{ "Content-Type: multipart/mixed; boundary=" UE "\r\n\r\n--" UE "\r\n\r\nb\r\n",
		    "the boundary of its parts is not ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = msg_seven_bars(slice_str(cases[i].in));
		want_text(
		    cases[i].in, slice_str(why ? why : "-"), cases[i].want ? cases[i].want : "-");
	}
}

static void fields(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "A: b\r\n", "A: b\r\n" },
		{ "Subject: Gr" UE "n\r\n", "Subject: =?utf-8?B?R3LDvG4=?=\r\n" },
		{ "Subject: a " UE " " UE " b\r\n", "Subject: a =?utf-8?B?w7wgw7w=?= b\r\n" },
		{ "Subject: a\r\n " UE "\r\n", "Subject: a\r\n =?utf-8?B?w7w=?=\r\n" },
		{ "To: \"" UE ", x\" <a@b>\r\n", "To: \"=?utf-8?B?w7w=?=, x\" <a@b>\r\n" },
		{ "Content-Type: a/b; name=" UE ".txt\r\n",
		    "Content-Type: a/b; name==?utf-8?B?w7wudHh0?=\r\n" },
		{ "Subject: \xfc\r\n", "Subject: =?unknown-8bit?B?/A==?=\r\n" },
		{ UE, "=?utf-8?B?w7w=?=" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		msg_field_ascii(slice_str(cases[i].in), &out);
		want_text(cases[i].in, buf_slice(&out), cases[i].want);
	}
	buf_done(&out);
}

struct taken {
	struct buf all;
	size_t most;
};

static int take(void *arg, struct buf *out)
{
	struct taken *taken = arg;

	if (out->n > taken->most)
		taken->most = out->n;
	buf_adds(&taken->all, buf_slice(out));
	buf_clear(out);
	return 0;
}

/* A long one is made in pieces; its lines are short, and read back it is what it was. */
static void long_one(void **state)
{
	struct buf in = { 0 }, out = { 0 }, back = { 0 }, body = { 0 };
	struct taken taken = { 0 };

	(void)state;
	for (int i = 0; body.n < 1 << 20; i++)
		buf_printf(&body, i % 7 ? UE "%dabcdefg=%c" : "%d   \r\n", i, i % 5 ? 'x' : '\t');
	buf_addz(&body, "\r\n");
	buf_addz(&in, TYPE "\r\n");
	buf_adds(&in, buf_slice(&body));
	assert_int_equal(msg_make_seven(buf_slice(&in), &out, take, &taken), 0);
	take(&taken, &out);
	assert_true(taken.most < (size_t)2 * MSG_TAKE_BYTES);
	struct slice rest = buf_slice(&taken.all);
	ptrdiff_t at = slice_find(rest, SLICE("\r\n\r\n"));
	msg_qp(&back, slice_from(rest, (size_t)at + 4), false);
	assert_true(slice_eq(buf_slice(&back), buf_slice(&body)));
	while (rest.n > 0)
		assert_true(slice_trim(slice_cut(&rest, '\n')).n <= 76);
	buf_done(&in);
	buf_done(&out);
	buf_done(&back);
	buf_done(&body);
	buf_done(&taken.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_in_seven),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(bars),
		cmocka_unit_test(fields),
		cmocka_unit_test(long_one),
	};

	return cmocka_run_group_tests_name("msg_seven", tests, NULL, NULL);
}
