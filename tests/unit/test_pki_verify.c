/* test_pki_verify.c - paths of certificates: what must be taken, and what refused */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/tls.h"
#include "pki/verify.h"

static int set_up(void **state)
{
	(void)state;
	return tls_start(NULL);
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

static int64_t time_of(const json_t *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(json_string_value(text), "%Y-%m-%dT%H:%M:%SZ", &tm));
	return timegm(&tm);
}

static bool judged_good(const json_t *c, struct err *err)
{
	struct buf chain = { 0 }, roots = { 0 };

	add_pem(json_object_get(c, "peer_certificate"), &chain);
	if (chain.n == 0) {
		err_set(err, ERR_INPUT, "unreadable");
		return false;
	}
	add_all(json_object_get(c, "untrusted_intermediates"), &chain);
	add_all(json_object_get(c, "trusted_certs"), &roots);
	struct trust trust = { { trust_set_new(buf_slice(&roots)) } };
	struct verify_spec spec = { .trust = &trust,
		.purpose = VERIFY_ANY,
		.now = time_of(json_object_get(c, "validation_time")) };
	bool good = verify_chain(&spec, buf_slice(&chain), err) == 0;
	trust_give_back(&trust);
	buf_done(&chain);
	buf_done(&roots);
	return good;
}

/* Where we differ, and on purpose. */
static const struct {
	const char *begins;
	bool taken;
	const char *because;
} differences[] = {
	{ "pkits::40104", false, "DSA" },
	{ "pkits::40105", false, "DSA" },
	{ "pkits::404", true, "lists of revoked certificates are not read" },
	{ "pkits::405", true, "the same" },
	{ "pkits::407", true, "the same" },
	{ "pkits::408", true, "no policy is asked for" },
	{ "pkits::409", false, "critical constraints of policies are refused" },
	{ "pkits::410", false, "the same" },
	{ "pkits::411", false, "the same" },
	{ "pkits::412", false, "the same" },
	{ "pkits::414", true, "lists of revoked certificates" },
	{ "pkits::415", true, "the same" },
};

static bool differs(const char *id, bool taken)
{
	for (size_t i = 0; i < COUNT(differences); i++)
		if (slice_starts(slice_str(id), slice_str(differences[i].begins)) &&
		    taken == differences[i].taken)
			return true;
	return false;
}

/* SPEC C-004, C-062 */
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
	assert_int_equal(right, 103);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pkits),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
