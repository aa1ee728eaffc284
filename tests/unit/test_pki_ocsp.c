/* test_pki_ocsp.c - responses of openssl's responder, and what is changed in them */
#include <fcntl.h>
#include <unistd.h>

#include "core/fetch.h"
#include "pki/ocsp.h"
#include "tests/fuzz/ocsp_certs.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

enum { NOW = 1795290000, DAYS_9000 = 9000 * 86400 };

static struct cert cert_of(const unsigned char *der, size_t n)
{
	struct slice rest = slice_of(der, n);
	struct cert cert;

	assert_true(cert_next(&rest, &cert));
	return cert;
}

static int judge(struct slice response, int64_t now, struct ocsp_answer *answer, struct err *err)
{
	struct cert leaf = cert_of(ocsp_leaf, sizeof(ocsp_leaf));
	struct cert issuer = cert_of(ocsp_issuer, sizeof(ocsp_issuer));

	wire_start();
	return ocsp_read(response, &leaf, &issuer, now, answer, err);
}

static void load(const char *name, struct buf *out)
{
	struct buf path = { 0 };

	buf_printf(&path, TEST_SRCDIR "/tests/fuzz/corpus/ocsp/%s", name);
	int fd = open(buf_z(&path), O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, buf_room(out, OCSP_RESPONSE_MAX), OCSP_RESPONSE_MAX);
	assert_true(n > 0);
	out->n += (size_t)n;
	close(fd);
	buf_done(&path);
}

static void verdicts(void **state)
{
	static const struct {
		const char *file, *reason; /* NULL: it is good for something */
		enum ocsp_verdict verdict;
		int64_t later;
	} cases[] = {
		{ "good", NULL, OCSP_SAYS_GOOD, 0 },
		{ "revoked", NULL, OCSP_SAYS_REVOKED, 0 },
		{ "unknown", NULL, OCSP_SAYS_UNKNOWN, 0 },
		{ "delegate", NULL, OCSP_SAYS_GOOD, 0 },
		{ "by-key", NULL, OCSP_SAYS_GOOD, 0 },
		{ "good", "past its time", 0, DAYS_9000 + 86400 },
		{ "good", "of the future", 0, -86400 },
		{ "no", "does not answer us", 0, 0 },
		{ "later", "come back later", 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ocsp_answer answer;
		struct buf response = { 0 };
		struct err err = { 0 };
		load(cases[i].file, &response);
		int rc = judge(buf_slice(&response), NOW + cases[i].later, &answer, &err);
		if (cases[i].reason)
			assert_non_null(strstr(err.text, cases[i].reason));
		else
			want_num(cases[i].file, answer.verdict, cases[i].verdict);
		want_num(cases[i].file, rc, cases[i].reason ? -1 : 0);
		buf_done(&response);
	}
}

/* Nothing of what was signed may be changed, and no byte more or less is taken. */
static void tampered(void **state)
{
	struct buf response = { 0 };
	struct ocsp_answer answer;
	unsigned taken = 0;

	(void)state;
	load("good", &response);
	for (size_t i = 0; i < response.n; i++) {
		response.p[i] ^= 1;
		taken += judge(buf_slice(&response), NOW, &answer, NULL) == 0;
		response.p[i] ^= 1;
		if (i % 16 == 0)
			assert_int_equal(
			    judge(slice_head(buf_slice(&response), i), NOW, &answer, NULL), -1);
	}
	/* openssl puts the issuer's certificate behind it, which is not looked at. */
	assert_in_range(taken, 0, sizeof(ocsp_issuer));
	buf_addc(&response, 0);
	assert_int_equal(judge(buf_slice(&response), NOW, &answer, NULL), -1);
	buf_done(&response);
}

static void certificates(void **state)
{
	struct cert leaf = cert_of(ocsp_leaf, sizeof(ocsp_leaf));
	struct cert issuer = cert_of(ocsp_issuer, sizeof(ocsp_issuer));
	struct slice url;

	(void)state;
	wire_start();
	assert_true(ocsp_url(&leaf, &url));
	want_text("url", url, "http://o.test/");
	assert_true(ocsp_must_staple(&leaf));
	assert_false(ocsp_url(&issuer, &url));
	assert_false(ocsp_must_staple(&issuer));
	assert_true(ocsp_is_issuer(&leaf, &issuer));
	assert_false(ocsp_is_issuer(&issuer, &leaf));
}

static void urls(void **state)
{
	static const struct {
		const char *url, *host, *path;
		unsigned port;
	} cases[] = {
		{ "http://o.test", "o.test", "", 80 },
		{ "HTTP://o.test/a?b", "o.test", "/a?b", 80 },
		{ "http://o.test:8080/", "o.test", "/", 8080 },
		{ "http://[::1]:81/x", "::1", "/x", 81 },
		{ "http://[::1]", "::1", "", 80 },
		{ "https://o.test/", "o.test", "/", 443 },
		{ "https://[::1]:8443", "::1", "", 8443 },
		{ "https://", NULL, NULL, 0 },
		{ "http://", NULL, NULL, 0 },
		{ "http://a b/", NULL, NULL, 0 },
		{ "http://a@b/", NULL, NULL, 0 },
		{ "http://o.test:0/", NULL, NULL, 0 },
		{ "http://o.test:65536/", NULL, NULL, 0 },
		{ "http://o.test/\r\nX: y", NULL, NULL, 0 },
		{ "ldap://o.test/", NULL, NULL, 0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fetch_url url;
		bool good = fetch_url_read(slice_str(cases[i].url), &url);
		want_num(cases[i].url, good, cases[i].host != NULL);
		if (!good)
			continue;
		want_text(cases[i].url, url.host, cases[i].host);
		want_text(cases[i].url, url.path, cases[i].path);
		want_num(cases[i].url, url.port, cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(tampered),
		cmocka_unit_test(certificates),
		cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
