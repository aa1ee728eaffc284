/* test_pki_cert.c - certificates: built strictly, read back, in PEM, and judged by openssl */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/tls.h"
#include "pki/cert.h"
#include "pki/seal.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

static char *dir;

static int set_up(void **state)
{
	(void)state;
	dir = tempdir_new();
	return tls_start(NULL) != 0 || seal_start(dir, true, NULL) != 0;
}

static int tear_down(void **state)
{
	(void)state;
	seal_stop();
	tempdir_remove(&dir);
	return 0;
}

/* A certificate for a name, of a key that is made or given. */
static void build(const char *name, const char *names, const char *key_pem, struct buf *der)
{
	struct buf sealed = { 0 };
	struct err err = { 0 };
	struct cert_spec spec = {
		.name = slice_str(name),
		.names = slice_str(names),
		.not_before = time(NULL) - 3600,
		.not_after = time(NULL) + 825 * 86400,
	};
	int rc = key_pem ? sign_take(name, slice_str(key_pem), &sealed, &err)
			 : sign_make(name, &sealed, &err);
	struct sign_key key = { name, buf_slice(&sealed) };

	if (rc != 0 || cert_self_signed(&spec, &key, der, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	buf_done(&sealed);
}

static void read_back(void **state)
{
	struct buf der = { 0 }, text = { 0 };
	struct cert cert;

	(void)state;
	build("alpha.test", "alpha.test mail.alpha.test *.pop.alpha.test", NULL, &der);
	struct slice rest = buf_slice(&der);
	assert_true(cert_next(&rest, &cert));
	assert_int_equal(rest.n, 0);
	assert_false(cert.is_ca);
	assert_int_equal(cert.serial.n, 16);
	assert_int_equal(cert.serial.p[0] & 0x80, 0);
	assert_true(slice_eq(cert.issuer, cert.subject));
	assert_true(slice_eq(cert.subject_key_id, cert.authority_key_id));
	assert_int_equal(cert.subject_key_id.n, 20);
	assert_in_range(cert.not_after - cert.not_before, 825 * 86400, 826 * 86400);
	cert_name_text(cert.subject, &text);
	want_text("subject", buf_slice(&text), "CN=alpha.test");

	static const struct {
		const char *host;
		bool covered;
	} hosts[] = { { "alpha.test", true }, { "MAIL.alpha.test", true },
		{ "a.pop.alpha.test", true }, { "a.b.pop.alpha.test", false },
		{ "pop.alpha.test", false }, { ".pop.alpha.test", false },
		{ "imap.alpha.test", false }, { "*.pop.alpha.test", true }, { "", false },
		{ "test", false } };
	for (size_t i = 0; i < COUNT(hosts); i++)
		want_num(
		    hosts[i].host, cert_covers(&cert, slice_str(hosts[i].host)), hosts[i].covered);
	buf_done(&der);
	buf_done(&text);
}

static void serials_differ(void **state)
{
	struct buf a = { 0 }, b = { 0 };
	struct cert one, two;

	(void)state;
	build("alpha.test", "alpha.test", test_key_p256, &a);
	build("alpha.test", "alpha.test", test_key_p256, &b);
	struct slice rest = buf_slice(&a);
	assert_true(cert_next(&rest, &one));
	rest = buf_slice(&b);
	assert_true(cert_next(&rest, &two));
	assert_false(slice_eq(one.serial, two.serial));
	assert_true(slice_eq(one.public_info, two.public_info));
	buf_done(&a);
	buf_done(&b);
}

/* Cut anywhere, or with any byte changed, it is read without harm, and never
   as the same certificate. */
static void damaged(void **state)
{
	struct buf der = { 0 };
	struct cert cert;

	(void)state;
	build("alpha.test", "alpha.test", NULL, &der);
	for (size_t n = 0; n < der.n; n++) {
		char *copy = malloc(n + 1);
		memcpy(copy, der.p, n);
		struct slice rest = slice_of(copy, n);
		assert_false(cert_next(&rest, &cert));
		free(copy);
	}
	for (size_t i = 0; i < der.n; i++) {
		struct buf text = { 0 };
		der.p[i] ^= 0x55;
		struct slice rest = buf_slice(&der);
		if (cert_next(&rest, &cert)) {
			cert_name_text(cert.subject, &text);
			cert_covers(&cert, SLICE("alpha.test"));
		}
		der.p[i] ^= 0x55;
		buf_done(&text);
	}
	buf_done(&der);
}

static void pem(void **state)
{
	struct buf der = { 0 }, text = { 0 }, back = { 0 };
	struct err err;

	(void)state;
	build("alpha.test", "alpha.test", NULL, &der);
	build("beta.test", "beta.test", NULL, &der);
	buf_addz(&text, "# a comment\r\n");
	cert_to_pem(buf_slice(&der), &text);
	assert_int_equal(cert_from_pem(buf_slice(&text), &back, &err), 0);
	assert_true(slice_eq(buf_slice(&der), buf_slice(&back)));

	static const struct {
		const char *text, *reason;
	} bad[] = {
		{ "", "there is no certificate in PEM form: nothing was given" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA",
		    "certificate 1 is cut off: its line -----END CERTIFICATE----- is missing" },
		{ "-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----",
		    "certificate 1 is no base64: it was damaged on its way" },
		{ "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
		    "certificate 1 is none: what its base64 stands for is something else, or "
		    "damaged" },
		{ "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----",
		    "there is no certificate in PEM form: the text is marked PUBLIC KEY" },
		{ "0\x03\x02\x01\x05",
		    "there is no certificate in PEM form: this is binary (DER or PKCS#12); signet "
		    "pki convert makes PEM of it" },
		{ "MIIB",
		    "there is no certificate in PEM form: its first and last line are "
		    "missing, -----BEGIN ...----- and so on" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		buf_clear(&back);
		want_num(bad[i].text, cert_from_pem(slice_str(bad[i].text), &back, &err), -1);
		want_text(bad[i].text, slice_str(err.text), bad[i].reason);
	}
	buf_done(&der);
	buf_done(&text);
	buf_done(&back);
}

static void keys(void **state)
{
	static const struct {
		const char *name, *pem, *type;
	} cases[] = {
		{ "P-256, PKCS#8", test_key_p256, "P-256" },
		{ "P-256, SEC 1", test_key_p256_sec1, "P-256" },
		{ "P-256, PKCS#8, private half", test_key_p256_half, "P-256" },
		{ "P-256, SEC 1, private half", test_key_p256_sec1_half, "P-256" },
		{ "P-384", test_key_p384, "P-384" },
		{ "RSA, PKCS#8", test_key_rsa, "RSA-2048" },
		{ "RSA, PKCS#1", test_key_rsa_pkcs1, "RSA-2048" },
		{ "encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", NULL },
		{ "RSA-1024", test_key_rsa_1024, NULL },
		{ "P-521", test_key_p521, NULL },
		{ "nothing", "", NULL },
		{ "text", "hello", NULL },
		{ "empty", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf sealed = { 0 };
		struct key_info info;
		struct err err = { 0 };
		int rc = sign_take("alpha.test", slice_str(cases[i].pem), &sealed, &err);
		want_num(cases[i].name, rc, cases[i].type ? 0 : -1);
		if (rc == 0) {
			struct sign_key key = { "alpha.test", buf_slice(&sealed) };
			assert_int_equal(sign_look(&key, &info, &err), 0);
			want_text(cases[i].name, slice_str(info.type), cases[i].type);
			key_info_done(&info);
			want_num(cases[i].name, sign_test(&key, &err), 0);
			key.owner = "beta.test"; /* sealed for another */
			assert_int_equal(sign_look(&key, &info, &err), -1);
		} else {
			want_num(cases[i].name, err.kind, ERR_INPUT);
		}
		buf_done(&sealed);
	}
}

/* --- what openssl says --- */

static int run(const char *command)
{
	int status = system(command);

	return status == -1 ? -1 : status >> 8;
}

static void write_pem(const char *path, struct slice der)
{
	struct buf text = { 0 };
	FILE *f = fopen(path, "w");

	cert_to_pem(der, &text);
	fwrite(text.p, 1, text.n, f);
	fclose(f);
	buf_done(&text);
}

static const char long_name[] =
    "a-name-that-is-longer-than-a-common-name-may-be.sixty-four.characters.alpha.test";

static void judged(void **state)
{
	static const struct {
		const char *name, *names, *key;
	} cases[] = {
		{ "alpha.test", "alpha.test mail.alpha.test", NULL },
		{ "beta.test", "beta.test", test_key_rsa },
		{ "gamma.test", "gamma.test", test_key_p384 },
		{ long_name, long_name, NULL },
	};
	char *path = tempdir_path(dir, "cert.pem");

	(void)state;
	if (run("openssl version >/dev/null 2>&1") != 0)
		skip();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf der = { 0 }, command = { 0 };
		build(cases[i].name, cases[i].names, cases[i].key, &der);
		write_pem(path, buf_slice(&der));
		buf_printf(&command,
		    "openssl verify -x509_strict -check_ss_sig -purpose sslserver "
		    "-verify_hostname %s -CAfile %s %s >%s.out 2>&1",
		    cases[i].name, path, path, path);
		want_num(cases[i].name, run(buf_z(&command)), 0);
		buf_clear(&command);
		/* each extension, critical where it has to be */
		buf_printf(&command,
		    "openssl x509 -in %s -noout -text >%s.out && "
		    "grep -A1 'Basic Constraints: critical' %s.out | grep -q CA:FALSE && "
		    "grep -A1 'Key Usage: critical' %s.out | grep -q 'Digital Signature' && "
		    "grep -q 'TLS Web Server Authentication' %s.out && "
		    "grep -q 'DNS:%s' %s.out && grep -q 'Version: 3' %s.out",
		    path, path, path, path, path, cases[i].name, path, path);
		want_num(cases[i].name, run(buf_z(&command)), 0);
		buf_done(&der);
		buf_done(&command);
	}
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_back),
		cmocka_unit_test(serials_differ),
		cmocka_unit_test(damaged),
		cmocka_unit_test(pem),
		cmocka_unit_test(keys),
		cmocka_unit_test(judged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
