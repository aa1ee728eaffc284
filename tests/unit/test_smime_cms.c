/* test_smime_cms.c - CMS: what is written is read back, here and by openssl; and what others write
 */
#include "tests/unit/smime_world.h"

/* --- written --- */

struct piece {
	struct slice rest;
	struct buf out;
	size_t chop; /* most bytes that one read gives; 0: what is asked for */
};

static size_t give(void *arg, void *out, size_t n)
{
	struct piece *p = arg;
	struct slice part = slice_head(p->rest, p->chop && p->chop < n ? p->chop : n);

	memcpy(out, part.p, part.n);
	p->rest = slice_from(p->rest, part.n);
	return part.n;
}

static void take(void *arg, struct slice bytes)
{
	buf_adds(&((struct piece *)arg)->out, bytes);
}

/* Encrypted for those given by bits. */
static void encrypt(
    struct slice text, unsigned who, enum cms_cipher cipher, size_t chop, struct buf *out)
{
	struct cms_recipient *to[WORLD_KEYS];
	struct piece piece = { .rest = text, .chop = chop };
	struct cms_writing w = { .cipher = cipher,
		.to = to,
		.size = text.n,
		.read = give,
		.write = take,
		.arg = &piece };
	struct err err;

	for (size_t i = 0; i < WORLD_KEYS; i++)
		if (who & 1u << i)
			to[w.n++] = world[i].recipient;
	if (cms_write(&w, &err) != 0)
		fail_msg("%s", err.text);
	*out = piece.out;
}

static void make_text(size_t n, struct buf *out)
{
	buf_clear(out);
	while (out->n < n)
		buf_printf(out, "%zu bottles\r\n", out->n);
	out->n = n;
}

static const size_t sizes[] = { 0, 1, 15, 16, 17, 4000, 32767, 32768, 32769, 65536, 300000 };

static void own(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (unsigned who = 1; who < 8; who++)
			for (int cipher = 0; cipher < 2; cipher++) {
				struct buf cms, back = { 0 };
				struct err err;
				make_text(sizes[i], &text);
				encrypt(buf_slice(&text), who, (enum cms_cipher)cipher,
				    i % 2 ? 1000 : 0, &cms);
				for (unsigned one = 0; one < WORLD_KEYS; one++) {
					buf_clear(&back);
					int rc =
					    world_cms_read(buf_slice(&cms), 1u << one, &back, &err);
					/* C-008: each of them, and nobody else */
					assert_int_equal(rc, who & 1u << one ? 0 : -1);
					if (rc == 0)
						assert_true(
						    slice_eq(buf_slice(&back), buf_slice(&text)));
					else
						assert_int_equal(err.kind, ERR_DENIED);
				}
				buf_done(&cms);
				buf_done(&back);
			}
	buf_done(&text);
}

/* C-008: one message, three recipients, each of them reads it alone. */
static void by_openssl(void **state)
{
	struct buf text = { 0 }, cms, back = { 0 };

	(void)state;
	for (int cipher = 0; cipher < 2; cipher++)
		for (size_t i = 0; i < COUNT(sizes); i += 3) {
			make_text(sizes[i], &text);
			encrypt(buf_slice(&text), 7, (enum cms_cipher)cipher, 0, &cms);
			world_write("cms", buf_slice(&cms));
			for (size_t k = 0; k < WORLD_KEYS; k++) {
				struct buf command = { 0 };
				buf_printf(&command,
				    "openssl cms -decrypt -binary -inform DER -in cms -inkey %s.key "
				    "-recip %s.cert -out text",
				    world[k].name, world[k].name);
				world_must(buf_z(&command));
				world_read("text", &back);
				assert_true(slice_eq(buf_slice(&back), buf_slice(&text)));
				buf_done(&command);
			}
			buf_done(&cms);
		}
	buf_done(&text);
	buf_done(&back);
}

static void structure(void **state)
{
	struct buf cms, said = { 0 };

	(void)state;
	encrypt(SLICE("hello"), 7, CMS_AES_256_CBC, 0, &cms);
	assert_int_equal(cms_kind(slice_head(buf_slice(&cms), 32)), CMS_ENCRYPTED);
	world_write("cms", buf_slice(&cms));
	world_must("openssl cms -cmsout -print -inform DER -in cms");
	world_read("said", &said);
	assert_true(slice_find(buf_slice(&said), SLICE("d.ktri:")) > 0);
	assert_true(slice_find(buf_slice(&said), SLICE("d.kari:")) > 0);
	assert_true(slice_find(buf_slice(&said), SLICE("algorithm: aes-256-cbc")) > 0);
	assert_true(slice_find(buf_slice(&said), SLICE("version: 2")) > 0);
	buf_done(&cms);
	encrypt(SLICE("hello"), 4, CMS_AES_256_CBC, 0, &cms);
	world_write("cms", buf_slice(&cms));
	world_must("openssl cms -cmsout -print -inform DER -in cms | grep -m1 'version: 0'");
	buf_done(&cms);
	buf_done(&said);
}

/* --- written by openssl --- */

static void of_openssl(void **state)
{
	static const struct {
		const char *options;
		unsigned who;
	} cases[] = {
		{ "-aes256 p256.cert", 1 << WORLD_P256 },
		{ "-aes256 rsa.cert p256.cert p384.cert", 7 },
		{ "-aes256 -stream rsa.cert p384.cert", 1 << WORLD_RSA | 1 << WORLD_P384 },
		{ "-aes128 -stream p256.cert", 1 << WORLD_P256 },
		{ "-aes-192-cbc rsa.cert", 1 << WORLD_RSA },
		{ "-des3 rsa.cert p256.cert", 1 << WORLD_RSA },
		{ "-aes-256-gcm p256.cert rsa.cert", 1 << WORLD_RSA | 1 << WORLD_P256 },
		{ "-aes-128-gcm -stream p384.cert", 1 << WORLD_P384 },
		{ "-aes256 -keyid p256.cert rsa.cert", 1 << WORLD_RSA | 1 << WORLD_P256 },
		{ "-aes256 -recip rsa.cert -keyopt rsa_padding_mode:oaep", 1 << WORLD_RSA },
		{ "-aes256 -recip rsa.cert -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256",
		    1 << WORLD_RSA },
		{ "-aes256 -recip p384.cert -keyopt ecdh_kdf_md:sha384", 1 << WORLD_P384 },
		{ "-aes256 -recip p256.cert -keyopt ecdh_cofactor_mode:1", 1 << WORLD_P256 },
		{ "-aes256 -wrap aes128-wrap p256.cert", 1 << WORLD_P256 },
	};
	struct buf text = { 0 }, cms = { 0 }, back = { 0 };

	(void)state;
	make_text(70000, &text);
	world_write("text", buf_slice(&text));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf command = { 0 };
		buf_printf(&command,
		    "openssl cms -encrypt -binary -in text -outform DER -out cms %s",
		    cases[i].options);
		world_must(buf_z(&command));
		world_read("cms", &cms);
		want_num(cases[i].options, cms_kind(buf_slice(&cms)), CMS_ENCRYPTED);
		for (unsigned k = 0; k < WORLD_KEYS; k++) {
			struct err err = { 0 };
			buf_clear(&back);
			int rc = world_cms_read(buf_slice(&cms), 1u << k, &back, &err);
			if (!(cases[i].who & 1u << k))
				continue;
			if (rc != 0)
				fail_msg("%s: %s", cases[i].options, err.text);
			want_true(cases[i].options, slice_eq(buf_slice(&back), buf_slice(&text)));
		}
		buf_done(&command);
	}
	buf_done(&text);
	buf_done(&cms);
	buf_done(&back);
}

/* --- damage --- */

/* Cut anywhere it does not open, and nothing of it is shown. */
static void cut(void **state)
{
	struct buf cms, back = { 0 };

	(void)state;
	encrypt(SLICE("a secret that is longer than a block"), 7, CMS_AES_256_CBC, 0, &cms);
	for (size_t n = 0; n < cms.n; n++) {
		char *copy = malloc(n + 1);
		memcpy(copy, cms.p, n);
		assert_int_equal(world_cms_read(slice_of(copy, n), 7, &back, NULL), -1);
		assert_int_equal(back.n, 0);
		free(copy);
	}
	buf_done(&cms);
	buf_done(&back);
}

/* With GCM no change goes unseen; with CBC at least nothing breaks. */
static void changed(void **state)
{
	(void)state;
	for (int cipher = 0; cipher < 2; cipher++) {
		struct buf cms, back = { 0 };
		encrypt(SLICE("a secret"), 1 << WORLD_P256, (enum cms_cipher)cipher, 0, &cms);
		for (size_t i = 0; i < cms.n; i++)
			for (unsigned bit = 1; bit < 256; bit *= 4) {
				buf_clear(&back);
				cms.p[i] ^= (char)bit;
				int rc = world_cms_read(buf_slice(&cms), 1, &back, NULL);
				cms.p[i] ^= (char)bit;
				if (cipher == CMS_AES_256_GCM && rc == 0)
					want_text("nothing but versions and types may change",
					    buf_slice(&back), "a secret");
			}
		buf_done(&cms);
		buf_done(&back);
	}
}

/* --- work --- */

static unsigned times_opened;

static int count_opened(void *arg, size_t i, struct buf *key, struct err *err)
{
	(void)i;
	(void)err;
	times_opened++;
	buf_adds(key, buf_slice(&((struct world_one *)arg)->key));
	return 0;
}

/* A key is opened once, however many RecipientInfos there are for it: that is
   slow on purpose. */
static void many_for_one(void **state)
{
	enum { MANY = 500 };
	static const char scheme[] = "\x06\x06\x2b\x81\x04\x01\x0b\x01";
	struct cms_recipient *to[MANY];
	struct slice cert = buf_slice(&world[WORLD_P256].cert);
	struct cms_keys keys = { &cert, 1, count_opened, &world[WORLD_P256] };
	struct piece piece = { .rest = SLICE("hello") };
	struct cms_writing w = {
		.to = to, .n = MANY, .size = 5, .read = give, .write = take, .arg = &piece
	};
	struct buf content = { 0 };
	struct err err;
	ptrdiff_t at;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		to[i] = world[WORLD_P256].recipient;
	assert_int_equal(cms_write(&w, &err), 0);
	while ((at = slice_find(buf_slice(&piece.out), slice_of(scheme, sizeof(scheme) - 1))) > 0)
		piece.out.p[at + 7] = 9; /* one that nobody knows */
	times_opened = 0;
	assert_int_equal(cms_read(buf_slice(&piece.out), &keys, &content, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(times_opened, 1);
	buf_done(&piece.out);
}

static void kinds(void **state)
{
	(void)state;
	assert_int_equal(cms_kind((struct slice){ 0 }), CMS_OTHER);
	assert_int_equal(cms_kind(SLICE("0")), CMS_OTHER);
	assert_int_equal(cms_kind(SLICE("hello, world, this is no CMS")), CMS_OTHER);
	static const char open[] = "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0";
	assert_int_equal(cms_kind(slice_of(open, sizeof(open) - 1)), CMS_ENCRYPTED);
	for (size_t n = 0; n < 13; n++)
		assert_int_equal(cms_kind(slice_of(open, n)), CMS_OTHER);
}

static void nobody(void **state)
{
	struct cms_writing w = { .size = 0 };
	struct err err;

	(void)state;
	assert_int_equal(cms_write(&w, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own),
		cmocka_unit_test(by_openssl),
		cmocka_unit_test(structure),
		cmocka_unit_test(of_openssl),
		cmocka_unit_test(cut),
		cmocka_unit_test(changed),
		cmocka_unit_test(many_for_one),
		cmocka_unit_test(kinds),
		cmocka_unit_test(nobody),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
