/* test_dir.c - the directory: names, rules of change, where addresses lead */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <sys/file.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/conf.h"
#include "core/loop.h"
#include "core/op.h"
#include "storage/dir.h"
#include "storage/store.h"
#include "tests/unit/tempdir.h"

static char *data;
static int told, told_removed;
static char told_name[100];

static void on_domain(void *arg, struct slice name, bool removed)
{
	(void)arg;
	told++;
	told_removed += removed;
	memcpy(told_name, name.p, name.n);
	told_name[name.n] = '\0';
}

static void open_store(void)
{
	struct err err;

	if (store_open(data, &err) < 0 || store_start(&err) < 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	static struct dir_watch watch = { .domain = on_domain };
	static bool watching;

	(void)state;
	if (!watching)
		dir_watch(&watch);
	watching = true;
	told = told_removed = 0;
	data = tempdir_new();
	open_store();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	threads_stop();
	store_close();
	tempdir_remove(&data);
	return 0;
}

/* --- steps --- */

static struct slice str(const char *s)
{
	return slice_str(s);
}

static void good(int r, const struct err *err)
{
	if (r != 0)
		fail_msg("%s", err->text);
}

static void bad(int r, const struct err *err, enum err_kind kind)
{
	assert_int_equal(r, -1);
	assert_string_equal(err_kind_name(err->kind), err_kind_name(kind));
	assert_true(err->text[0] != '\0');
}

#define GOOD(call)                                                                                 \
	do {                                                                                       \
		struct err err = { 0 };                                                            \
		good((call), &err);                                                                \
	} while (0)
#define BAD(call, kind)                                                                            \
	do {                                                                                       \
		struct err err = { 0 };                                                            \
		bad((call), &err, (kind));                                                         \
	} while (0)

static void add_domain(const char *name)
{
	GOOD(dir_domain_add(str(name), &err));
}

static void add_account(const char *name)
{
	static const char *const secrets[] = { "SCRAM-SHA-256$4096:c2FsdA==$a:b", NULL };

	GOOD(dir_account_add(str(name), secrets, &err));
}

static void add_alias(const char *name, const char *targets)
{
	GOOD(dir_alias_add(str(name), str(targets), &err));
}

/* --- domains --- */

static bool list_domain(void *arg, const struct dir_domain *domain)
{
	buf_addz(arg, domain->name);
	buf_addc(arg, domain->main ? '*' : ' ');
	return true;
}

static void expect_domains(const char *want)
{
	struct buf list = { 0 };

	assert_int_equal(dir_domains(list_domain, &list), 0);
	assert_string_equal(buf_z(&list), want);
	buf_done(&list);
}

static void domains(void **state)
{
	struct pool pool = { 0 };
	struct dir_domain domain;

	(void)state;
	assert_int_equal(dir_main_domain(&pool, &domain), 0);
	assert_int_equal(dir_domain(str("beta.test"), &pool, &domain), 0);
	add_domain("Beta.Test");
	assert_string_equal(told_name, "beta.test");
	add_domain("alpha.test");
	add_domain("b\xc3\xbc"
		   "cher.test");
	expect_domains("alpha.test beta.test*xn--bcher-kva.test ");
	assert_int_equal(told, 3);

	BAD(dir_domain_add(str("BETA.test"), &err), ERR_EXISTS);
	BAD(dir_domain_add(str("no domain"), &err), ERR_INPUT);
	BAD(dir_domain_add(str(""), &err), ERR_INPUT);

	assert_int_equal(dir_domain(str("B\xc3\x9c"
					"CHER.test"),
			     &pool, &domain),
	    1);
	assert_string_equal(domain.name, "xn--bcher-kva.test");
	assert_true(domain.id > 0);
	assert_true(dir_is_domain(str("ALPHA.test")));
	assert_false(dir_is_domain(str("gamma.test")));

	GOOD(dir_domain_main(str("alpha.test"), &err));
	expect_domains("alpha.test*beta.test xn--bcher-kva.test ");
	assert_int_equal(dir_main_domain(&pool, &domain), 1);
	assert_string_equal(domain.name, "alpha.test");
	BAD(dir_domain_main(str("gamma.test"), &err), ERR_ABSENT);
	BAD(dir_domain_remove(str("alpha.test"), &err), ERR_BUSY);
	BAD(dir_domain_remove(str("gamma.test"), &err), ERR_ABSENT);
	add_account("ann@beta.test");
	BAD(dir_domain_remove(str("beta.test"), &err), ERR_BUSY);
	GOOD(dir_account_remove(str("ann@beta.test"), &err));
	told_removed = 0;
	GOOD(dir_domain_remove(str("beta.test"), &err));
	assert_int_equal(told_removed, 1);
	GOOD(dir_domain_remove(str("xn--bcher-kva.test"), &err));
	GOOD(dir_domain_remove(str("alpha.test"), &err)); /* the last one may go */
	expect_domains("");
	assert_int_equal(dir_main_domain(&pool, &domain), 0);
	add_domain("beta.test");
	expect_domains("beta.test*");
	pool_done(&pool);
}

static void domain_properties(void **state)
{
	struct pool pool = { 0 };
	struct dir_domain domain;

	(void)state;
	add_domain("alpha.test");
	add_domain("beta.test");
	GOOD(dir_domain_catch_all(str("alpha.test"), str("Bob@Beta.test"), &err));
	GOOD(dir_domain_addresses(str("alpha.test"), str(" 127.0.0.2  ::0001 "), &err));
	assert_int_equal(dir_domain(str("alpha.test"), &pool, &domain), 1);
	assert_string_equal(domain.catch_all, "bob@beta.test");
	assert_string_equal(domain.addresses, "127.0.0.2 ::1");

	BAD(dir_domain_catch_all(str("alpha.test"), str("nobody"), &err), ERR_INPUT);
	BAD(dir_domain_addresses(str("alpha.test"), str("127.0.0.256"), &err), ERR_INPUT);
	BAD(dir_domain_addresses(str("beta.test"), str("127.0.0.3 ::1"), &err), ERR_EXISTS);
	GOOD(dir_domain_addresses(str("alpha.test"), str("::1"), &err)); /* its own */
	GOOD(dir_domain_addresses(str("beta.test"), str("127.0.0.2"), &err));

	GOOD(dir_domain_catch_all(str("alpha.test"), str(""), &err));
	GOOD(dir_domain_addresses(str("alpha.test"), str(""), &err));
	assert_int_equal(dir_domain(str("alpha.test"), &pool, &domain), 1);
	assert_null(domain.catch_all);
	assert_null(domain.addresses);
	BAD(dir_domain_catch_all(str("gamma.test"), str(""), &err), ERR_ABSENT);
	pool_done(&pool);
}

static void domain_aliases(void **state)
{
	struct pool pool = { 0 };
	struct dir_domain domain;
	struct dir_account account;
	struct buf list = { 0 };

	(void)state;
	add_domain("alpha.test");
	add_domain("beta.test");
	GOOD(dir_domain_alias_add(str("alias.test"), str("alpha.test"), &err));
	BAD(dir_domain_alias_add(str("alias.test"), str("beta.test"), &err), ERR_EXISTS);
	BAD(dir_domain_alias_add(str("beta.test"), str("alpha.test"), &err), ERR_EXISTS);
	BAD(dir_domain_alias_add(str("other.test"), str("alias.test"), &err), ERR_ABSENT);
	BAD(dir_domain_add(str("alias.test"), &err), ERR_EXISTS);
	BAD(dir_domain_main(str("alias.test"), &err), ERR_INPUT);

	assert_true(dir_is_domain(str("alias.test")));
	assert_int_equal(dir_domain(str("alias.test"), &pool, &domain), 1);
	assert_string_equal(domain.name, "alpha.test");
	expect_domains("alpha.test*beta.test ");
	assert_int_equal(dir_domain_aliases(str("alpha.test"), list_domain, &list), 0);
	assert_string_equal(buf_z(&list), "alias.test ");

	add_account("ann@alias.test"); /* is one of alpha.test */
	assert_int_equal(dir_account(str("ann@alias.test"), &pool, &account), 1);
	assert_string_equal(account.name, "ann@alpha.test");
	GOOD(dir_account_remove(str("ann@alias.test"), &err));

	BAD(dir_domain_alias_remove(str("alpha.test"), &err), ERR_ABSENT);
	GOOD(dir_domain_alias_remove(str("alias.test"), &err));
	assert_false(dir_is_domain(str("alias.test")));
	/* aliases go with their domain */
	GOOD(dir_domain_alias_add(str("alias.test"), str("beta.test"), &err));
	add_alias("x@beta.test", "y@elsewhere.test");
	GOOD(dir_domain_remove(str("beta.test"), &err));
	assert_false(dir_is_domain(str("alias.test")));
	add_domain("beta.test");
	add_account("x@beta.test");
	buf_done(&list);
	pool_done(&pool);
}

/* --- accounts and aliases --- */

static bool list_account(void *arg, const struct dir_account *account)
{
	buf_addz(arg, account->name);
	buf_addc(arg, ' ');
	return true;
}

static void accounts(void **state)
{
	struct pool pool = { 0 };
	struct dir_account account;
	struct buf list = { 0 };
	static const char *const other[] = { "a", "b", "c", NULL };

	(void)state;
	add_domain("alpha.test");
	add_domain("alpha.testing");
	add_account("Bob@alpha.test");
	add_account("ann@alpha.test");
	add_account("cy@alpha.testing");
	add_alias("sales@alpha.test", "ann@alpha.test");
	BAD(dir_account_add(str("ANN@alpha.test"), other, &err), ERR_EXISTS);
	BAD(dir_account_add(str("sales@alpha.test"), other, &err), ERR_EXISTS);
	BAD(dir_account_add(str("ann@gamma.test"), other, &err), ERR_ABSENT);
	BAD(dir_account_add(str("ann"), other, &err), ERR_INPUT);
	BAD(dir_account_add(str("\"a b\"@alpha.test"), other, &err), ERR_INPUT);
	assert_int_equal(dir_accounts(str("alpha.test"), list_account, &list), 0);
	assert_string_equal(buf_z(&list), "ann@alpha.test bob@alpha.test ");
	buf_clear(&list);
	assert_int_equal(dir_accounts(str(""), list_account, &list), 0);
	assert_string_equal(buf_z(&list), "ann@alpha.test bob@alpha.test cy@alpha.testing ");

	assert_int_equal(dir_account(str("BOB@ALPHA.TEST"), &pool, &account), 1);
	assert_string_equal(account.name, "bob@alpha.test");
	assert_string_equal(account.secrets[0], "SCRAM-SHA-256$4096:c2FsdA==$a:b");
	assert_null(account.secrets[1]);
	assert_false(account.suspended);
	uint64_t id = account.id;

	GOOD(dir_account_suspend(str("bob@alpha.test"), true, &err));
	GOOD(dir_account_quota(str("bob@alpha.test"), 12345, &err));
	GOOD(dir_account_role(str("bob@alpha.test"), OP_DOMAIN_ADMIN, &err));
	GOOD(dir_account_secrets(str("bob@alpha.test"), other, &err));
	BAD(dir_account_role(str("bob@alpha.test"), 77, &err), ERR_INPUT);
	BAD(dir_account_suspend(str("nobody@alpha.test"), true, &err), ERR_ABSENT);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(dir_account(str("bob@alpha.test"), &pool, &account), 1);
		assert_int_equal(account.id, id);
		assert_true(account.suspended);
		assert_int_equal(account.quota, 12345);
		assert_int_equal(account.role, OP_DOMAIN_ADMIN);
		assert_string_equal(account.secrets[2], "c");
		assert_null(account.secrets[3]);
		threads_stop();
		store_close();
		open_store();
	}

	GOOD(dir_account_remove(str("bob@alpha.test"), &err));
	BAD(dir_account_remove(str("bob@alpha.test"), &err), ERR_ABSENT);
	assert_int_equal(dir_account(str("bob@alpha.test"), &pool, &account), 0);
	add_account("bob@alpha.test");
	assert_int_equal(dir_account(str("bob@alpha.test"), &pool, &account), 1);
	assert_true(account.id > id); /* another one */
	assert_int_equal(account.quota, 0);
	buf_done(&list);
	pool_done(&pool);
}

static bool list_alias(void *arg, const struct dir_alias *alias)
{
	buf_printf(arg, "%s=%s;", alias->name, alias->target);
	return true;
}

static void aliases(void **state)
{
	struct buf list = { 0 };

	(void)state;
	add_domain("alpha.test");
	add_account("ann@alpha.test");
	add_alias("Sales@alpha.test", " ann@Alpha.test   Bob@Far.test ");
	BAD(dir_alias_add(str("sales@alpha.test"), str("ann@alpha.test"), &err), ERR_EXISTS);
	BAD(dir_alias_add(str("ann@alpha.test"), str("x@alpha.test"), &err), ERR_EXISTS);
	BAD(dir_alias_add(str("x@far.test"), str("ann@alpha.test"), &err), ERR_ABSENT);
	BAD(dir_alias_add(str("x@alpha.test"), str(""), &err), ERR_INPUT);
	BAD(dir_alias_add(str("x@alpha.test"), str("ann@alpha.test bob"), &err), ERR_INPUT);
	assert_int_equal(dir_aliases(str("alpha.test"), list_alias, &list), 0);
	assert_string_equal(buf_z(&list), "sales@alpha.test=ann@alpha.test Bob@far.test;");
	GOOD(dir_alias_remove(str("sales@alpha.test"), &err));
	BAD(dir_alias_remove(str("sales@alpha.test"), &err), ERR_ABSENT);
	buf_done(&list);
}

/* --- routes --- */

static const char *route(const char *address, struct pool *pool)
{
	struct dir_target *target;
	struct buf text = { 0 };

	switch (dir_route(str(address), pool, &target)) {
	case DIR_LOCAL:
		break;
	case DIR_REMOTE:
		return "remote";
	case DIR_UNKNOWN:
		return "unknown";
	default:
		return "failed";
	}
	for (; target; target = target->next) {
		buf_addz(&text, target->account ? "" : "far:");
		buf_addz(&text, target->address);
		if (target->detail)
			buf_printf(&text, "(%s)", target->detail);
		if (target->next)
			buf_addc(&text, ' ');
	}
	const char *copy = pool_str(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

static void routes(void **state)
{
	static const struct {
		const char *address, *want;
	} cases[] = {
		{ "ann@alpha.test", "ann@alpha.test" }, { "ANN@Alpha.Test", "ann@alpha.test" },
		{ "\"ann\"@alpha.test", "ann@alpha.test" }, { "ann@alias.test", "ann@alpha.test" },
		{ "ann+x@alpha.test", "ann@alpha.test(x)" },
		{ "ann+x+y@alias.test", "ann@alpha.test(x+y)" }, { "ann+@alpha.test", "unknown" },
		{ "plus+real@alpha.test", "plus+real@alpha.test" },
		{ "ann-x@alpha.test", "unknown" }, { "nobody@alpha.test", "unknown" },
		{ "nobody+x@alpha.test", "unknown" }, { "ann@far.test", "remote" },
		{ "ann", "unknown" }, { "@alpha.test", "unknown" },
		{ "all@alpha.test", "ann@alpha.test bob@alpha.test far:Zoe@far.test" },
		{ "all+x@alpha.test", "ann@alpha.test bob@alpha.test far:Zoe@far.test" },
		{ "nested@alpha.test", "ann@alpha.test bob@alpha.test far:Zoe@far.test" },
		{ "loop1@alpha.test", "unknown" }, { "half@alpha.test", "ann@alpha.test" },
		{ "fan1@alpha.test", "bob@alpha.test" }, { "gone@alpha.test", "unknown" },
		{ "any@beta.test", "bob@alpha.test" }, { "any+x@beta.test", "bob@alpha.test" },
		{ "cy@beta.test", "cy@beta.test" }, { "any@gamma.test", "far:c@far.test" },
		{ "postmaster@alpha.test", "cy@beta.test" }, /* the server's admin */
		{ "PostMaster@alias.test", "cy@beta.test" },
		{ "postmaster@gamma.test", "ann@alpha.test" }, /* an alias of its own */
		{ "postmaster@beta.test", "cy@beta.test" },    /* before the catch-all */
	};
	struct pool pool = { 0 };

	(void)state;
	add_domain("alpha.test");
	add_domain("beta.test");
	add_domain("gamma.test");
	GOOD(dir_domain_alias_add(str("alias.test"), str("alpha.test"), &err));
	add_account("ann@alpha.test");
	add_account("bob@alpha.test");
	add_account("plus+real@alpha.test");
	add_account("cy@beta.test");
	assert_string_equal(route("postmaster@alpha.test", &pool), "unknown"); /* no admin yet */
	GOOD(dir_account_role(str("cy@beta.test"), OP_SERVER_ADMIN, &err));
	add_alias("all@alpha.test", "ann@alpha.test bob@alpha.test ann+y@alpha.test Zoe@far.test");
	add_alias("nested@alpha.test", "all@alpha.test ann@alpha.test Zoe@far.test");
	add_alias("loop1@alpha.test", "loop2@alpha.test");
	add_alias("loop2@alpha.test", "loop1@alpha.test loop1@alpha.test");
	add_alias("half@alpha.test", "nobody@alpha.test ann@alpha.test");
	add_alias("gone@alpha.test", "nobody@alpha.test");
	add_alias("fan1@alpha.test", "fan2@alpha.test fan2@alpha.test fan2@alpha.test");
	add_alias("fan2@alpha.test", "bob@alpha.test bob@alpha.test");
	add_alias("postmaster@gamma.test", "ann@alpha.test");
	GOOD(dir_domain_catch_all(str("beta.test"), str("bob@alpha.test"), &err));
	GOOD(dir_domain_catch_all(str("gamma.test"), str("c@far.test"), &err));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		print_message("%s\n", cases[i].address);
		assert_string_equal(route(cases[i].address, &pool), cases[i].want);
	}

	/* what the admin changes is seen at once */
	GOOD(dir_account_remove(str("bob@alpha.test"), &err));
	assert_string_equal(route("bob@alpha.test", &pool), "unknown");
	assert_string_equal(route("any@beta.test", &pool), "unknown");
	GOOD(dir_account_role(str("cy@beta.test"), OP_USER, &err));
	assert_string_equal(route("postmaster@alpha.test", &pool), "unknown");
	pool_done(&pool);
}

static int put_nowhere(void *arg, enum conf_scope scope, struct slice place, struct slice name,
    struct slice value, struct err *err)
{
	(void)arg, (void)scope, (void)place, (void)name, (void)value, (void)err;
	return 0;
}

static int each_nothing(void *arg,
    void (*row)(void *row_arg, enum conf_scope scope, struct slice place, struct slice name,
	struct slice value),
    void *row_arg, struct err *err)
{
	(void)arg, (void)row, (void)row_arg, (void)err;
	return 0;
}

static void route_settings(void **state)
{
	struct pool pool = { 0 };
	const struct conf_key *separator = conf_find(str("directory.separator"));
	const struct conf_key *postmaster = conf_find(str("directory.postmaster"));

	(void)state;
	add_domain("alpha.test");
	add_domain("beta.test");
	add_account("ann@alpha.test");
	add_account("ann@beta.test");
	static const struct conf_store nowhere = { .put = put_nowhere, .each = each_nothing };
	GOOD(conf_load(&nowhere, &err));
	GOOD(conf_set(separator, CONF_DOMAIN, str("alpha.test"), str("-"), &err));
	GOOD(conf_set(postmaster, CONF_SERVER, str(""), str("ann@beta.test"), &err));
	assert_string_equal(route("ann-x@alpha.test", &pool), "ann@alpha.test(x)");
	assert_string_equal(route("ann+x@alpha.test", &pool), "unknown");
	assert_string_equal(route("ann+x@beta.test", &pool), "ann@beta.test(x)");
	assert_string_equal(route("postmaster@alpha.test", &pool), "ann@beta.test");
	GOOD(conf_set(postmaster, CONF_SERVER, str(""), str(""), &err));
	GOOD(conf_set(separator, CONF_DOMAIN, str("alpha.test"), str(""), &err));
	pool_done(&pool);
}

/* --- readers while it changes: they see one state or the other --- */

static bool ending;

static void *ask(void *arg)
{
	struct pool pool = { 0 };

	(void)arg;
	while (!__atomic_load_n(&ending, __ATOMIC_RELAXED)) {
		const char *to = route("flip@alpha.test", &pool);
		assert_true(strcmp(to, "unknown") == 0 || strcmp(to, "flip@alpha.test") == 0 ||
		    strcmp(to, "ann@alpha.test") == 0);
		pool_reset(&pool);
	}
	pool_done(&pool);
	return NULL;
}

static void changes(void **state)
{
	pthread_t threads[4];
	struct pool pool = { 0 };

	(void)state;
	add_domain("alpha.test");
	add_account("ann@alpha.test");
	ending = false;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask, NULL);
	for (int i = 0; i < 100; i++) {
		add_account("flip@alpha.test");
		assert_string_equal(route("flip@alpha.test", &pool), "flip@alpha.test");
		GOOD(dir_account_remove(str("flip@alpha.test"), &err));
		assert_string_equal(route("flip@alpha.test", &pool), "unknown");
		add_alias("flip@alpha.test", "ann@alpha.test");
		assert_string_equal(route("flip@alpha.test", &pool), "ann@alpha.test");
		GOOD(dir_alias_remove(str("flip@alpha.test"), &err));
	}
	__atomic_store_n(&ending, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	pool_done(&pool);
}

static void one_process(void **state)
{
	struct err err = { 0 };

	(void)state;
	threads_stop();
	store_close();
	char *path = tempdir_path(data, "lock");
	int fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(store_open(data, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	close(fd);
	free(path);
	open_store();

	threads_stop();
	store_close();
	path = tempdir_path(data, "layout");
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "signet 2\n", 9), 9);
	assert_int_equal(store_open(data, &err), -1);
	assert_int_equal(pwrite(fd, "signet 1\n", 9, 0), 9);
	close(fd);
	free(path);
	open_store();
}

/* --- records of other rooms --- */

static bool list_record(void *arg, struct slice key, struct slice value)
{
	buf_printf(arg, "%.*s=%.*s;", SLICE_ARG(key), SLICE_ARG(value));
	return true;
}

static void records(void **state)
{
	struct buf value = { 0 };

	(void)state;
	assert_int_equal(store_record_get("pki", str("a"), &value), 0);
	GOOD(store_record_put("pki", str("a1"), str("one"), &err));
	GOOD(store_record_put("pki", str("a2"), str("two"), &err));
	GOOD(store_record_put("pki", str("b"), str("three"), &err));
	GOOD(store_record_put("pkix", str("a"), str("another room"), &err));
	assert_int_equal(store_record_get("pki", str("a1"), &value), 1);
	assert_string_equal(buf_z(&value), "one");
	buf_clear(&value);
	assert_int_equal(store_record_each("pki", str("a"), list_record, &value), 0);
	assert_string_equal(buf_z(&value), "a1=one;a2=two;");
	GOOD(store_record_put("pki", str("a1"), str(""), &err));
	assert_int_equal(store_record_get("pki", str("a1"), &value), 0);
	buf_done(&value);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(domains),
		TEST(domain_properties),
		TEST(domain_aliases),
		TEST(accounts),
		TEST(aliases),
		TEST(routes),
		TEST(route_settings),
		TEST(changes),
		TEST(one_process),
		TEST(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
