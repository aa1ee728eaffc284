/* test_smime_identity.c - users' keys and certificates, and mail encrypted for them */
#include "tests/unit/mail_world.h"
#include "tests/unit/smime_world.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/conf.h"
#include "core/limit.h"
#include "pki/pkcs8.h"
#include "smime/encrypt.h"
#include "smime/identity.h"
#include "smime/smime.h"
#include "storage/acct_record.h"
#include "storage/filter.h"

static const char secret[] = "a secret of mine";
static char *data;

static void must(int rc, const struct err *err)
{
	if (rc != 0)
		fail_msg("%s", err->text);
}

static int set_up(void **state)
{
	(void)state;
	data = tempdir_new();
	mail_open(data);
	mail_make_users();
	smime_start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mail_close();
	tempdir_remove(&data);
	return 0;
}

static struct dir_account account_of(size_t user, struct pool *pool)
{
	struct dir_account account;

	assert_int_equal(dir_account(slice_str(mail_users[user]), pool, &account), 1);
	return account;
}

/* Give a user one of the world's keys. */
static int give(size_t user, const struct world_one *one, const char *its_secret, struct err *err)
{
	struct pool pool = { 0 };
	struct buf key = { 0 };
	struct dir_account account = account_of(user, &pool);

	assert_int_equal(pkcs8_wrap(buf_slice(&one->key), &key, NULL), 0);
	struct identity_new new = { buf_slice(&key), buf_slice(&one->cert), slice_str(its_secret) };
	int rc = identity_add(&account, &new, err);
	buf_wipe(&key);
	pool_done(&pool);
	return rc;
}

static int take_away(size_t user, uint32_t number, struct err *err)
{
	struct pool pool = { 0 };
	struct dir_account account = account_of(user, &pool);
	int rc = identity_remove(&account, number, err);

	pool_done(&pool);
	return rc;
}

/* --- encrypting --- */

static const char message[] = "From: a@far.test\r\nSubject: s\r\n\r\nhello\r\n";

/* Which of the world's keys open what is encrypted for those users; -1: it is
   refused. */
static int readers(const char *const *users, size_t n, struct err *err)
{
	struct buf out = { 0 }, cms = { 0 };
	int who = 0;

	if (store_filter_encrypt(slice_str(message), users, n, &out, err) != 0) {
		assert_int_equal(out.n, 0);
		return -1;
	}
	must(smime_body(buf_slice(&out), &cms, err), err);
	for (unsigned i = 0; i < WORLD_KEYS; i++) {
		struct buf content = { 0 };
		if (world_cms_read(buf_slice(&cms), 1u << i, &content, NULL) == 0) {
			want_text("content", buf_slice(&content), "\r\nhello\r\n");
			who |= 1 << i;
		}
		buf_done(&content);
	}
	buf_done(&out);
	buf_done(&cms);
	return who;
}

/* C-121, C-122, C-126 */
static void for_whom(void **state)
{
	const char *const nobody[] = { "nobody@alpha.test" };
	struct err err = { 0 };

	(void)state;
	must(give(0, &world[WORLD_P256], secret, &err), &err);
	must(give(1, &world[WORLD_RSA], secret, &err), &err);
	for (int again = 0; again < 2; again++) { /* the second time from memory */
		assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_P256);
		assert_int_equal(readers(mail_users + 1, 1, &err), 1 << WORLD_RSA);
		assert_int_equal(readers(mail_users, 2, &err), 1 << WORLD_P256 | 1 << WORLD_RSA);
		assert_int_equal(readers(mail_users, 3, &err), -1);
		assert_int_equal(err.kind, ERR_ABSENT);
		assert_string_equal(err.text, "cy@beta.test has no S/MIME certificate");
		assert_int_equal(readers(nobody, 1, &err), -1);
		assert_int_equal(err.kind, ERR_ABSENT);
	}
}

/* What is in memory follows each change. */
static void changes_are_seen(void **state)
{
	struct err err = { 0 };

	(void)state;
	must(give(0, &world[WORLD_P256], secret, &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_P256);
	must(give(0, &world[WORLD_P384], secret, &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_P384);
	must(take_away(0, 2, &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_P256);
	must(take_away(0, 1, &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), -1);
	must(give(0, &world[WORLD_RSA], "quite another one", &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_RSA);
	must(dir_account_remove(slice_str(mail_users[0]), &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), -1);
	static const char *const secrets[] = { "secret", NULL };
	must(dir_account_add(slice_str(mail_users[0]), secrets, &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), -1);
}

static void after_a_restart(void **state)
{
	struct err err = { 0 };

	(void)state;
	must(give(2, &world[WORLD_P384], secret, &err), &err);
	mail_close();
	mail_open(data);
	assert_int_equal(readers(mail_users + 2, 1, &err), 1 << WORLD_P384);
}

static atomic_bool ending;

static void *encrypt_often(void *arg)
{
	size_t bad = 0;

	while (!ending) {
		struct buf out = { 0 };
		if (store_filter_encrypt(
			slice_str(message), mail_users, 1 + (size_t)arg % 2, &out, NULL) != 0)
			bad++;
		buf_done(&out);
	}
	return (void *)bad;
}

static void while_it_changes(void **state)
{
	pthread_t threads[4];
	struct err err = { 0 };

	(void)state;
	must(give(0, &world[WORLD_P256], secret, &err), &err);
	must(give(1, &world[WORLD_RSA], secret, &err), &err);
	ending = false;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, encrypt_often, (void *)i), 0);
	for (uint32_t i = 0; i < 3; i++) {
		must(give(0, &world[WORLD_P384], secret, &err), &err);
		must(take_away(0, 2, &err), &err);
	}
	ending = true;
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *bad;
		pthread_join(threads[i], &bad);
		assert_int_equal((size_t)bad, 0);
	}
	assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_P256);
}

/* --- secrets --- */

static int open_key(size_t user, const char *with, struct err *err)
{
	struct pool pool = { 0 };
	struct dir_account account = account_of(user, &pool);
	struct identities all;
	struct buf key = { 0 };

	must(identities_get(&account, &pool, &all, err), err);
	int rc = identity_open(&account, identity_current(&all), slice_str(with), &key, err);
	assert_int_equal(key.n > 0, rc == 0);
	buf_wipe(&key);
	pool_done(&pool);
	return rc;
}

/* C-105: a wrong one is slowed, for this account alone. */
static void wrong_ones(void **state)
{
	struct err err = { 0 };

	(void)state;
	must(conf_set(
		 conf_find(SLICE("auth.failure-delay")), CONF_SERVER, SLICE(""), SLICE("1m"), &err),
	    &err);
	must(conf_set(conf_find(SLICE("auth.failure-delay-max")), CONF_SERVER, SLICE(""),
		 SLICE("5m"), &err),
	    &err);
	must(give(0, &world[WORLD_P256], secret, &err), &err);
	must(give(1, &world[WORLD_P256], secret, &err), &err);
	must(open_key(0, secret, &err), &err);
	assert_int_equal(open_key(0, "a secret of yours", &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(open_key(0, secret, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	must(open_key(1, secret, &err), &err);
	limit_succeed(NULL, SLICE("smime ann@alpha.test"));
	must(open_key(0, secret, &err), &err);
	must(conf_set(
		 conf_find(SLICE("auth.failure-delay")), CONF_SERVER, SLICE(""), SLICE(""), &err),
	    &err);
	must(conf_set(conf_find(SLICE("auth.failure-delay-max")), CONF_SERVER, SLICE(""), SLICE(""),
		 &err),
	    &err);
}

static void one_for_all(void **state)
{
	struct pool pool = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(give(0, &world[WORLD_P256], "short", &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	must(give(0, &world[WORLD_P256], secret, &err), &err);
	assert_int_equal(give(0, &world[WORLD_RSA], "quite another one", &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	limit_succeed(NULL, SLICE("smime ann@alpha.test"));
	must(give(0, &world[WORLD_RSA], secret, &err), &err);
	struct dir_account account = account_of(0, &pool);
	assert_int_equal(
	    identity_secret(&account, SLICE("wrong one"), SLICE("the next one"), &err), -1);
	limit_succeed(NULL, SLICE("smime ann@alpha.test"));
	assert_int_equal(identity_secret(&account, slice_str(secret), SLICE("short"), &err), -1);
	must(identity_secret(&account, slice_str(secret), SLICE("the next one"), &err), &err);
	must(open_key(0, "the next one", &err), &err);
	assert_int_equal(open_key(0, secret, &err), -1);
	limit_succeed(NULL, SLICE("smime ann@alpha.test"));
	pool_done(&pool);
}

/* --- records --- */

static void damaged(void **state)
{
	static const struct slice bad[] = { { "x", 1 }, { "\1", 1 },
		{ "\1\0\0\0\0\0\0\0\1\0\0\0\2a", 14 }, { "\2\0\0\0\0\0\0\0\1\0\0\0\0", 13 } };
	struct pool pool = { 0 };
	struct identities all;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct dir_account account = account_of(0, &pool);
		struct acct *acct = acct_open(account.id, account.shard);
		struct acct_record record = { SLICE("i\0\0\0\1"), bad[i] };
		must(acct_record_put(acct, "smime", &record, 1, &err), &err);
		acct_close(&acct);
		assert_int_equal(identities_get(&account, &pool, &all, &err), -1);
		assert_int_equal(err.kind, ERR_TEMP);
		assert_int_equal(readers(mail_users, 1, &err), -1);
	}
	pool_done(&pool);
}

static void certificate_alone(void **state)
{
	struct pool pool = { 0 };
	struct err err = { 0 };
	struct dir_account account = account_of(0, &pool);
	struct identity_new new = { .chain = buf_slice(&world[WORLD_P256].cert) };
	struct identities all;

	(void)state;
	must(identity_add(&account, &new, &err), &err);
	assert_int_equal(readers(mail_users, 1, &err), 1 << WORLD_P256);
	must(identities_get(&account, &pool, &all, &err), &err);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.list[0].key.n, 0);
	/* a first key may have any secret */
	must(give(0, &world[WORLD_RSA], secret, &err), &err);
	assert_int_equal(
	    identity_secret(&account, slice_str(secret), SLICE("the next one"), &err), 0);
	pool_done(&pool);
}

#define IN_A_WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(for_whom),
		IN_A_WORLD(changes_are_seen),
		IN_A_WORLD(after_a_restart),
		IN_A_WORLD(while_it_changes),
		IN_A_WORLD(wrong_ones),
		IN_A_WORLD(one_for_all),
		IN_A_WORLD(damaged),
		IN_A_WORLD(certificate_alone),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
