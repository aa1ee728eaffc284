/* test_http_session.c - logins of the pages and tokens of the API: how they begin, and all the ways
 * they end */
#include "tests/unit/mail_world.h"

#include <stdlib.h>
#include <time.h>

#include "core/num.h"
#include "protocols/http/http_private.h"
#include "protocols/http/token.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static const char *const ann = "ann@alpha.test";

/* --- records made older than they are --- */

struct aging {
	struct buf keys, values;
	size_t n, key_n, value_n;
};

static bool note(void *arg, struct slice key, struct slice value)
{
	struct aging *aging = arg;

	buf_adds(&aging->keys, key);
	buf_adds(&aging->values, value);
	aging->key_n = key.n;
	aging->value_n = value.n;
	aging->n++;
	return true;
}

/* Both rooms begin a record with two times; all records of a test are equally
   long. */
static size_t age(const char *room, int64_t first, int64_t second)
{
	struct aging aging = { 0 };
	struct err err;

	assert_int_equal(store_record_each(room, (struct slice){ 0 }, note, &aging), 0);
	for (size_t i = 0; i < aging.n; i++) {
		unsigned char *p = (unsigned char *)aging.values.p + i * aging.value_n;
		num_put64(p, num_get64(p) - (uint64_t)first);
		num_put64(p + 8, num_get64(p + 8) - (uint64_t)second);
		if (store_record_put(room, slice_of(aging.keys.p + i * aging.key_n, aging.key_n),
			slice_of(p, aging.value_n), &err) != 0)
			fail_msg("%s", err.text);
	}
	buf_done(&aging.keys);
	buf_done(&aging.values);
	return aging.n;
}

/* --- logins --- */

static struct slice begin(struct pool *pool, const char *address)
{
	struct err err;
	char *cookie = http_session_new(pool, address, &err);

	if (!cookie)
		fail_msg("%s", err.text);
	return slice_str(cookie);
}

static bool is_in(struct slice cookie, const char *address)
{
	struct pool pool = { 0 };
	struct dir_account account;
	int found = http_session_find(&pool, cookie, &account);

	assert_true(found >= 0);
	if (found)
		assert_string_equal(account.name, address);
	pool_done(&pool);
	return found == 1;
}

static void test_login(void **state)
{
	struct pool pool = { 0 };
	struct slice one = begin(&pool, ann), two = begin(&pool, ann);

	(void)state;
	want_true("two logins", !slice_eq(one, two) && is_in(one, ann) && is_in(two, ann));
	http_session_end(one);
	want_true("one ended", !is_in(one, ann) && is_in(two, ann));
	for (size_t i = 0; i < two.n; i++) {
		char *copy = pool_str(&pool, two);
		copy[i] ^= 1;
		want_true("one bit", !is_in(slice_of(copy, two.n), ann));
		want_true("cut", !is_in(slice_head(two, i), ann));
	}
	want_true("still in", is_in(two, ann));
	http_session_end(two);
	pool_done(&pool);
}

/* Default: 2 hours without a click, 12 hours in all. */
static void test_time(void **state)
{
	struct pool pool = { 0 };
	struct slice cookie = begin(&pool, ann);

	(void)state;
	assert_int_equal(age("http-session", HOUR, HOUR), 1);
	want_true("idle for an hour", is_in(cookie, ann));
	assert_int_equal(age("http-session", HOUR, HOUR + HOUR / 2), 1);
	want_true("clicked in between", is_in(cookie, ann));
	age("http-session", 0, 2 * HOUR + 2);
	want_true("idle for two", !is_in(cookie, ann));
	want_num("its record is gone", (int64_t)age("http-session", 0, 0), 0);

	cookie = begin(&pool, ann);
	age("http-session", 12 * HOUR + 2, 0);
	want_true("busy for twelve", !is_in(cookie, ann));
	cookie = begin(&pool, ann);
	age("http-session", -HOUR, -HOUR);
	want_true("from the future", !is_in(cookie, ann));
	pool_done(&pool);
}

static void test_account(void **state)
{
	static const char *const other[] = { "another secret", NULL };
	struct pool pool = { 0 };
	struct err err;
	struct slice cookie = begin(&pool, "bob@alpha.test");

	(void)state;
	assert_int_equal(dir_account_suspend(SLICE("bob@alpha.test"), true, &err), 0);
	want_true("suspended", !is_in(cookie, "bob@alpha.test"));
	assert_int_equal(dir_account_suspend(SLICE("bob@alpha.test"), false, &err), 0);
	want_true("ended is ended", !is_in(cookie, "bob@alpha.test"));

	cookie = begin(&pool, "bob@alpha.test");
	assert_int_equal(dir_account_secrets(SLICE("bob@alpha.test"), other, &err), 0);
	want_true("new password", !is_in(cookie, "bob@alpha.test"));

	cookie = begin(&pool, "bob@alpha.test");
	assert_int_equal(dir_account_remove(SLICE("bob@alpha.test"), &err), 0);
	assert_int_equal(dir_account_add(SLICE("bob@alpha.test"), other, &err), 0);
	want_true("another of that name", !is_in(cookie, "bob@alpha.test"));
	pool_done(&pool);
}

/* Default: 20 of an account. */
static void test_bounded(void **state)
{
	struct pool pool = { 0 };
	struct slice cookies[25];
	int in = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cookies); i++)
		cookies[i] = begin(&pool, ann);
	struct slice other = begin(&pool, "cy@beta.test");
	for (size_t i = 0; i < COUNT(cookies); i++)
		in += is_in(cookies[i], ann);
	want_num("20 of them", in, 20);
	want_true("the newest", is_in(cookies[24], ann));
	want_true("another account's", is_in(other, "cy@beta.test"));
	pool_done(&pool);
}

/* --- tokens --- */

static struct slice make(struct pool *pool, const char *name, enum op_role role, const char *scope)
{
	struct dir_account account = { 0 };
	struct err err;

	if (role == OP_USER)
		assert_int_equal(dir_account(slice_str(scope), pool, &account), 1);
	struct http_token token = { .name = name,
		.role = role,
		.scope = scope,
		.account = account.id,
		.created = time(NULL),
		.expires = time(NULL) + 90 * DAY };
	char *text = http_token_make(pool, &token, &err);
	if (!text)
		fail_msg("%s: %s", name, err.text);
	return slice_str(text);
}

static void test_tokens(void **state)
{
	static const struct {
		const char *name, *scope;
		enum op_role role;
		const char *caller, *domain;
	} cases[] = {
		{ "s", "", OP_SERVER_ADMIN, "token s", NULL },
		{ "d", "alpha.test", OP_DOMAIN_ADMIN, "token d", "alpha.test" },
		{ "u", "cy@beta.test", OP_USER, "cy@beta.test", "beta.test" },
	};
	struct pool pool = { 0 };
	struct op_caller caller;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice text = make(&pool, cases[i].name, cases[i].role, cases[i].scope);
		want_num(cases[i].name, http_token_find(&pool, text, &caller), 1);
		want_num(cases[i].name, caller.role, cases[i].role);
		want_text(cases[i].name, slice_str(caller.name), cases[i].caller);
		want_text(cases[i].name, slice_str(caller.domain),
		    cases[i].domain ? cases[i].domain : "");
		char *other = pool_str(&pool, text);
		other[text.n - 1] ^= 1;
		want_num("forged", http_token_find(&pool, slice_of(other, text.n), &caller), 0);
		want_num("cut", http_token_find(&pool, slice_head(text, text.n - 1), &caller), 0);
	}
	pool_done(&pool);
}

static void test_tokens_end(void **state)
{
	struct pool pool = { 0 };
	struct op_caller caller;
	struct slice text = make(&pool, "x", OP_SERVER_ADMIN, "");
	struct err err;

	(void)state;
	struct http_token again = { .name = "x", .scope = "", .created = time(NULL) };
	want_true("a name once", !http_token_make(&pool, &again, &err) && err.kind == ERR_EXISTS);
	want_num("good", http_token_find(&pool, text, &caller), 1);

	text = make(&pool, "y", OP_DOMAIN_ADMIN, "gone.test");
	want_num("no such domain", http_token_find(&pool, text, &caller), 0);
	pool_done(&pool);
}

static int open_world(void **state)
{
	char *dir = tempdir_new(), *data = tempdir_path(dir, "data");

	mail_open(data);
	mail_make_users();
	free(data);
	*state = dir;
	return 0;
}

static int close_world(void **state)
{
	char *dir = *state;

	mail_close();
	tempdir_remove(&dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_tokens_end),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
