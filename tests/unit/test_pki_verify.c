/* test_pki_verify.c - paths of certificates: what must be taken, and what refused */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/tls.h"
#include "pki/cert_build.h"
#include "pki/crl.h"
#include "pki/verify.h"
#include "tests/unit/made.h"
#include "tests/unit/wire.h"

static int set_up(void **state)
{
	(void)state;
	wire_start();
	return 0;
}

/* --- NIST's suite --- */

static void add_pem(const json_t *text, struct buf *der)
{
	cert_readable_from_pem(slice_str(json_string_value(text)), der);
}

static void add_all(const json_t *list, struct buf *der)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		add_pem(json_array_get(list, i), der);
}

static void add_lists(const json_t *list, struct buf *der)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		crl_readable_from_pem(slice_str(json_string_value(json_array_get(list, i))), der);
}

static int64_t time_of(const json_t *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(json_string_value(text), "%Y-%m-%dT%H:%M:%SZ", &tm));
	return timegm(&tm);
}

static bool judged_good(const json_t *c, struct err *err)
{
	struct buf chain = { 0 }, roots = { 0 }, lists = { 0 };

	add_pem(json_object_get(c, "peer_certificate"), &chain);
	if (chain.n == 0) {
		err_set(err, ERR_INPUT, "unreadable");
		return false;
	}
	add_all(json_object_get(c, "untrusted_intermediates"), &chain);
	add_all(json_object_get(c, "trusted_certs"), &roots);
	add_lists(json_object_get(c, "crls"), &lists);
	struct trust trust = { { trust_set_new(buf_slice(&roots)) } };
	trust_set_lists(trust.set[0], buf_slice(&lists));
	struct verify_spec spec = { .trust = &trust,
		.purpose = VERIFY_ANY,
		.lists_needed = true,
		.now = time_of(json_object_get(c, "validation_time")) };
	bool good = verify_chain(&spec, buf_slice(&chain), err) == 0;
	trust_give_back(&trust);
	buf_done(&chain);
	buf_done(&roots);
	buf_done(&lists);
	return good;
}

/* Where we differ, and on purpose. */
static const struct {
	const char *begins;
	bool taken;
	const char *because;
} differences[] = {
	{ "pkits::40104", false, "the library has no DSA, and nobody should" },
	{ "pkits::40105", false, "the same, with parameters inherited" },
};

static bool differs(const char *id, bool taken)
{
	for (size_t i = 0; i < COUNT(differences); i++)
		if (slice_starts(slice_str(id), slice_str(differences[i].begins)) &&
		    taken == differences[i].taken)
			return true;
	return false;
}

/* C-004, C-062 */
static void pkits(void **state)
{
	FILE *file = popen("xz -dc " TEST_SRCDIR "/tests/data/pki/pkits.json.xz", "r");
	json_t *all = json_loadf(file, 0, NULL), *cases = json_object_get(all, "testcases");
	size_t right = 0;

	(void)state;
	pclose(file);
	assert_int_equal(json_array_size(cases), 172);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);
		const char *id = json_string_value(json_object_get(c, "id"));
		const char *want = json_string_value(json_object_get(c, "expected_result"));
		struct err err = { 0 };
		bool got = judged_good(c, &err);
		right += got == (strcmp(want, "SUCCESS") == 0);
		if (got != (strcmp(want, "SUCCESS") == 0) && !differs(id, got))
			fail_msg("%s: %s (%s)", id, got ? "taken" : "refused", err.text);
	}
	assert_int_equal(right, 170);
	json_decref(all);
}

/* --- certificates of our own making --- */

enum { CHAIN = 6 };
#define ROOT                                                                                       \
	{                                                                                          \
		.subject = "Root", .ca = true                                                      \
	}
#define MIDDLE                                                                                     \
	{                                                                                          \
		.subject = "Middle", .issuer = "Root", .ca = true                                  \
	}

/* Judge a chain, leaf first; the roots are trusted. NULL: it is good. */
static const char *why_not(const struct made chain[CHAIN], const struct made roots[CHAIN],
    enum verify_purpose purpose, struct err *err)
{
	struct buf der = { 0 }, anchors = { 0 };

	for (size_t i = 0; i < CHAIN && chain[i].subject; i++)
		made_put(&chain[i], &der);
	for (size_t i = 0; i < CHAIN && roots[i].subject; i++)
		made_put(&roots[i], &anchors);
	struct trust trust = { { trust_set_new(buf_slice(&anchors)) } };
	struct verify_spec spec = { .trust = &trust, .purpose = purpose, .now = time(NULL) };
	int rc = verify_chain(&spec, buf_slice(&der), err);
	trust_give_back(&trust);
	buf_done(&der);
	buf_done(&anchors);
	return rc == 0 ? NULL : err->text;
}

struct path_case {
	const char *name;
	struct made chain[CHAIN], roots[CHAIN];
	enum verify_purpose purpose;
	const char *why; /* part of the reason; NULL: good */
};

static void try_paths(const struct path_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };
		const char *why = why_not(cases[i].chain, cases[i].roots, cases[i].purpose, &err);
		if (!why != !cases[i].why || (why && !strstr(why, cases[i].why)))
			fail_msg("%s: %s, want %s", cases[i].name, why ? why : "good",
			    cases[i].why ? cases[i].why : "good");
	}
}

#define LEAF .subject = "leaf", .issuer = "Middle"

static void paths(void **state)
{
	static const struct path_case cases[] = {
		{ "by a root", { { .subject = "leaf", .issuer = "Root" } }, { ROOT }, VERIFY_ANY,
		    NULL },
		{ "through another", { { LEAF }, MIDDLE }, { ROOT }, VERIFY_ANY, NULL },
		{ "in any order",
		    { { .subject = "leaf", .issuer = "Low" }, MIDDLE,
			{ .subject = "Low", .issuer = "Middle", .ca = true } },
		    { ROOT }, VERIFY_ANY, NULL },
		{ "ends in the middle", { { LEAF } }, { MIDDLE }, VERIFY_ANY, NULL },
		{ "the root was sent, too", { { LEAF }, MIDDLE, ROOT }, { ROOT }, VERIFY_ANY,
		    NULL },
		{ "itself", { ROOT }, { ROOT }, VERIFY_ANY,
		    NULL }, /* of the same key and name, another serial */
		{ "nobody trusted", { { LEAF }, MIDDLE, ROOT }, { { 0 } }, VERIFY_ANY,
		    "self-signed" },
		{ "one is missing", { { LEAF } }, { ROOT }, VERIFY_ANY, "is not known: CN=Middle" },
		{ "self-signed", { { .subject = "leaf" } }, { ROOT }, VERIFY_ANY, "self-signed" },
		{ "of a name that is trusted, not of its key",
		    { { .subject = "leaf", .issuer = "Root", .signer = "Other" } }, { ROOT },
		    VERIFY_ANY, "signature" },
		{ "two keys of one name",
		    { { .subject = "leaf", .issuer = "Root", .signer = "Other" } },
		    { ROOT, { .subject = "Root", .key = "Other", .signer = "Other", .ca = true } },
		    VERIFY_ANY, NULL },
		{ "another name for the same key",
		    { { .subject = "leaf", .issuer = "Middle" },
			{ .subject = "Middle", .issuer = "Root", .ca = true, .spoilt = true },
			MIDDLE },
		    { ROOT }, VERIFY_ANY, NULL },
		{ "spoilt", { { LEAF, .spoilt = true }, MIDDLE }, { ROOT }, VERIFY_ANY,
		    "signature" },
		{ "two algorithms", { { LEAF, .two_algorithms = true }, MIDDLE }, { ROOT },
		    VERIFY_ANY, "two kinds" },
		{ "unreadable", { { LEAF, .ca = true, .twice = true }, MIDDLE }, { ROOT },
		    VERIFY_ANY, "cannot be read" },
	};

	(void)state;
	try_paths(cases, COUNT(cases));
}

/* C-062 */
static void times_and_uses(void **state)
{
	static const struct path_case cases[] = {
		{ "expired", { { LEAF, .from = -100, .till = -10 }, MIDDLE }, { ROOT }, VERIFY_ANY,
		    "it has expired" },
		{ "not yet", { { LEAF, .from = 100, .till = 200 }, MIDDLE }, { ROOT }, VERIFY_ANY,
		    "not valid yet" },
		{ "expired in the middle",
		    { { LEAF },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .from = -9,
			    .till = -1 } },
		    { ROOT }, VERIFY_ANY, "it has expired: CN=Middle" },
		{ "an expired one beside a good one",
		    { { LEAF },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .from = -9,
			    .till = -1 },
			MIDDLE },
		    { ROOT }, VERIFY_ANY, NULL },
		{ "expired root", { { .subject = "leaf", .issuer = "Root" } },
		    { { .subject = "Root", .ca = true, .from = -100, .till = -10 } }, VERIFY_ANY,
		    "it has expired: CN=Root" },
		{ "no authority", { { LEAF }, { .subject = "Middle", .issuer = "Root" } }, { ROOT },
		    VERIFY_ANY, "may not issue" },
		{ "root that is none", { { .subject = "leaf", .issuer = "Root" } },
		    { { .subject = "Root" } }, VERIFY_ANY, "may not issue" },
		{ "version 1", { { .subject = "leaf", .issuer = "Root" } },
		    { { .subject = "Root", .version1 = true } }, VERIFY_ANY, "may not issue" },
		{ "key not for certificates",
		    { { LEAF },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .usage = CERT_CRL_SIGN } },
		    { ROOT }, VERIFY_ANY, "may not sign" },
		{ "key for certificates",
		    { { LEAF },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .usage = CERT_CERT_SIGN } },
		    { ROOT }, VERIFY_ANY, NULL },
		{ "path too long",
		    { { .subject = "leaf", .issuer = "Low" },
			{ .subject = "Low", .issuer = "Middle", .ca = true },
			{ .subject = "Middle", .issuer = "Root", .ca = true, .path = 1 } },
		    { ROOT }, VERIFY_ANY, "more authorities" },
		{ "path just long enough",
		    { { .subject = "leaf", .issuer = "Low" },
			{ .subject = "Low", .issuer = "Middle", .ca = true },
			{ .subject = "Middle", .issuer = "Root", .ca = true, .path = 2 } },
		    { ROOT }, VERIFY_ANY, NULL },
		{ "a leaf that is an authority counts for nothing",
		    { { LEAF, .ca = true },
			{ .subject = "Middle", .issuer = "Root", .ca = true, .path = 1 } },
		    { ROOT }, VERIFY_ANY, NULL },
		{ "unknown and critical", { { LEAF, .critical = "1.2.3.4" }, MIDDLE }, { ROOT },
		    VERIFY_ANY, "critical extension" },
		{ "policies are constrained",
		    { { LEAF },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .critical = "2.5.29.36" } }, /* and it is empty */
		    { ROOT }, VERIFY_ANY, "is not known: CN=Middle" },
		{ "server", { { LEAF, .purpose = CERT_FOR_SERVERS }, MIDDLE }, { ROOT },
		    VERIFY_SERVER, NULL },
		{ "client as a server", { { LEAF, .purpose = CERT_FOR_CLIENTS }, MIDDLE }, { ROOT },
		    VERIFY_SERVER, "another purpose" },
		{ "server as a client", { { LEAF, .purpose = CERT_FOR_SERVERS }, MIDDLE }, { ROOT },
		    VERIFY_CLIENT, "another purpose" },
		{ "mail", { { LEAF, .purpose = CERT_FOR_EMAIL }, MIDDLE }, { ROOT }, VERIFY_EMAIL,
		    NULL },
		{ "any", { { LEAF, .purpose = "2.5.29.37.0" }, MIDDLE }, { ROOT }, VERIFY_EMAIL,
		    NULL },
		{ "issuer for another purpose",
		    { { LEAF },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .purpose = CERT_FOR_EMAIL } },
		    { ROOT }, VERIFY_SERVER, "another purpose" },
		{ "key for another use", { { LEAF, .usage = CERT_CERT_SIGN }, MIDDLE }, { ROOT },
		    VERIFY_CLIENT, "another use" },
	};

	(void)state;
	try_paths(cases, COUNT(cases));
}

/* RFC 5280 4.2.1.10 */
static void constraints(void **state)
{
	static const struct {
		const char *permitted, *excluded, *names;
		bool allowed;
	} cases[] = {
		{ "DNS:a.test", NULL, "DNS:a.test", true },
		{ "DNS:a.test", NULL, "DNS:x.y.A.TEST", true },
		{ "DNS:a.test", NULL, "DNS:ba.test", false },
		{ "DNS:a.test", NULL, "DNS:a.test DNS:b.test", false },
		{ "DNS:a.test DNS:b.test", NULL, "DNS:a.test DNS:b.test", true },
		{ "DNS:a.test", NULL, "email:x@elsewhere.test", true },
		{ "DNS:a.test", NULL, "IP:192.0.2.1", true }, /* another kind */
		{ "DNS:.a.test", NULL, "DNS:a.test", false },
		{ "DNS:.a.test", NULL, "DNS:x.a.test", true },
		{ NULL, "DNS:a.test", "DNS:b.test", true },
		{ NULL, "DNS:a.test", "DNS:x.a.test", false },
		{ NULL, "DNS:x.a.test", "DNS:*.a.test", false },
		{ "DNS:a.test", "DNS:x.a.test", "DNS:y.a.test", true },
		{ "DNS:a.test", "DNS:x.a.test", "DNS:x.a.test", false },
		{ "email:a.test", NULL, "email:x@a.test", true },
		{ "email:a.test", NULL, "email:x@b.a.test", false },
		{ "email:.a.test", NULL, "email:x@b.a.test", true },
		{ "email:x@a.test", NULL, "email:x@A.test", true },
		{ "email:x@a.test", NULL, "email:y@a.test", false },
		{ "email:a.test", NULL, "email:nonsense", false },
		{ "IP:192.0.2.0/24", NULL, "IP:192.0.2.77", true },
		{ "IP:192.0.2.0/24", NULL, "IP:192.0.3.1", false },
		{ "IP:192.0.2.0/24", NULL, "IP:2001:db8::1", false },
		{ NULL, "IP:2001:db8::/32", "IP:2001:db8:1::1", false },
		{ NULL, "IP:2001:db8::/32", "IP:2001:db9::1", true },
		{ "URI:a.test", NULL, "URI:https://me@a.test:80/x", true },
		{ "URI:a.test", NULL, "URI:https://b.test/a.test", false },
		{ "URI:a.test", NULL, "URI:https://b.test\\@a.test/", false },
		{ "URI:a.test", NULL, "URI:https://b.test#@a.test/", false },
		{ "DN:leaf", NULL, "DNS:a.test", true }, /* that is its subject */
		{ "DN:LEAF", NULL, "DNS:a.test", true },
		{ "DN:other", NULL, "DNS:a.test", false },
		{ NULL, "DN:leaf", "DNS:a.test", false },
		{ NULL, "DN:other", "DN:other", false },
		{ "RID:abc", NULL, "DNS:a.test", true },
		{ "RID:abc", NULL, "RID:abc", false }, /* of a kind that is not known */
		{ NULL, "RID:abc", "RID:xyz", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct made chain[CHAIN] = { { LEAF, .names = cases[i].names },
			{ .subject = "Middle",
			    .issuer = "Root",
			    .ca = true,
			    .permitted = cases[i].permitted,
			    .excluded = cases[i].excluded } };
		static const struct made roots[CHAIN] = { ROOT };
		struct err err = { 0 };
		const char *why = why_not(chain, roots, VERIFY_ANY, &err);
		if (!why != cases[i].allowed)
			fail_msg("permitted %s, excluded %s, names %s: %s",
			    cases[i].permitted ? cases[i].permitted : "all",
			    cases[i].excluded ? cases[i].excluded : "none", cases[i].names,
			    why ? why : "good");
	}
}

/* C-033 */
static void hosts(void **state)
{
	static const struct {
		const char *names, *host, *others;
		bool covered;
	} cases[] = {
		{ "DNS:mx.a.test", "mx.a.test", NULL, true },
		{ "DNS:mx.a.test", "MX.A.TEST.", NULL, true },
		{ "DNS:mx.a.test", "a.test", NULL, false },
		{ "DNS:mx.a.test", "b.test", "c.test mx.a.test", true },
		{ "DNS:*.a.test", "mx.a.test", NULL, true },
		{ "DNS:*.a.test", "a.test", NULL, false },
		{ "DNS:*.a.test", "x.y.a.test", NULL, false },
		{ "DNS:*.a.test", ".a.test", NULL, false },
		{ "DNS:*", "test", NULL, false },
		{ "DNS:*.test", "a.test", NULL, false },
		{ "DNS:m*.a.test", "mx.a.test", NULL, false },
		{ "DNS:x.*.test", "x.a.test", NULL, false },
		{ "IP:192.0.2.1", "192.0.2.1", NULL, true },
		{ "IP:192.0.2.1", "192.0.2.2", NULL, false },
		{ "DNS:192.0.2.1", "192.0.2.1", NULL, false },
		{ "IP:2001:db8::1", "2001:db8:0::1", NULL, true },
		{ "email:leaf@a.test", "a.test", NULL, false },
		{ "email:leaf@a.test", "leaf", NULL, false }, /* its CN */
		{ "DNS:mx.a.test", "", "", false },
		{ "DNS:mx.a.test", NULL, "mx.a.test", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct made leaf = { .subject = "leaf", .names = cases[i].names };
		struct buf der = { 0 };
		made_put(&leaf, &der);
		bool covered = verify_host(buf_slice(&der), cases[i].host,
				   slice_str(cases[i].others), NULL) == 0;
		if (covered != cases[i].covered)
			fail_msg("%s for %s: %d", cases[i].names,
			    cases[i].host ? cases[i].host : "-", covered);
		buf_done(&der);
	}
}

/* Twenty authorities of one name, each signed by each: there are more paths than
   anybody could try. */
static void hostile_graph(void **state)
{
	struct buf der = { 0 };
	struct err err = { 0 };
	struct timespec before, after;

	(void)state;
	made_put(&(struct made){ .subject = "leaf", .issuer = "X", .signer = "k0" }, &der);
	for (int i = 0; i < 19; i++) {
		char key[8], signer[8];
		snprintf(key, sizeof(key), "k%d", i);
		snprintf(signer, sizeof(signer), "k%d", (i + 1) % 19);
		made_put(
		    &(struct made){
			.subject = "X", .issuer = "X", .key = key, .signer = signer, .ca = true },
		    &der);
	}
	struct trust trust = { { NULL } };
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_ANY, .now = time(NULL) };
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_int_equal(verify_chain(&spec, buf_slice(&der), &err), -1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	assert_in_range(
	    after.tv_sec - before.tv_sec, 0, 2); /* forty signatures, slow under sanitizers */
	buf_done(&der);
}

/* Thousands of names against thousands of constraints. */
static void hostile_names(void **state)
{
	struct buf names = { 0 }, subtrees = { 0 };
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		buf_printf(&names, "DNS:n%d.test ", i);
		buf_printf(&subtrees, "DNS:s%d.test ", i);
	}
	struct made chain[CHAIN] = {
		{ LEAF, .names = buf_z(&names) },
		{ .subject = "Middle", .issuer = "Root", .ca = true, .excluded = buf_z(&subtrees) }
	};
	static const struct made roots[CHAIN] = { ROOT };
	assert_non_null(strstr(why_not(chain, roots, VERIFY_ANY, &err), "not known"));
	buf_done(&names);
	buf_done(&subtrees);
}

/* C-005: what the system trusts can be read, and is found by name. */
static void builtin(void **state)
{
	struct buf pem = { 0 }, der = { 0 };
	FILE *file = fopen("/etc/ssl/certs/ca-certificates.crt", "r");

	(void)state;
	if (!file)
		skip();
	for (size_t got = 1; got > 0; pem.n += got)
		got = fread(buf_room(&pem, 65536), 1, 65536, file);
	fclose(file);
	cert_readable_from_pem(buf_slice(&pem), &der);
	struct trust trust = { { NULL, trust_set_new(buf_slice(&der)) } };
	size_t n = trust_set_count(trust.set[1]), usable = 0;
	assert_true(n > 50);
	for (size_t i = 0; i < n; i++) {
		const struct cert *root = trust_set_at(trust.set[1], i);
		struct verify_spec spec = {
			.trust = &trust, .purpose = VERIFY_ANY, .now = root->not_after - 1
		};
		assert_true(trust_has(&trust, root));
		usable += verify_chain(&spec, root->der, NULL) == 0;
	}
	assert_int_equal(usable, n);
	trust_give_back(&trust);
	buf_done(&pem);
	buf_done(&der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pkits),
		cmocka_unit_test(paths),
		cmocka_unit_test(times_and_uses),
		cmocka_unit_test(constraints),
		cmocka_unit_test(hosts),
		cmocka_unit_test(hostile_graph),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(builtin),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
