/* test_pki_shape.c - certificates in any form, and the order in which they are sent */
#include "tests/unit/unit.h"

#include "core/text.h"
#include "core/tls.h"
#include "pki/cert.h"
#include "pki/seal.h"
#include "pki/shape.h"
#include "tests/unit/made.h"

static const struct made certs[] = {
	['r'] = { .subject = "Root", .ca = true, .proper = true },
	['m'] = { .subject = "Middle", .issuer = "Root", .ca = true, .proper = true },
	['i'] = { .subject = "Inner", .issuer = "Middle", .ca = true, .proper = true },
	['l'] = { .subject = "leaf.test", .issuer = "Inner", .names = "DNS:leaf.test" },
	['o'] = { .subject = "leaf.test", .issuer = "Inner", .from = -5000, .till = 5000 },
	['x'] = { .subject = "Stranger", .ca = true },
	/* of the name of one above, but another key signed */
	['f'] = { .subject = "Inner", .key = "another", .issuer = "Middle", .ca = true },
};

/* DER of those letters; each letter is always the same certificate. */
static struct slice made_of(char letter)
{
	static struct buf cache[sizeof(certs) / sizeof(*certs)];
	struct buf *der = &cache[(unsigned char)letter];

	if (der->n == 0)
		made_put(&certs[(unsigned char)letter], der);
	return buf_slice(der);
}

static void put_pem(const char *letters, struct buf *pem)
{
	for (const char *p = letters; *p; p++) {
		buf_addz(pem, "some words between\n");
		cert_to_pem(made_of(*p), pem);
	}
}

static void letters_of(struct slice der, struct buf *out)
{
	struct cert cert;

	buf_clear(out);
	while (cert_next(&der, &cert))
		for (char c = 'a'; c <= 'z'; c++)
			if ((size_t)c < sizeof(certs) / sizeof(*certs) &&
			    certs[(unsigned char)c].subject && slice_eq(made_of(c), cert.der))
				buf_addc(out, c);
}

static struct slice key_of(char letter)
{
	struct slice der = made_of(letter);
	struct cert cert;

	assert_true(cert_next(&der, &cert));
	return cert.public_info;
}

static void order(void **state)
{
	static const struct {
		const char *given, *key, *want; /* key: whose; NULL: none is known */
	} cases[] = {
		{ "l", "l", "l" },
		{ "limr", "l", "limr" },
		{ "rmil", "l", "limr" },
		{ "milr", "l", "limr" },
		{ "lxrim", "l", "limrx" },
		{ "fli", "l", "lif" },
		{ "lfmi", "l", "limf" },
		{ "llimmi", "l", "lim" },
		{ "oli", "l", "oi" }, /* renewed: the newer one of that key */
		{ "rmil", NULL, "limr" },
		{ "mr", NULL, "mr" },
		{ "x", NULL, "x" },
	};
	struct buf pem = { 0 }, got = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct shape shape;
		buf_clear(&pem);
		put_pem(cases[i].given, &pem);
		assert_int_equal(shape_read(buf_slice(&pem), (struct slice){ 0 }, &shape, NULL), 0);
		assert_string_equal(shape.form, "PEM");
		assert_int_equal(
		    shape_arrange(
			&shape, cases[i].key ? key_of(cases[i].key[0]) : (struct slice){ 0 }, NULL),
		    0);
		letters_of(buf_slice(&shape.certs), &got);
		want_text(cases[i].given, buf_slice(&got), cases[i].want);
		assert_int_equal(shape.n_certs, got.n);
		shape_done(&shape);
	}
	buf_done(&pem);
	buf_done(&got);
}

static void of_another_key(void **state)
{
	struct buf pem = { 0 };
	struct shape shape;
	struct err err = { 0 };

	(void)state;
	put_pem("lim", &pem);
	assert_int_equal(shape_read(buf_slice(&pem), (struct slice){ 0 }, &shape, NULL), 0);
	assert_int_equal(shape_arrange(&shape, key_of('x'), &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(shape.n_certs, 3); /* as it was */
	shape_done(&shape);
	buf_done(&pem);
}

/* A certificate in each form that needs no password; cut at every byte it is none. */
static void cut(void **state)
{
	struct slice der = made_of('l');
	struct shape shape;

	(void)state;
	assert_int_equal(shape_read(der, (struct slice){ 0 }, &shape, NULL), 0);
	assert_int_equal(shape.n_certs, 1);
	shape_done(&shape);
	for (size_t n = 0; n < der.n; n++) {
		assert_int_equal(
		    shape_read(slice_head(der, n), (struct slice){ 0 }, &shape, NULL), -1);
		shape_done(&shape);
	}
}

static void too_many(void **state)
{
	struct buf pem = { 0 };
	struct shape shape;
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i <= SHAPE_CERTS_MAX; i++)
		put_pem("x", &pem);
	assert_int_equal(shape_read(buf_slice(&pem), (struct slice){ 0 }, &shape, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	shape_done(&shape);
	buf_done(&pem);
}

static int start(void **state)
{
	(void)state;
	seal_alone();
	return tls_start(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(of_another_key),
		cmocka_unit_test(cut),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
