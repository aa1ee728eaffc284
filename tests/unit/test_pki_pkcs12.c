/* test_pki_pkcs12.c - keys under passwords: PKCS#8 and PKCS#12, ours and openssl's */
#include "tests/unit/smime_world.h"

#include "pki/pkcs12.h"
#include "pki/pkcs8.h"

/* With characters of one, two, three and four bytes. */
static const char odd_password[] = "p\xc3\xa4ss\xe2\x82\xacw\xf0\x9f\x90\xb4rd";

static void in_pkcs8(const struct world_one *one, struct buf *out)
{
	assert_int_equal(pkcs8_wrap(buf_slice(&one->key), out, NULL), 0);
}

/* The public half that openssl finds in a file. */
static void public_of(const char *file, const char *options, struct buf *out)
{
	struct buf command = { 0 };

	buf_printf(&command, "openssl pkey -in %s %s -pubout -out public", file, options);
	world_must(buf_z(&command));
	world_read("public", out);
	buf_done(&command);
}

static void want_same_key(const char *name, struct slice der, const struct world_one *one)
{
	struct key_info got, want;

	assert_int_equal(key_look(der, &got, NULL), 0);
	assert_int_equal(key_look(buf_slice(&one->key), &want, NULL), 0);
	want_true(name, slice_eq(buf_slice(&got.public_info), buf_slice(&want.public_info)));
	key_info_done(&got);
	key_info_done(&want);
}

/* --- PKCS#8 --- */

static void wrapped(void **state)
{
	static const struct {
		const char *name, *pem;
		enum { P256, RSA } want;
	} cases[] = {
		{ "PKCS#8, EC", test_key_p256, P256 },
		{ "SEC 1", test_key_p256_sec1, P256 },
		{ "PKCS#8, RSA", test_key_rsa, RSA },
		{ "PKCS#1", test_key_rsa_pkcs1, RSA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf der = { 0 }, out = { 0 };
		assert_int_equal(key_from_pem(slice_str(cases[i].pem), &der, NULL), 0);
		assert_int_equal(pkcs8_wrap(buf_slice(&der), &out, NULL), 0);
		world_write("wrapped", buf_slice(&out));
		world_must(
		    "openssl pkcs8 -in wrapped -inform DER -nocrypt -topk8 -outform DER -out same");
		want_same_key(cases[i].name, buf_slice(&out),
		    &world[cases[i].want == P256 ? WORLD_P256 : WORLD_RSA]);
		buf_done(&der);
		buf_done(&out);
	}
	struct err err;
	struct buf out = { 0 };
	assert_int_equal(pkcs8_wrap(SLICE("hello"), &out, &err), -1);
	assert_int_equal(pkcs8_wrap((struct slice){ 0 }, &out, &err), -1);
	buf_done(&out);
}

static void locked(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORLD_KEYS; i++) {
		struct buf key = { 0 }, file = { 0 }, back = { 0 }, got = { 0 }, want = { 0 };
		struct buf name = { 0 };
		struct err err;
		in_pkcs8(&world[i], &key);
		assert_int_equal(pkcs8_lock(buf_slice(&key), SLICE("open sesame"), &file, &err), 0);
		assert_true(slice_find(buf_slice(&file), buf_slice(&key)) < 0);
		world_write("locked", buf_slice(&file));
		public_of("locked", "-inform DER -passin pass:'open sesame'", &got);
		buf_printf(&name, "%s.key", world[i].name);
		public_of(buf_z(&name), "", &want);
		assert_true(slice_eq(buf_slice(&got), buf_slice(&want)));
		assert_int_equal(
		    pkcs8_unlock(buf_slice(&file), SLICE("open sesame"), &back, &err), 0);
		assert_true(slice_eq(buf_slice(&back), buf_slice(&key)));
		buf_clear(&back);
		assert_int_equal(
		    pkcs8_unlock(buf_slice(&file), SLICE("open  sesame"), &back, &err), -1);
		assert_int_equal(err.kind, ERR_DENIED);
		assert_int_equal(back.n, 0);
		buf_done(&key);
		buf_done(&file);
		buf_done(&back);
		buf_done(&got);
		buf_done(&want);
		buf_done(&name);
	}
}

static void pkcs8_of_openssl(void **state)
{
	static const char *const ways[] = { "-v2 aes256", "-v2 aes128 -v2prf hmacWithSHA512",
		"-v2 aes192 -v2prf hmacWithSHA384", "-v2 des3 -v2prf hmacWithSHA1",
		"-v1 PBE-SHA1-3DES", "-scrypt", "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 2" };

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct buf command = { 0 }, file = { 0 }, back = { 0 };
		struct err err = { 0 };
		buf_printf(&command,
		    "openssl pkcs8 -topk8 -in p384.key -outform DER -out locked -passout pass:x %s",
		    ways[i]);
		world_must(buf_z(&command));
		world_read("locked", &file);
		if (pkcs8_unlock(buf_slice(&file), SLICE("x"), &back, &err) != 0)
			fail_msg("%s: %s", ways[i], err.text);
		want_same_key(ways[i], buf_slice(&back), &world[WORLD_P384]);
		want_num(ways[i], pkcs8_unlock(buf_slice(&file), SLICE("y"), &back, &err), -1);
		want_num(ways[i], err.kind, ERR_DENIED);
		buf_done(&command);
		buf_done(&file);
		buf_done(&back);
	}
}

/* --- PKCS#12 --- */

static void write_file(
    const struct world_one *one, const char *password, const char *name, struct buf *out)
{
	struct buf key = { 0 }, chain = { 0 };
	struct err err;

	in_pkcs8(one, &key);
	buf_adds(&chain, buf_slice(&one->cert));
	buf_adds(&chain, buf_slice(&world[(one - world + 1) % WORLD_KEYS].cert)); /* one above */
	struct pkcs12 what = { buf_slice(&key), buf_slice(&chain), slice_str(name),
		strcmp(name, "older") == 0 };
	if (pkcs12_write(&what, slice_str(password), out, &err) != 0)
		fail_msg("%s", err.text);
	buf_done(&key);
	buf_done(&chain);
}

static void read_file(const char *name, struct slice file, const char *password,
    const struct world_one *one, size_t certs)
{
	struct buf key = { 0 }, chain = { 0 };
	struct err err = { 0 };
	struct cert cert;
	size_t n = 0;

	if (pkcs12_read(file, slice_str(password), &key, &chain, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	want_same_key(name, buf_slice(&key), one);
	want_true(name, slice_starts(buf_slice(&chain), buf_slice(&one->cert)));
	for (struct slice rest = buf_slice(&chain); cert_next(&rest, &cert);)
		n++;
	want_num(name, (int64_t)n, (int64_t)certs);
	buf_done(&key);
	buf_done(&chain);
}

/* C-108 */
static void written(void **state)
{
	static const char *const passwords[] = { "secret", "", odd_password };

	(void)state;
	for (size_t i = 0; i < COUNT(passwords) + WORLD_KEYS - 1; i++) {
		const struct world_one *one = &world[i % WORLD_KEYS];
		const char *password = passwords[i < COUNT(passwords) ? i : 0];
		struct buf file = { 0 }, said = { 0 };
		write_file(one, password, "Ann \xc3\x84nne", &file);
		world_write("file", buf_slice(&file));
		world_write("password", slice_str(password));
		world_must(
		    "LC_ALL=C.UTF-8 openssl pkcs12 -in file -passin pass:\"$(cat password)\" "
		    "-nodes -info");
		world_read("said", &said);
		want_true(password, slice_find(buf_slice(&said), SLICE("PRIVATE KEY-----")) > 0);
		want_true(password, slice_find(buf_slice(&said), SLICE("localKeyID: ")) > 0);
		want_true(password,
		    slice_find(buf_slice(&said), SLICE("MAC: sha256, Iteration 600000")) >= 0);
		want_true(password,
		    slice_find(buf_slice(&said), SLICE("PBES2, PBKDF2, AES-256-CBC")) > 0);
		read_file(password, buf_slice(&file), password, one, 2);
		buf_done(&file);
		buf_done(&said);
	}
}

static void older(void **state)
{
	struct buf file = { 0 }, said = { 0 };

	(void)state;
	write_file(&world[WORLD_RSA], odd_password, "older", &file);
	world_write("file", buf_slice(&file));
	world_write("password", slice_str(odd_password));
	world_must("LC_ALL=C.UTF-8 openssl pkcs12 -in file -passin pass:\"$(cat password)\" "
		   "-nodes -info");
	world_read("said", &said);
	want_true("MAC", slice_find(buf_slice(&said), SLICE("MAC: sha1,")) >= 0);
	want_true(
	    "way", slice_find(buf_slice(&said), SLICE("pbeWithSHA1And3-KeyTripleDES-CBC")) > 0);
	want_true("way", slice_find(buf_slice(&said), SLICE("PBES2")) < 0);
	read_file("older", buf_slice(&file), odd_password, &world[WORLD_RSA], 2);
	buf_done(&file);
	buf_done(&said);
}

static void pkcs12_of_openssl(void **state)
{
	static const struct {
		const char *options, *password;
	} cases[] = {
		{ "", "secret" },
		{ "", "" },
		{ "", odd_password },
		{ "-legacy", "secret" },
		{ "-legacy", odd_password },
		{ "-legacy -certpbe PBE-SHA1-RC2-128", "secret" },
		{ "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", odd_password },
		{ "-keypbe AES-128-CBC -certpbe AES-192-CBC -macalg sha512", "secret" },
		{ "-macalg sha384 -iter 1", "secret" },
		{ "-nomac", "secret" },
		{ "-keypbe NONE -certpbe NONE", "secret" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf command = { 0 }, file = { 0 }, key = { 0 }, chain = { 0 };
		struct err err;
		world_write("password", slice_str(cases[i].password));
		buf_printf(&command,
		    "LC_ALL=C.UTF-8 openssl pkcs12 -export -inkey rsa.key -in rsa.cert "
		    "-certfile p256.cert -out file -passout pass:\"$(cat password)\" %s",
		    cases[i].options);
		world_must(buf_z(&command));
		world_read("file", &file);
		read_file(
		    cases[i].options, buf_slice(&file), cases[i].password, &world[WORLD_RSA], 2);
		want_num(cases[i].options,
		    pkcs12_read(buf_slice(&file), SLICE("wrong one"), &key, &chain, &err), -1);
		want_num(cases[i].options, err.kind, ERR_DENIED);
		want_num(cases[i].options, (int64_t)(key.n + chain.n), 0);
		buf_done(&command);
		buf_done(&file);
	}
}

static void refused(void **state)
{
	struct buf file = { 0 }, key = { 0 }, chain = { 0 };
	struct err err;

	(void)state;
	world_must("openssl pkcs12 -export -nokeys -in rsa.cert -out file -passout pass:x");
	world_read("file", &file);
	assert_int_equal(pkcs12_read(buf_slice(&file), SLICE("x"), &key, &chain, &err), -1);
	assert_string_equal(err.text, "the file has no private key");
	world_must("openssl pkcs12 -export -nocerts -inkey rsa.key -out file -passout pass:x");
	world_read("file", &file);
	assert_int_equal(pkcs12_read(buf_slice(&file), SLICE("x"), &key, &chain, &err), -1);
	assert_string_equal(err.text, "the file has no certificate of its key");
	assert_int_equal(pkcs12_read(SLICE("hello"), SLICE("x"), &key, &chain, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	buf_done(&file);
}

/* Work that a file asks for is bounded. */
static void too_much_work(void **state)
{
	struct buf file = { 0 }, key = { 0 }, chain = { 0 };
	struct err err;

	(void)state;
	world_must("openssl pkcs12 -export -inkey rsa.key -in rsa.cert -out file -passout pass:x "
		   "-iter 2048");
	world_read("file", &file);
	/* The count of the MAC is the last number of the file. */
	assert_true(
	    slice_eq(slice_from(buf_slice(&file), file.n - 4), slice_of("\x02\x02\x08\x00", 4)));
	file.p[file.n - 2] = 0x7f; /* still quick: 32512 */
	assert_int_equal(pkcs12_read(buf_slice(&file), SLICE("x"), &key, &chain, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	file.p[file.n - 2] = (char)0xff; /* negative */
	assert_int_equal(pkcs12_read(buf_slice(&file), SLICE("x"), &key, &chain, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	buf_done(&file);
}

static void cut(void **state)
{
	struct buf file = { 0 }, key = { 0 }, chain = { 0 };

	(void)state;
	world_must("openssl pkcs12 -export -inkey p256.key -in p256.cert -out file -passout pass:x "
		   "-iter 1 -nomaciter");
	world_read("file", &file);
	for (size_t n = 0; n < file.n; n++) {
		char *copy = malloc(n + 1);
		memcpy(copy, file.p, n);
		assert_int_equal(
		    pkcs12_read(slice_of(copy, n), SLICE("x"), &key, &chain, NULL), -1);
		free(copy);
	}
	for (size_t i = 0; i < file.n; i++) {
		file.p[i] ^= 0x55;
		if (pkcs12_read(buf_slice(&file), SLICE("x"), &key, &chain, NULL) == 0)
			want_same_key("changed", buf_slice(&key), &world[WORLD_P256]);
		file.p[i] ^= 0x55;
		buf_clear(&key);
		buf_clear(&chain);
	}
	buf_done(&file);
	buf_done(&key);
	buf_done(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapped),
		cmocka_unit_test(locked),
		cmocka_unit_test(pkcs8_of_openssl),
		cmocka_unit_test(written),
		cmocka_unit_test(older),
		cmocka_unit_test(pkcs12_of_openssl),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_much_work),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
