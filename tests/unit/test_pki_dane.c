/* test_pki_dane.c - certificates judged by TLSA records: each usage, selector and matching type */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/tls.h"
#include "pki/cert_build.h"
#include "pki/dane.h"
#include "tests/unit/made.h"
#include "tests/unit/wire.h"

/* mx.test, signed by Middle, signed by Root; in this order. */
enum { LEAF, MIDDLE, ROOT, OTHER, CERTS };

static struct buf made[CERTS];

static int set_up(void **state)
{
	static const struct made plans[CERTS] = {
		[LEAF] = { .subject = "leaf", .issuer = "Middle", .names = "DNS:mx.test" },
		[MIDDLE] = { .subject = "Middle",
		    .issuer = "Root",
		    .ca = true,
		    .usage = CERT_CERT_SIGN },
		[ROOT] = { .subject = "Root", .ca = true, .usage = CERT_CERT_SIGN },
		[OTHER] = { .subject = "Other", .ca = true, .usage = CERT_CERT_SIGN },
	};

	(void)state;
	wire_start();
	for (size_t i = 0; i < CERTS; i++)
		made_put(&plans[i], &made[i]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < CERTS; i++)
		buf_done(&made[i]);
	return 0;
}

/* --- records --- */

static void put_pin(struct buf *pins, int usage, int selector, int matching, size_t of)
{
	unsigned char hash[WC_MAX_DIGEST_SIZE];
	struct slice rest = buf_slice(&made[of]), data;
	struct cert cert;

	assert_true(cert_next(&rest, &cert));
	data = selector == 0 ? cert.der : cert.public_info;
	if (matching > 0) {
		enum wc_HashType type = matching == 1 ? WC_HASH_TYPE_SHA256 : WC_HASH_TYPE_SHA512;
		word32 n = (word32)wc_HashGetDigestSize(type);
		assert_int_equal(wc_Hash(type, (const byte *)data.p, (word32)data.n, hash, n), 0);
		data = slice_of(hash, n);
	}
	buf_addc(pins, (char)((data.n + 3) >> 8));
	buf_addc(pins, (char)(data.n + 3));
	buf_addc(pins, (char)usage);
	buf_addc(pins, (char)selector);
	buf_addc(pins, (char)matching);
	buf_adds(pins, data);
}

static bool judged(
    const struct buf *pins, const char *certs, const char *host, const char *names, struct err *err)
{
	struct buf chain = { 0 };

	for (; *certs; certs++)
		buf_adds(&chain, buf_slice(&made[*certs - '0']));
	struct tls_claim claim = { .server = true,
		.host = host,
		.names = slice_str(names),
		.pins = buf_slice(pins),
		.chain = buf_slice(&chain) };
	bool good = dane_verify(&claim, err) == 0;
	buf_done(&chain);
	return good;
}

struct judgement {
	const char *what;
	int usage, selector, matching;
	size_t of;
	const char *chain; /* digits: which certificates are sent */
	const char *host, *names;
	bool good;
};

static const struct judgement cases[] = {
	{ "whole certificate", 3, 0, 0, LEAF, "0", "mx.test", "", true },
	{ "its SHA-256", 3, 0, 1, LEAF, "0", "mx.test", "", true },
	{ "its SHA-512", 3, 0, 2, LEAF, "0", "mx.test", "", true },
	{ "whole key", 3, 1, 0, LEAF, "0", "mx.test", "", true },
	{ "key's SHA-256", 3, 1, 1, LEAF, "012", "mx.test", "", true },
	{ "key's SHA-512", 3, 1, 2, LEAF, "0", "mx.test", "", true },
	{ "no name counts", 3, 1, 1, LEAF, "0", "another.test", "", true },
	{ "another's", 3, 1, 1, OTHER, "0", "mx.test", "", false },
	{ "an authority's is no server's", 3, 1, 1, MIDDLE, "01", "mx.test", "", false },
	{ "authority", 2, 0, 1, ROOT, "012", "mx.test", "", true },
	{ "authority's key", 2, 1, 1, ROOT, "012", "mx.test", "", true },
	{ "authority's SHA-512", 2, 1, 2, ROOT, "012", "mx.test", "", true },
	{ "the one in the middle", 2, 0, 1, MIDDLE, "01", "mx.test", "", true },
	{ "the same, root sent, too", 2, 1, 1, MIDDLE, "012", "mx.test", "", true },
	{ "in another order", 2, 1, 1, ROOT, "021", "mx.test", "", true },
	{ "the domain's name", 2, 1, 1, ROOT, "012", "x.test", "y.test mx.test", true },
	{ "another name", 2, 1, 1, ROOT, "012", "x.test", "y.test", false },
	{ "not sent", 2, 1, 1, ROOT, "01", "mx.test", "", false },
	{ "not sent, but in the record", 2, 0, 0, ROOT, "01", "mx.test", "", true },
	{ "key in the record alone", 2, 1, 0, ROOT, "01", "mx.test", "", false },
	{ "sent, and signed nothing", 2, 1, 1, OTHER, "0123", "mx.test", "", false },
	{ "the server's own is no authority", 2, 0, 1, LEAF, "0", "mx.test", "", false },
	{ "usage 0", 0, 1, 1, ROOT, "012", "mx.test", "", false },
	{ "usage 1", 1, 1, 1, LEAF, "012", "mx.test", "", false },
	{ "usage 255", 255, 1, 1, LEAF, "012", "mx.test", "", false },
	{ "nothing sent", 3, 1, 1, LEAF, "", "mx.test", "", false },
};

static void each(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct judgement *c = &cases[i];
		struct buf pins = { 0 };
		struct err err = { 0 };

		put_pin(&pins, c->usage, c->selector, c->matching, c->of);
		if (judged(&pins, c->chain, c->host, c->names, &err) != c->good)
			fail_msg("%s: %s", c->what, err.text);
		assert_int_equal(err.kind != ERR_NONE, !c->good);
		buf_done(&pins);
	}
}

/* One that fits is enough. */
static void several(void **state)
{
	struct buf pins = { 0 };

	(void)state;
	put_pin(&pins, 3, 1, 1, OTHER);
	put_pin(&pins, 2, 1, 1, OTHER);
	assert_false(judged(&pins, "012", "mx.test", "", NULL));
	put_pin(&pins, 2, 1, 1, ROOT);
	assert_true(judged(&pins, "012", "mx.test", "", NULL));
	buf_done(&pins);
}

static void malformed(void **state)
{
	struct buf pins = { 0 };

	(void)state;
	put_pin(&pins, 3, 1, 1, LEAF);
	for (size_t n = 0; n < pins.n; n++) {
		struct buf cut = { 0 };
		buf_adds(&cut, slice_head(buf_slice(&pins), n));
		assert_false(judged(&cut, "0", "mx.test", "", NULL));
		buf_done(&cut);
	}
	buf_done(&pins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
		cmocka_unit_test(several),
		cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
