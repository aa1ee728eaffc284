/* test_pki_hostile.c - certificates that are made to cost: bounded time and memory
 *
 * Time is that of the thread: nothing here may take a second, not under sanitizers
 * either. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/tls.h"
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "pki/question.h"
#include "pki/verify.h"
#include "tests/unit/made.h"
#include "tests/unit/wire.h"

static int set_up(void **state)
{
	(void)state;
	wire_start();
	return 0;
}

enum { SECONDS = 2 };

static double thread_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Judge it; the reason, which lives in *err, or NULL: it is good. */
static const char *judge(const struct buf *chain, const struct buf *roots,
    const struct verify_policies *policies, struct err *err)
{
	struct trust trust = { { trust_set_new(buf_slice(roots)) } };
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_ANY, .now = time(NULL) };
	double before = thread_seconds();

	if (policies)
		spec.policies = *policies;
	int rc = verify_chain(&spec, buf_slice(chain), err);
	assert_true(thread_seconds() - before < SECONDS);
	trust_give_back(&trust);
	return rc == 0 ? NULL : err->text;
}

/* --- many --- */

static void thousand_long(void **state)
{
	struct buf chain = { 0 }, roots = { 0 };
	struct err err = { 0 };
	char subject[8], issuer[8];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(subject, sizeof(subject), "c%d", i);
		snprintf(issuer, sizeof(issuer), "c%d", i + 1);
		made_put(&(struct made){ .subject = subject,
			     .issuer = issuer,
			     .key = "k",
			     .signer = "k",
			     .ca = i > 0 },
		    &chain);
	}
	made_put(
	    &(struct made){ .subject = "c1000", .key = "k", .signer = "k", .ca = true }, &roots);
	assert_non_null(judge(&chain, &roots, NULL, &err));
	buf_done(&chain);
	buf_done(&roots);
}

/* The certificate, a thousand times. */
static void add_thousand(struct buf *der, const struct made *made)
{
	struct buf one = { 0 };

	made_put(made, &one);
	for (int i = 0; i < 1000; i++)
		buf_adds(der, buf_slice(&one));
	buf_done(&one);
}

/* What nobody looked at cannot be in the way. */
static void thousand_beside(void **state)
{
	struct buf chain = { 0 }, roots = { 0 };
	struct err err = { 0 };

	(void)state;
	made_put(&(struct made){ .subject = "leaf", .issuer = "Root" }, &chain);
	add_thousand(&chain,
	    &(struct made){
		.subject = "Root", .issuer = "Root", .key = "k", .signer = "k", .ca = true });
	made_put(&(struct made){ .subject = "Root", .ca = true }, &roots);
	assert_null(judge(&chain, &roots, NULL, &err));
	buf_done(&chain);
	buf_done(&roots);
}

static void thousand_roots_of_a_name(void **state)
{
	struct buf chain = { 0 }, roots = { 0 };
	struct err err = { 0 };

	(void)state;
	made_put(&(struct made){ .subject = "leaf", .issuer = "Root" }, &chain);
	add_thousand(
	    &roots, &(struct made){ .subject = "Root", .key = "k", .signer = "k", .ca = true });
	assert_non_null(judge(&chain, &roots, NULL, &err));
	buf_done(&chain);
	buf_done(&roots);
}

/* --- policies: RFC 9618's example of a tree that doubles at each step --- */

enum { POLICIES = 16 };

static void put_policy(struct buf *out, unsigned tag, int i)
{
	char oid[16];
	size_t mark = tag ? der_open(out, tag) : 0;

	snprintf(oid, sizeof(oid), "1.2.3.%d", i);
	der_oid(out, oid);
	if (tag)
		der_close(out, mark);
}

static void add_hex(struct buf *out, const char *oid, const struct buf *contents)
{
	struct buf value = { 0 };

	der_put(&value, DER_SEQUENCE, buf_slice(contents));
	buf_printf(out, "%s=", oid);
	for (size_t i = 0; i < value.n; i++)
		buf_printf(out, "%02x", (unsigned char)value.p[i]);
	buf_addc(out, ' ');
	buf_done(&value);
}

/* All policies, each mapped to every one. */
static void put_policies(struct buf *out, bool mapped)
{
	struct buf policies = { 0 }, mappings = { 0 };

	for (int i = 0; i < POLICIES; i++) {
		put_policy(&policies, DER_SEQUENCE, i);
		for (int k = 0; k < POLICIES; k++) {
			size_t pair = der_open(&mappings, DER_SEQUENCE);
			put_policy(&mappings, 0, i);
			put_policy(&mappings, 0, k);
			der_close(&mappings, pair);
		}
	}
	add_hex(out, "2.5.29.32", &policies);
	if (mapped)
		add_hex(out, "2.5.29.33", &mappings);
	buf_done(&policies);
	buf_done(&mappings);
}

static void policies_that_multiply(void **state)
{
	struct buf chain = { 0 }, roots = { 0 }, more = { 0 }, last = { 0 };
	struct verify_policies wanted = { .explicit = true };
	struct err err = { 0 };
	char subject[8], issuer[8];

	(void)state;
	put_policies(&more, true);
	put_policies(&last, false);
	for (int i = 0; i < 9; i++) {
		snprintf(subject, sizeof(subject), "p%d", i);
		snprintf(issuer, sizeof(issuer), "p%d", i + 1);
		made_put(&(struct made){ .subject = subject,
			     .issuer = issuer,
			     .ca = i > 0,
			     .more = buf_z(i > 0 ? &more : &last) },
		    &chain);
	}
	made_put(&(struct made){ .subject = "p9", .ca = true }, &roots);
	assert_null(judge(&chain, &roots, &wanted, &err)); /* 16 nodes a level, and 256 ways */
	buf_done(&chain);
	buf_done(&roots);
	buf_done(&more);
	buf_done(&last);
}

static void more_policies_than_anybody_has(void **state)
{
	struct buf chain = { 0 }, roots = { 0 }, more = { 0 }, policies = { 0 };
	struct verify_policies wanted = { .explicit = true };
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++)
		put_policy(&policies, DER_SEQUENCE, i);
	add_hex(&more, "2.5.29.32", &policies);
	made_put(
	    &(struct made){ .subject = "leaf", .issuer = "Root", .more = buf_z(&more) }, &chain);
	made_put(&(struct made){ .subject = "Root", .ca = true }, &roots);
	assert_non_null(strstr(judge(&chain, &roots, &wanted, &err), "more policies"));
	buf_done(&chain);
	buf_done(&roots);
	buf_done(&more);
	buf_done(&policies);
}

/* --- deep and huge --- */

static void nest(struct buf *out, const char *oid, int deep)
{
	buf_printf(out, "!%s=", oid);
	for (int i = 0; i < deep; i++)
		buf_addz(out, "3080");
	buf_addc(out, ' ');
}

static void deep_asn1(void **state)
{
	static const char *const oids[] = { "2.5.29.17", "2.5.29.30", "2.5.29.31", "2.5.29.32",
		"2.5.29.33", "1.3.6.1.5.5.7.1.1", "1.2.3.4" };

	(void)state;
	for (size_t i = 0; i < COUNT(oids); i++) {
		struct buf chain = { 0 }, roots = { 0 }, more = { 0 };
		struct err err = { 0 };
		nest(&more, oids[i], 100000);
		made_put(
		    &(struct made){ .subject = "leaf", .issuer = "Root", .more = buf_z(&more) },
		    &chain);
		made_put(&(struct made){ .subject = "Root", .ca = true }, &roots);
		assert_non_null(judge(&chain, &roots, NULL, &err));
		buf_done(&chain);
		buf_done(&roots);
		buf_done(&more);
	}
}

static void put_zeros(struct buf *hex, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_addz(hex, "7f");
}

static void huge_integers(void **state)
{
	struct buf number = { 0 }, info = { 0 }, chain = { 0 }, roots = { 0 }, inner = { 0 };
	struct err err = { 0 };

	(void)state;
	put_zeros(&number, 200000);
	made_put(&(struct made){ .subject = "leaf", .issuer = "Root", .serial = buf_z(&number) },
	    &chain);
	made_put(&(struct made){ .subject = "Root", .ca = true }, &roots);
	assert_null(judge(&chain, &roots, NULL, &err)); /* RFC 5280 6.1 does not mind */

	/* An RSA key of 1.6 million bits. */
	size_t key = der_open(&inner, DER_SEQUENCE);
	struct buf modulus = { 0 };
	memset(buf_room(&modulus, 200000), 0x7f, 200000);
	modulus.n = 200000;
	der_put(&inner, DER_INTEGER, buf_slice(&modulus));
	der_number(&inner, 65537);
	der_close(&inner, key);
	struct buf spki = { 0 };
	size_t whole = der_open(&spki, DER_SEQUENCE), algorithm = der_open(&spki, DER_SEQUENCE);
	der_oid(&spki, "1.2.840.113549.1.1.1");
	der_null(&spki);
	der_close(&spki, algorithm);
	der_bits(&spki, buf_slice(&inner));
	der_close(&spki, whole);
	for (size_t i = 0; i < spki.n; i++)
		buf_printf(&info, "%02x", (unsigned char)spki.p[i]);
	buf_clear(&chain);
	made_put(&(struct made){ .subject = "leaf", .issuer = "Root", .public_info = buf_z(&info) },
	    &chain);
	assert_non_null(judge(&chain, &roots, NULL, &err));
	buf_done(&number);
	buf_done(&info);
	buf_done(&chain);
	buf_done(&roots);
	buf_done(&inner);
	buf_done(&modulus);
	buf_done(&spki);
}

/* --- lines --- */

static void check_line(const char *line, const char *reason)
{
	struct buf answer = { 0 };

	question_line(slice_str(line), &answer);
	json_t *json = json_loadb(answer.p, answer.n, 0, NULL);
	assert_true(json_is_object(json));
	assert_true(json_is_false(json_object_get(json, "valid")));
	const char *why = json_string_value(json_object_get(json, "reason"));
	if (!why || !strstr(why, reason))
		fail_msg("%.60s: %s, want %s", line, why ? why : "no reason", reason);
	assert_null(memchr(answer.p, '\n', answer.n));
	json_decref(json);
	buf_done(&answer);
}

static void lines(void **state)
{
	static const char leaf[] = "\"leaf\":\"-----BEGIN CERTIFICATE-----\\nAAAA\\n"
				   "-----END CERTIFICATE-----\"";
	static const struct {
		const char *line, *reason;
	} cases[] = {
		{ "{", "no JSON" },
		{ "]", "no JSON" },
		{ "\xff\xfe", "no JSON" },
		{ "{\"id\":1e999999}", "no JSON" },
		{ "{\"id\":123456789012345678901234567890}", "no JSON" },
		{ "{\"leaf\":\"\\u0000\"}", "no JSON" },
		{ "7", "a JSON object" },
		{ "[]", "a JSON object" },
		{ "{}", "there is no leaf" },
		{ "{\"leaf\":null}", "there is no leaf" },
		{ "{\"leaf\":[]}", "in PEM form" },
		{ "{\"leaf\":\"junk\"}", "cannot be read" },
		{ "{\"leaf\":\"\"}", "cannot be read" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_line(cases[i].line, cases[i].reason);
	struct buf line = { 0 };
	buf_printf(&line, "{%s}", leaf);
	check_line(buf_z(&line), "cannot be read");
	buf_done(&line);
}

static void put_question(struct buf *out, const char *members)
{
	struct buf der = { 0 }, pem = { 0 };

	made_put(&(struct made){ .subject = "leaf" }, &der);
	cert_to_pem(buf_slice(&der), &pem);
	json_t *text = json_stringn(pem.p, pem.n);
	char *quoted = json_dumps(text, JSON_ENCODE_ANY);
	buf_printf(out, "{\"leaf\":%s,\"trust\":%s,%s}", quoted, quoted, members);
	json_decref(text);
	free(quoted);
	buf_done(&der);
	buf_done(&pem);
}

static void members(void **state)
{
	static const struct {
		const char *members, *reason;
	} cases[] = {
		{ "\"purpose\":\"fun\"", "the purpose is" },
		{ "\"purpose\":7", "the purpose is" },
		{ "\"time\":\"yesterday\"", "a time is like" },
		{ "\"time\":\"2026-13-01T00:00:00Z\"", "a time is like" },
		{ "\"time\":\"1999-01-01T00:00:00.5+01:00\"", "not valid yet" },
		{ "\"name\":\"a.test\"", "a kind and a value" },
		{ "\"name\":{\"kind\":\"uri\",\"value\":\"x\"}", "of kind" },
		{ "\"name\":{\"kind\":\"dns\",\"value\":\"b.test\"}", "is not for b.test" },
		{ "\"name\":[{\"kind\":\"ip\",\"value\":\"x\"}]", "is not for x" },
		{ "\"max_depth\":-1", "max_depth" },
		{ "\"max_depth\":\"1\"", "max_depth" },
		{ "\"trust\":[7]", "a text is expected" },
		{ "\"policies\":[\"1..2\"]", "an OID" },
		{ "\"policies\":[\"1\"]", "an OID" },
		{ "\"policies\":[\"\"]", "an OID" },
		{ "\"policies\":[\"99999999999999999999.1\"]", "an OID" },
		{ "\"require_explicit_policy\":1", "true or false" },
		{ "\"profile\":\"loose\"", "strict or path" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf line = { 0 };
		put_question(&line, cases[i].members);
		check_line(buf_z(&line), cases[i].reason);
		buf_done(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousand_long),
		cmocka_unit_test(thousand_beside),
		cmocka_unit_test(thousand_roots_of_a_name),
		cmocka_unit_test(policies_that_multiply),
		cmocka_unit_test(more_policies_than_anybody_has),
		cmocka_unit_test(deep_asn1),
		cmocka_unit_test(huge_integers),
		cmocka_unit_test(lines),
		cmocka_unit_test(members),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
