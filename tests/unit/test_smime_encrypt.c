/* test_smime_encrypt.c - a message becomes an S/MIME message, and back it is what was sent */
#include "tests/unit/smime_world.h"

#include "core/msg.h"
#include "smime/encrypt.h"

static int encrypt_so(struct slice message, bool hide_subject, struct buf *out)
{
	struct smime_way way = { CMS_AES_256_CBC, hide_subject };
	struct err err;

	return smime_encrypt(message, &way, &world[WORLD_P256].recipient, 1, out, &err);
}

static int encrypt(struct slice message, struct buf *out)
{
	return encrypt_so(message, false, out);
}

/* What openssl decrypts. */
static void decrypt(struct buf *message, struct buf *entity)
{
	world_write("message", buf_slice(message));
	world_must("openssl cms -decrypt -binary -in message -inkey p256.key -recip p256.cert "
		   "-out entity");
	world_read("entity", entity);
}

/* C-121: the entity that comes out. */
static void entities(void **state)
{
	static const struct {
		const char *name, *message, *header, *entity;
	} cases[] = {
		{ "plain", "Received: x\r\n\tby y\r\nFrom: a@b\r\nSubject: s\r\n\r\nhello\r\n",
		    "Received: x\r\n\tby y\r\nFrom: a@b\r\nSubject: s\r\n", "\r\nhello\r\n" },
		{ "MIME fields go inside",
		    "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n"
		    "Subject: s\r\ncontent-transfer-encoding: 8bit\r\nX-Content: y\r\n\r\ngr\xc3\xbc\r\n",
		    "From: a@b\r\nSubject: s\r\nX-Content: y\r\n",
		    "Content-Type: text/plain;\r\n\tcharset=utf-8\r\ncontent-transfer-encoding: 8bit\r\n"
		    "\r\ngr\xc3\xbc\r\n" },
		{ "bare LF", "From: a@b\nContent-Type: text/plain\n\n\none\r\ntwo\n\n",
		    "From: a@b\r\n", "Content-Type: text/plain\r\n\r\n\r\none\r\ntwo\r\n\r\n" },
		{ "no end of line", "From: a@b\r\n\r\nhello", "From: a@b\r\n", "\r\nhello" },
		{ "no body", "From: a@b\r\n\r\n", "From: a@b\r\n", "\r\n" },
		{ "no end of the header", "From: a@b", "From: a@b\r\n", "\r\n" },
		{ "no header", "\r\nhello\r\n", "", "\r\nhello\r\n" },
		{ "CR alone", "From: a@b\r\n\r\na\rb\r\n", "From: a@b\r\n", "\r\na\rb\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 }, entity = { 0 };
		assert_int_equal(encrypt(slice_str(cases[i].message), &out), 0);
		want_text(cases[i].name, slice_head(buf_slice(&out), strlen(cases[i].header)),
		    cases[i].header);
		want_true(cases[i].name,
		    slice_starts(slice_from(buf_slice(&out), strlen(cases[i].header)),
			SLICE("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
			      "smime-type=enveloped-data;\r\n\tname=smime.p7m\r\n")));
		decrypt(&out, &entity);
		want_text(cases[i].name, buf_slice(&entity), cases[i].entity);
		assert_true(smime_is_encrypted(buf_slice(&out)));
		buf_done(&out);
		buf_done(&entity);
	}
}

/* RFC 9788 */
static void hidden(void **state)
{
	static const struct {
		const char *name, *message, *header, *entity;
	} cases[] = {
		{ "subject",
		    "Received: x\r\nDKIM-Signature: y\r\nFrom: a@b\r\nSubject: top\r\n\tsecret\r\n"
		    "MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\nhello\r\n",
		    "Received: x\r\nDKIM-Signature: y\r\nFrom: a@b\r\nSubject: [...]\r\n",
		    "From: a@b\r\nHP-Outer: From: a@b\r\nSubject: top\r\n\tsecret\r\n"
		    "HP-Outer: Subject: [...]\r\nContent-Type: text/plain;\r\n\tcharset=utf-8;\r\n"
		    "\thp=\"cipher\"\r\n\r\nhello\r\n" },
		{ "nothing said of the content", "From: a@b\nKeywords: k\nComments: c\n\nhello\n",
		    "From: a@b\r\n",
		    "From: a@b\r\nHP-Outer: From: a@b\r\nKeywords: k\r\nComments: c\r\n"
		    "Content-Type: text/plain; charset=us-ascii;\r\n\thp=\"cipher\"\r\n\r\nhello\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 }, entity = { 0 };
		assert_int_equal(encrypt_so(slice_str(cases[i].message), true, &out), 0);
		want_text(cases[i].name, slice_head(buf_slice(&out), strlen(cases[i].header)),
		    cases[i].header);
		want_true(cases[i].name,
		    slice_starts(slice_from(buf_slice(&out), strlen(cases[i].header)),
			SLICE("MIME-Version: 1.0\r\n")));
		decrypt(&out, &entity);
		want_text(cases[i].name, buf_slice(&entity), cases[i].entity);
		buf_done(&out);
		buf_done(&entity);
	}
}

/* Line ends at every place of a chunk. */
static void long_ones(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		struct buf message = { 0 }, want = { 0 }, out = { 0 }, entity = { 0 };
		buf_addz(&message, "From: a@b\r\n\r\n");
		buf_addz(&want, "\r\n");
		for (size_t i = 0; i < 40000 + shift; i++) {
			buf_addz(&message, i % 3 ? "\n" : "\r\n");
			buf_addz(&want, "\r\n");
		}
		assert_int_equal(encrypt(buf_slice(&message), &out), 0);
		decrypt(&out, &entity);
		assert_true(slice_eq(buf_slice(&entity), buf_slice(&want)));
		for (struct slice rest = buf_slice(&out); rest.n > 0;)
			assert_true(slice_cut(&rest, '\n').n <= 77);
		buf_done(&message);
		buf_done(&want);
		buf_done(&out);
		buf_done(&entity);
	}
}

/* C-128 */
static void form(void **state)
{
	struct buf out = { 0 };
	struct pool pool = { 0 };
	struct slice message = SLICE("From: a@b\r\nSubject: in sight\r\n"
				     "Content-Type: text/html\r\n\r\n<b>unmistakable</b>\r\n");

	(void)state;
	assert_int_equal(encrypt(message, &out), 0);
	struct msg_part *part = msg_parse(&pool, buf_slice(&out));
	want_text("type", part->type, "application");
	want_text("subtype", part->subtype, "pkcs7-mime");
	want_text("smime-type", msg_param(part->params, SLICE("smime-type")), "enveloped-data");
	want_text("name", msg_param(part->params, SLICE("name")), "smime.p7m");
	want_text("encoding", part->encoding, "base64");
	want_text("disposition", part->disposition, "attachment");
	assert_true(slice_find(buf_slice(&out), SLICE("Subject: in sight\r\n")) >= 0);
	assert_true(slice_find(buf_slice(&out), SLICE("unmistakable")) < 0);
	assert_true(slice_find(buf_slice(&out), SLICE("text/html")) < 0);
	pool_done(&pool);
	buf_done(&out);
}

/* C-129 */
static void already(void **state)
{
#define ENVELOPED "MIAGCSqGSIb3DQEHA6CAMIACAQAxgg==\r\n"
#define SIGNED "MIAGCSqGSIb3DQEHAqCAMIACAQExDzAN\r\n"
#define TYPE "Content-Type: "
#define BASE64 "\r\nContent-Transfer-Encoding: base64\r\n\r\n"
#define PGP "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----\r\n"
#define PGP_MIME                                                                                   \
	"multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\r\n\r\n--b\r\n"   \
	"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"                     \
	"Content-Type: application/octet-stream\r\n\r\n"
	static const struct {
		const char *message;
		bool is;
	} cases[] = {
		{ TYPE "application/pkcs7-mime; smime-type=enveloped-data" BASE64 ENVELOPED, true },
		{ TYPE "application/x-pkcs7-mime; name=smime.p7m" BASE64 ENVELOPED, true },
		{ TYPE "APPLICATION/PKCS7-MIME" BASE64 ENVELOPED, true },
		{ TYPE "application/pkcs7-mime; smime-type=signed-data" BASE64 SIGNED, false },
		{ TYPE "application/pkcs7-mime; smime-type=enveloped-data" BASE64 SIGNED, false },
		{ TYPE "application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nhello", false },
		{ TYPE "application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n", false },
		{ TYPE "text/plain" BASE64 ENVELOPED, false },
		{ TYPE PGP_MIME PGP "--b--\r\n", true },
		{ TYPE PGP_MIME "hello\r\n--b--\r\n", false },
		{ TYPE "multipart/encrypted; boundary=b\r\n\r\nhello", false },
		{ TYPE "text/plain\r\n\r\n" PGP, true },
		{ "Subject: s\r\n\r\n" PGP "\r\n", true },
		{ "Subject: s\r\n\r\nhello\r\n" PGP, false },
		{ "Subject: s\r\n\r\n" PGP "in clear\r\n" PGP, false },
		{ TYPE "text/html\r\n\r\n" PGP, false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_num(
		    cases[i].message, smime_is_encrypted(slice_str(cases[i].message)), cases[i].is);
}

static void body(void **state)
{
	struct buf out = { 0 }, cms = { 0 }, entity = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(encrypt(SLICE("From: a@b\r\n\r\nhello\r\n"), &out), 0);
	assert_int_equal(smime_body(buf_slice(&out), &cms, &err), 0);
	assert_int_equal(world_cms_read(buf_slice(&cms), 1, &entity, &err), 0);
	want_text("entity", buf_slice(&entity), "\r\nhello\r\n");
	assert_int_equal(smime_body(SLICE("From: a@b\r\n\r\nhello\r\n"), &cms, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	buf_done(&out);
	buf_done(&cms);
	buf_done(&entity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entities),
		cmocka_unit_test(hidden),
		cmocka_unit_test(long_ones),
		cmocka_unit_test(form),
		cmocka_unit_test(already),
		cmocka_unit_test(body),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
