/* test_pki_issue.c - the register of what authorities issued, revocations, and lists of many */
#include "tests/unit/mail_world.h"

#include <stdlib.h>

#include "core/num.h"
#include "core/tls.h"
#include "pki/crl.h"
#include "pki/der.h"
#include "core/text.h"
#include "pki/issue_crl.h"
#include "pki/pki_private.h"
#include "pki/seal.h"
#include "tests/unit/keys.h"

enum { SERIAL = 16, MANY = 10000, AT_ONCE = 500, DAY = 86400 };

static char *data;
static struct buf public_info;

static void must(int rc, const struct err *err)
{
	if (rc != 0)
		fail_msg("%s", err->text);
}

/* --- the world: a store, and an authority of the server's --- */

static int set_up(void **state)
{
	const struct issue_plan plan = { .kind = KEY_P256, .path_length = 1 };
	struct err err = { 0 };
	struct buf sealed = { 0 };
	struct key_info info;

	(void)state;
	data = tempdir_new();
	if (tls_start(NULL) != 0 || seal_start(data, true, NULL) != 0)
		return -1;
	mail_open(data);
	mail_make_users();
	must(issue_create(SLICE(""), &plan, &err), &err);
	must(sign_take("x", slice_str(test_key_p256), &sealed, &err), &err);
	must(sign_look(&(struct sign_key){ "x", buf_slice(&sealed) }, &info, &err), &err);
	public_info = info.public_info;
	buf_done(&sealed);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_done(&public_info);
	mail_close();
	seal_stop();
	tempdir_remove(&data);
	return 0;
}

/* Issue one; its serial number, of INTEGER's contents, appended. */
static void issue(int64_t days, struct buf *serial, struct buf *der)
{
	struct pool pool = { 0 };
	struct issue_authority authority;
	struct buf chain = { 0 }, subject = { 0 };
	struct err err = { 0 };
	struct cert cert;

	must(issue_special_ready(SLICE(""), &pool, &authority, &err), &err);
	cert_put_domain(&subject, SLICE("alpha.test"));
	struct issue_order order = { .whom = "alpha.test",
		.profile = ISSUE_SERVER,
		.subject = buf_slice(&subject),
		.public_info = buf_slice(&public_info),
		.usage = CERT_DIGITAL_SIGNATURE,
		.days = days };
	must(issue_sign(SLICE(""), &authority, &order, &chain, &err), &err);
	assert_true(cert_next(&(struct slice){ chain.p, chain.n }, &cert));
	buf_adds(serial, cert.serial);
	if (der)
		buf_adds(der, cert.der);
	buf_done(&chain);
	buf_done(&subject);
	pool_done(&pool);
}

static const char *hex_of(const struct buf *serial, char out[2 * SERIAL + 1])
{
	assert_int_equal(serial->n, SERIAL);
	for (size_t i = 0; i < SERIAL; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned char)serial->p[i]);
	return out;
}

static void list(struct buf *der, struct issue_crl *says)
{
	struct err err = { 0 };

	buf_clear(der);
	must(issue_crl(SLICE(""), der, says, &err), &err);
}

/* --- the register --- */

static void a_number_once(void **state)
{
	struct pool pool = { 0 };
	struct issue_authority authority;
	struct buf serial = { 0 }, der = { 0 };
	struct err err = { 0 };
	struct cert cert;

	(void)state;
	issue(10, &serial, &der);
	must(issue_special_ready(SLICE(""), &pool, &authority, &err), &err);
	assert_true(cert_next(&(struct slice){ der.p, der.n }, &cert));
	assert_int_equal(
	    issue_register(SLICE(""), &authority, "again", ISSUE_SERVER, &cert, &err), -1);
	assert_int_equal(err.kind, ERR_EXISTS);
	buf_done(&serial);
	buf_done(&der);
	pool_done(&pool);
}

static void numbers_in_hex(void **state)
{
	static const struct {
		const char *hex, *bytes;
		size_t n;
	} cases[] = {
		{ "0a", "\x0a", 1 },
		{ "0A:bc", "\x0a\xbc", 2 },
		{ "80", "\0\x80", 2 },
		{ "00ff", "\0\xff", 2 },
		{ "", NULL, 0 },
		{ "a", NULL, 0 },
		{ "0g", NULL, 0 },
		{ ":", NULL, 0 },
		{ "0a 0b", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 };
		assert_int_equal(
		    issue_serial(slice_str(cases[i].hex), &out), cases[i].bytes != NULL);
		if (cases[i].bytes)
			assert_true(
			    slice_eq(buf_slice(&out), slice_of(cases[i].bytes, cases[i].n)));
		buf_done(&out);
	}
}

static void revoked_and_released(void **state)
{
	char hex[2 * SERIAL + 1];
	struct buf serial = { 0 }, der = { 0 }, other = { 0 };
	struct err err = { 0 };
	struct cert cert;
	int64_t when = 0;

	(void)state;
	issue(10, &serial, &der);
	assert_true(cert_next(&(struct slice){ der.p, der.n }, &cert));
	uint64_t before = issue_revocations();
	assert_false(issue_was_revoked(&cert, NULL));
	must(issue_revoke(SLICE(""), slice_str(hex_of(&serial, hex)), ISSUE_HOLD, &err), &err);
	assert_true(issue_was_revoked(&cert, &when));
	assert_true(when > 0 && issue_revocations() != before);
	assert_int_equal(issue_check_revoked(buf_slice(&der), &err), -1);
	/* One that has its number, and was signed by nobody. */
	buf_adds(&other, buf_slice(&der));
	other.p[other.n - 1] ^= 1;
	assert_true(cert_next(&(struct slice){ other.p, other.n }, &cert));
	assert_false(issue_was_revoked(&cert, NULL));
	must(issue_revoke(SLICE(""), slice_str(hex), ISSUE_RELEASED, &err), &err);
	assert_int_equal(issue_check_revoked(buf_slice(&der), &err), 0);
	buf_done(&serial);
	buf_done(&der);
	buf_done(&other);
}

/* --- lists --- */

/* As many more as if they had been issued and revoked, each with that end. */
static void revoke_many(uint32_t first, size_t n, int64_t not_after)
{
	struct store_record records[AT_ONCE];
	struct buf keys[AT_ONCE] = { 0 }, bytes = { 0 }, n_key = { 0 };
	unsigned char place[CERT_KEY_ID + SERIAL] = { 0 }, value[ISSUE_REVOKED], changes[8];
	struct issue_record record;

	assert_int_equal(issue_record_get(SLICE(""), &bytes, &record), 1);
	assert_true(issue_id(record.chain, place));
	num_put64(value, (uint64_t)time(NULL));
	num_put64(value + 8, (uint64_t)not_after);
	value[16] = 1;
	for (size_t i = 0; i < n; i += AT_ONCE) {
		for (size_t k = 0; k < AT_ONCE; k++) {
			place[CERT_KEY_ID] = 0x40;
			num_put32(place + CERT_KEY_ID + SERIAL - 4, first + (uint32_t)(i + k));
			records[k] = (struct store_record){
				.key = issue_key(
				    &keys[k], 'r', SLICE(""), slice_of(place, sizeof(place))),
				.value = slice_of(value, sizeof(value)),
			};
		}
		assert_int_equal(store_records_put(ISSUE_ROOM, records, AT_ONCE, NULL), 0);
	}
	num_put64(changes, issue_changes(SLICE(""), place) + 1);
	assert_int_equal(store_record_put(ISSUE_ROOM,
			     issue_key(&n_key, 'n', SLICE(""), slice_of(place, CERT_KEY_ID)),
			     slice_of(changes, sizeof(changes)), NULL),
	    0);
	for (size_t k = 0; k < AT_ONCE; k++)
		buf_done(&keys[k]);
	buf_done(&bytes);
	buf_done(&n_key);
}

static double seconds(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static void ten_thousand(void **state)
{
	char hex[2 * SERIAL + 1];
	struct buf der = { 0 }, serial = { 0 };
	struct issue_crl says;
	struct err err = { 0 };
	struct timespec at;
	struct crl crl;

	(void)state;
	revoke_many(1, MANY, time(NULL) + 100 * DAY);
	clock_gettime(CLOCK_MONOTONIC, &at);
	list(&der, &says);
	double made = seconds(&at);
	assert_int_equal(says.revoked, MANY);
	assert_true(crl_next(&(struct slice){ der.p, der.n }, &crl));
	assert_int_equal(crl_count(&crl), MANY);

	clock_gettime(CLOCK_MONOTONIC, &at);
	list(&der, &says);
	double again = seconds(&at);

	issue(10, &serial, NULL);
	clock_gettime(CLOCK_MONOTONIC, &at);
	must(issue_revoke(SLICE(""), slice_str(hex_of(&serial, hex)), 1, &err), &err);
	double one = seconds(&at);
	uint64_t number = says.number;
	list(&der, &says);
	assert_int_equal(says.revoked, MANY + 1);
	assert_int_equal(says.number, number + 1);
	assert_true(crl_next(&(struct slice){ der.p, der.n }, &crl));
	unsigned reason;
	assert_true(crl_find(&crl, crl.issuer, buf_slice(&serial), &reason));
	assert_int_not_equal(reason, CRL_REMOVED);
	print_message("a list of %d: %zu bytes, made in %.1f ms, read in %.2f ms; one more "
		      "revoked in %.2f ms\n",
	    MANY, der.n, made * 1e3, again * 1e3, one * 1e3);
	assert_true(made < 5 && again < 1 && one < 1);
	buf_done(&der);
	buf_done(&serial);
}

/* RFC 5280 5: once more after the end, then no more; so many at a time. */
static void those_that_are_over(void **state)
{
	struct buf der = { 0 };
	struct issue_crl says;

	(void)state;
	revoke_many(1, AT_ONCE, time(NULL) - DAY);
	list(&der, &says);
	assert_int_equal(says.revoked, AT_ONCE);
	revoke_many(100001, AT_ONCE, time(NULL) + DAY);
	list(&der, &says);
	assert_true(says.revoked > AT_ONCE && says.revoked < (size_t)2 * AT_ONCE);
	revoke_many(100001, AT_ONCE, time(NULL) + DAY);
	list(&der, &says);
	assert_int_equal(says.revoked, AT_ONCE);
	buf_done(&der);
}

static void nobodys_list(void **state)
{
	struct buf der = { 0 };
	struct err err = { 0 };
	const char *type;

	(void)state;
	assert_int_equal(issue_crl(SLICE("alpha.test"), &der, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_ABSENT);
	assert_int_equal(issue_file(SLICE("0a.crl"), &der, &type, &err), -1);
	assert_int_equal(issue_file(SLICE(""), &der, &type, &err), -1);
	assert_int_equal(der.n, 0);
	buf_done(&der);
}

/* --- certificates of domains, renewed in time --- */

static void record_of(struct buf *bytes, struct domain_record *out)
{
	buf_clear(bytes);
	assert_int_equal(record_get(SLICE("alpha.test"), bytes, out), 1);
}

/* The domain's certificate, signed by its authority when it was nearly over. */
static void make_old(void)
{
	struct pool pool = { 0 };
	struct issue_authority authority;
	struct domain_record record;
	struct key_info info;
	struct buf bytes = { 0 }, der = { 0 };
	struct err err = { 0 };
	struct cert issuer, cert;

	must(issue_special_ready(SLICE("alpha.test"), &pool, &authority, &err), &err);
	assert_true(cert_next(&(struct slice){ authority.chain.p, authority.chain.n }, &issuer));
	record_of(&bytes, &record);
	must(sign_look(&(struct sign_key){ "alpha.test", record.key }, &info, &err), &err);
	struct cert_plan plan = { .subject = issuer.subject,
		.public_info = buf_slice(&info.public_info),
		.not_before = time(NULL) - 99 * DAY,
		.not_after = time(NULL) + DAY,
		.usage = CERT_DIGITAL_SIGNATURE };
	struct sign_key key = { authority.owner, authority.key };
	must(cert_build(&plan, &issuer, &key, &der, &err), &err);
	assert_true(cert_next(&(struct slice){ der.p, der.n }, &cert));
	must(issue_register(
		 SLICE("alpha.test"), &authority, "alpha.test", ISSUE_SERVER, &cert, &err),
	    &err);
	record.leaf = cert.der;
	record.installed = true;
	must(record_put(SLICE("alpha.test"), &record, &err), &err);
	key_info_done(&info);
	buf_done(&bytes);
	buf_done(&der);
	pool_done(&pool);
}

static void renewed_in_time(void **state)
{
	const struct issue_plan plan = { .kind = KEY_P256 };
	const struct issue_certify how = { 0 };
	struct buf bytes = { 0 }, key = { 0 };
	struct err err = { 0 };
	struct domain_record record;
	struct cert cert;

	(void)state;
	must(domain_make(SLICE("alpha.test"), &err), &err);
	must(issue_create(SLICE("alpha.test"), &plan, &err), &err);
	must(issue_domain(SLICE("alpha.test"), &how, &err), &err);
	record_of(&bytes, &record);
	buf_adds(&key, record.key);
	make_old();
	domain_renew_old();
	record_of(&bytes, &record);
	assert_true(slice_eq(record.key, buf_slice(&key)));
	assert_true(cert_next(&record.leaf, &cert));
	assert_true(cert.not_after > time(NULL) + 90 * DAY);
	assert_true(cert.not_after < time(NULL) + 110 * DAY);
	/* One that somebody brought stays, and so does one that was revoked. */
	make_old();
	record_of(&bytes, &record);
	assert_true(cert_next(&record.leaf, &cert));
	struct buf hex = { 0 };
	hex_put(&hex, cert.serial);
	must(issue_revoke(SLICE("alpha.test"), buf_slice(&hex), ISSUE_UNSPECIFIED, &err), &err);
	domain_renew_old();
	record_of(&bytes, &record);
	assert_true(cert_next(&record.leaf, &cert));
	assert_true(cert.not_after < time(NULL) + 2 * DAY);
	buf_done(&hex);
	buf_done(&bytes);
	buf_done(&key);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(a_number_once),
		cmocka_unit_test(numbers_in_hex),
		IN_A_WORLD(revoked_and_released),
		IN_A_WORLD(ten_thousand),
		IN_A_WORLD(those_that_are_over),
		IN_A_WORLD(nobodys_list),
		IN_A_WORLD(renewed_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
