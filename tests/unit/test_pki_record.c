/* test_pki_record.c - what is stored of a domain, in the form of today and in the first one */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "core/loop.h"
#include "core/num.h"
#include "pki/pki_private.h"
#include "pki/trust.h"
#include "storage/dir.h"
#include "storage/store.h"
#include "tests/unit/made.h"
#include "tests/unit/tempdir.h"
#include "tests/unit/wire.h"

static char *data;

static void must(int rc, const struct err *err)
{
	if (rc != 0)
		fail_msg("%s", err->text);
}

static int set_up(void **state)
{
	struct err err = { 0 };

	(void)state;
	wire_start();
	data = tempdir_new();
	must(store_open(data, &err), &err);
	must(store_start(&err), &err);
	must(dir_domain_add(SLICE("alpha.test"), &err), &err);
	must(dir_domain_add(SLICE("beta.test"), &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	threads_stop();
	address_stop();
	trust_stop();
	store_close();
	tempdir_remove(&data);
	return 0;
}

/* --- records --- */

static void written_and_read(void **state)
{
	struct buf leaf = { 0 }, bytes = { 0 };
	struct err err = { 0 };
	struct domain_record got;

	(void)state;
	made_put(&(struct made){ .subject = "alpha.test", .names = "DNS:alpha.test" }, &leaf);
	struct domain_record record = { .made = 1234567890123,
		.installed = true,
		.mode = PKI_TEST,
		.key = SLICE("sealed"),
		.leaf = buf_slice(&leaf),
		.above = buf_slice(&leaf),
		.subject = SLICE("o=Example\n"),
		.client_issuer = SLICE("0123456789abcdef0123456789abcdef"),
		.client_map = CLIENT_MAP_UPN,
		.client_required = true };
	must(record_put(SLICE("alpha.test"), &record, &err), &err);
	assert_int_equal(record_get(SLICE("ALPHA.test"), &bytes, &got), 1);
	assert_int_equal(got.made, record.made);
	assert_true(got.installed && got.client_required);
	assert_int_equal(got.client_map, CLIENT_MAP_UPN);
	assert_int_equal(got.mode, PKI_TEST);
	want_text("key", got.key, "sealed");
	assert_true(slice_eq(got.leaf, buf_slice(&leaf)) && slice_eq(got.above, buf_slice(&leaf)));
	want_text("subject", got.subject, "o=Example\n");
	assert_true(slice_eq(got.client_issuer, record.client_issuer));
	buf_done(&leaf);
	buf_done(&bytes);
}

/* Flags, when it was made, the key with its length, the chain. */
static void first_form(void **state)
{
	struct buf chain = { 0 }, value = { 0 }, bytes = { 0 };
	unsigned char header[1 + 8 + 4] = { 1 };
	struct err err = { 0 };
	struct domain_record got;

	(void)state;
	made_put(&(struct made){ .subject = "alpha.test" }, &chain);
	size_t leaf_n = chain.n;
	made_put(&(struct made){ .subject = "Middle", .ca = true }, &chain);
	num_put64(header + 1, 77);
	num_put32(header + 9, 6);
	buf_add(&value, header, sizeof(header));
	buf_addz(&value, "sealed");
	buf_adds(&value, buf_slice(&chain));
	must(store_record_put(PKI_ROOM, SLICE("d alpha.test"), buf_slice(&value), &err), &err);
	assert_int_equal(record_get(SLICE("alpha.test"), &bytes, &got), 1);
	assert_int_equal(got.mode, PKI_ENABLED);
	assert_true(got.installed);
	assert_int_equal(got.made, 77);
	want_text("key", got.key, "sealed");
	assert_int_equal(got.leaf.n, leaf_n);
	assert_int_equal(got.above.n, chain.n - leaf_n);
	assert_int_equal(got.client_issuer.n, 0);
	buf_done(&chain);
	buf_done(&value);
	buf_done(&bytes);
}

/* Cut anywhere it is refused, or read as what it is not: never beyond its end. */
static void malformed(void **state)
{
	struct buf whole = { 0 }, bytes = { 0 };
	struct domain_record record = { .key = SLICE("sealed"), .subject = SLICE("o=x\n") }, got;
	struct err err = { 0 };

	(void)state;
	must(record_put(SLICE("alpha.test"), &record, &err), &err);
	assert_int_equal(store_record_get(PKI_ROOM, SLICE("d alpha.test"), &whole), 1);
	for (size_t n = 1; n < whole.n; n++) {
		must(store_record_put(
			 PKI_ROOM, SLICE("d alpha.test"), slice_head(buf_slice(&whole), n), &err),
		    &err);
		want_num("cut", record_get(SLICE("alpha.test"), &bytes, &got), -1);
	}
	buf_done(&whole);
	buf_done(&bytes);
}

/* --- local addresses --- */

static const struct sockaddr *ip(const char *text)
{
	static struct sockaddr_in in4 = { .sin_family = AF_INET };
	static struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
		return (const struct sockaddr *)&in4;
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return (const struct sockaddr *)&in6;
}

static void want_domain(const char *address, const char *want)
{
	struct pool pool = { 0 };

	want_text(address, slice_str(address_domain(ip(address), &pool)), want);
	pool_done(&pool);
}

/* C-075, C-076 */
static void addresses(void **state)
{
	struct err err = { 0 };

	(void)state;
	want_domain("192.0.2.1", ""); /* nobody was looked at yet */
	address_look(SLICE("beta.test"));
	want_domain("192.0.2.1", "alpha.test"); /* the main domain is always known */
	must(dir_domain_addresses(
		 SLICE("beta.test"), SLICE("192.0.2.1 192.0.2.2 2001:db8::1"), &err),
	    &err);
	address_look(SLICE("beta.test"));
	want_domain("192.0.2.2", "beta.test");
	want_domain("::ffff:192.0.2.2", "beta.test");
	want_domain("2001:db8::1", "beta.test");
	want_domain("2001:db8::2", "alpha.test");
	must(dir_domain_addresses(SLICE("beta.test"), SLICE("192.0.2.1"), &err), &err);
	address_look(SLICE("beta.test"));
	want_domain("192.0.2.2", "alpha.test");
	must(dir_domain_main(SLICE("beta.test"), &err), &err);
	address_look(SLICE("beta.test"));
	want_domain("192.0.2.2", "beta.test");
	must(dir_domain_remove(SLICE("alpha.test"), &err), &err);
	address_look(SLICE("alpha.test"));
	want_domain("192.0.2.1", "beta.test");
}

/* C-012, C-017, C-032 */
static void offered(void **state)
{
	static const struct {
		const char *name;
		struct domain_record record;
		bool shows;
	} cases[] = {
		{ "key and certificate",
		    { .mode = PKI_ENABLED, .key = { "k", 1 }, .leaf = { "c", 1 } }, true },
		{ "disabled", { .mode = PKI_DISABLED, .key = { "k", 1 }, .leaf = { "c", 1 } },
		    false },
		{ "no certificate", { .mode = PKI_ENABLED, .key = { "k", 1 } }, false },
		{ "nothing", { .mode = PKI_ENABLED }, false },
	};
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		must(record_put(SLICE("alpha.test"), &cases[i].record, &err), &err);
		address_look(SLICE("alpha.test"));
		want_num(cases[i].name, address_shows(ip("192.0.2.1")), cases[i].shows);
	}
	must(record_put(SLICE("beta.test"), &cases[0].record, &err), &err);
	must(dir_domain_addresses(SLICE("beta.test"), SLICE("192.0.2.1"), &err), &err);
	address_look(SLICE("beta.test"));
	assert_true(address_shows(ip("192.0.2.1")));
	assert_false(address_shows(ip("192.0.2.2")));
}

/* --- sets of trusted ones --- */

static void trusted(void **state)
{
	struct buf der = { 0 }, pem = { 0 }, hex = { 0 };
	struct err err = { 0 };
	struct trust trust;
	struct cert cert;

	(void)state;
	made_put(&(struct made){ .subject = "Root", .ca = true }, &der);
	cert_to_pem(buf_slice(&der), &pem);
	must(trust_add(SLICE("alpha.test"), buf_slice(&pem), &err), &err);
	assert_int_equal(trust_add(SLICE("alpha.test"), buf_slice(&pem), &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	struct slice rest = buf_slice(&der);
	assert_true(cert_next(&rest, &cert));
	trust_take(SLICE("Alpha.test"), &trust);
	assert_true(trust_has(&trust, &cert));
	struct trust others;
	trust_take(SLICE("beta.test"), &others);
	assert_false(trust_has(&others, &cert));
	trust_give_back(&others);
	cert_fingerprint(&cert, &hex);
	must(trust_remove(SLICE("alpha.test"), buf_slice(&hex), &err), &err);
	assert_true(trust_has(&trust, &cert)); /* who has a set keeps it */
	trust_give_back(&trust);
	trust_take(SLICE("alpha.test"), &trust);
	assert_false(trust_has(&trust, &cert));
	trust_give_back(&trust);
	must(trust_add((struct slice){ 0 }, buf_slice(&pem), &err), &err);
	trust_take((struct slice){ 0 }, &trust);
	assert_true(trust_has(&trust, &cert));
	trust_give_back(&trust);
	buf_done(&der);
	buf_done(&pem);
	buf_done(&hex);
}

/* More domains than sets are kept for. */
static void many_sets(void **state)
{
	struct buf der = { 0 }, pem = { 0 };
	struct err err = { 0 };

	(void)state;
	made_put(&(struct made){ .subject = "Root", .ca = true }, &der);
	cert_to_pem(buf_slice(&der), &pem);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 100; i++) {
			char name[32];
			snprintf(name, sizeof(name), "d%d.test", i);
			if (round == 0)
				must(trust_add(slice_str(name), buf_slice(&pem), &err), &err);
			struct trust_set *set = trust_stored(slice_str(name));
			want_num(name, (int64_t)trust_set_count(set), 1);
			trust_set_unref(&set);
		}
	buf_done(&der);
	buf_done(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(written_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(first_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(malformed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(offered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_sets, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
