/* test_script.c - scripts of server, domains and accounts: kept, made active, compiled once */
#include "tests/unit/box_world.h"

#include <pthread.h>

#include "storage/acct_record.h"
#include "storage/dir.h"
#include "storage/script.h"

static struct slice of(const char *text)
{
	return slice_str(text);
}

/* ann@alpha.test, in a domain of her own. */
static struct script_owner make_account(struct pool *pool)
{
	const char *const secrets[] = { NULL };
	struct dir_account account;
	struct err err;

	if (dir_domain_add(of("alpha.test"), &err) != 0 ||
	    dir_account_add(of("ann@alpha.test"), secrets, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(dir_account(of("ann@alpha.test"), pool, &account), 1);
	return script_of_account(account.id, account.shard);
}

static void put(const struct script_owner *owner, const char *name, const char *text)
{
	struct err err = { 0 };

	if (script_put(owner, of(name), of(text), NULL, &err) != 0)
		fail_msg("%s: %s", name, err.text);
}

static void activate(const struct script_owner *owner, const char *name)
{
	struct err err = { 0 };

	if (script_activate(owner, of(name), &err) != 0)
		fail_msg("%s: %s", name, err.text);
}

/* Name of the active script as delivery sees it; "" when there is none. */
static void want_active(const struct script_owner *owner, const char *want)
{
	struct script *script;
	int found = script_active(owner, &script);

	assert_int_equal(found, *want != '\0');
	if (found)
		assert_string_equal(script_name(script), want);
	script_release(&script);
}

static bool show(void *arg, const struct script_info *info)
{
	buf_printf(
	    arg, "%.*s%s=%zu ", SLICE_ARG(info->name), info->active ? "*" : "", info->text.n);
	return true;
}

static void want_list(const struct script_owner *owner, const char *want)
{
	struct buf out = { 0 };

	assert_int_equal(script_list(owner, show, &out), 0);
	want_text("list", buf_slice(&out), want);
	buf_done(&out);
}

static void want_fault(int rc, enum err_kind kind, const struct err *err)
{
	assert_int_equal(rc, -1);
	assert_int_equal(err->kind, kind);
}

static void life_of(const struct script_owner *owner)
{
	struct err err = { 0 };
	struct buf text = { 0 };

	want_list(owner, "");
	want_active(owner, "");
	put(owner, "b", "keep;");
	put(owner, "a", "");
	want_active(owner, "");
	want_list(owner, "a=0 b=5 ");
	activate(owner, "b");
	want_active(owner, "b");
	want_list(owner, "a=0 b*=5 ");
	want_fault(script_remove(owner, of("b"), &err), ERR_DENIED, &err);
	want_fault(script_rename(owner, of("b"), of("a"), &err), ERR_EXISTS, &err);
	assert_int_equal(script_rename(owner, of("b"), of("c"), &err), 0);
	want_active(owner, "c");
	want_list(owner, "a=0 c*=5 ");
	activate(owner, "a");
	want_active(owner, "a");
	assert_int_equal(script_remove(owner, of("c"), &err), 0);
	assert_int_equal(script_get(owner, of("a"), &text), 1);
	assert_int_equal(text.n, 0);
	assert_int_equal(script_get(owner, of("c"), &text), 0);
	activate(owner, "");
	want_active(owner, "");
	want_list(owner, "a=0 ");
	want_fault(script_activate(owner, of("c"), &err), ERR_ABSENT, &err);
	want_fault(script_remove(owner, of("c"), &err), ERR_ABSENT, &err);
	want_fault(script_rename(owner, of("c"), of("d"), &err), ERR_ABSENT, &err);
	buf_done(&text);
}

static void lives_everywhere(void **state)
{
	struct pool pool = { 0 };
	struct script_owner account = make_account(&pool);
	struct script_owner domain = script_of_domain(of("alpha.test"));
	struct script_owner server = script_of_server();

	(void)state;
	life_of(&account);
	life_of(&domain);
	life_of(&server);
	activate(&domain, "a");
	want_active(&server, "");
	want_active(&account, "");
	pool_done(&pool);
}

static void refuses(void **state)
{
	static const char *const names[] = { "", "a\nb", "a\x7f", "a\xc2\x85", "\xe2\x80\xa8",
		"\xff" };
	struct script_owner owner = script_of_server();
	struct err err = { 0 };
	struct buf warnings = { 0 };
	char name[16];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		want_fault(
		    script_put(&owner, of(names[i]), of("keep;"), NULL, &err), ERR_INPUT, &err);
	want_fault(script_put(&owner, of("a"), of("\nnone;"), NULL, &err), ERR_INPUT, &err);
	assert_string_equal(err.text, "line 2: there is no command 'none'");
	want_fault(script_room(&owner, of("a"), sieve_script_max() + 1, &err), ERR_LIMIT, &err);
	assert_int_equal(script_put(&owner, of("w"), of("stop; keep;"), &warnings, &err), 0);
	assert_true(warnings.n > 0);
	for (int i = 1; i < 32; i++) {
		snprintf(name, sizeof name, "s%d", i);
		put(&owner, name, "keep;");
	}
	want_fault(script_put(&owner, of("more"), of("keep;"), NULL, &err), ERR_LIMIT, &err);
	put(&owner, "s1", "discard;");
	buf_done(&warnings);
}

/* What lies on the disk is changed behind the cache: it is not asked again. */
static void asks_the_disk_once(void **state)
{
	struct pool pool = { 0 };
	struct script_owner owner = make_account(&pool);
	struct acct *acct = acct_open(owner.account, owner.shard);
	struct acct_record active = { SLICE("a"), SLICE("\1main") };
	struct acct_record text = { SLICE("tmain"), SLICE("\1keep;") };
	struct err err;

	(void)state;
	want_active(&owner, "");
	assert_int_equal(acct_record_put(acct, "sieve", &active, 1, &err), 0);
	assert_int_equal(acct_record_put(acct, "sieve", &text, 1, &err), 0);
	want_active(&owner, "");
	put(&owner, "other", "keep;");
	want_active(&owner, "main");
	text.value = of("\1none;");
	assert_int_equal(acct_record_put(acct, "sieve", &text, 1, &err), 0);
	want_active(&owner, "main");
	put(&owner, "other", "keep;");
	want_active(&owner, ""); /* does not compile any more */
	acct_close(&acct);
	pool_done(&pool);
}

static void outlives_a_restart(void **state)
{
	struct pool pool = { 0 };
	struct script_owner owner = make_account(&pool), server = script_of_server();

	put(&owner, "main", "keep;");
	activate(&owner, "main");
	put(&server, "all", "discard;");
	activate(&server, "all");
	world_reopen(state);
	want_active(&owner, "main");
	want_active(&server, "all");
	pool_done(&pool);
}

static void goes_with_its_domain(void **state)
{
	struct script_owner domain = script_of_domain(of("beta.test"));
	struct err err = { 0 };

	(void)state;
	assert_int_equal(dir_domain_add(of("beta.test"), &err), 0);
	put(&domain, "a", "keep;");
	put(&domain, "b", "keep;");
	activate(&domain, "b");
	want_active(&domain, "b");
	assert_int_equal(dir_domain_remove(of("beta.test"), &err), 0);
	assert_int_equal(dir_domain_add(of("beta.test"), &err), 0);
	want_active(&domain, "");
	want_list(&domain, "");
}

/* A script that is replaced while it runs lives until it is released. */
static void is_counted(void **state)
{
	struct script_owner owner = script_of_server();
	struct sieve_message message = { .text = SLICE("A: b\r\n\r\n") };
	struct sieve_action *actions;
	struct script *old;
	struct pool pool = { 0 };

	(void)state;
	put(&owner, "a", "require \"fileinto\"; fileinto \"Old\";");
	activate(&owner, "a");
	assert_int_equal(script_active(&owner, &old), 1);
	put(&owner, "a", "discard;");
	assert_int_equal(sieve_run(script_compiled(old), &message, &pool, &actions, NULL), 0);
	want_text("mailbox", actions->name, "Old");
	script_release(&old);
	pool_done(&pool);
}

static void *deliver_often(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		struct script *script;
		if (script_active(arg, &script) == 1 && strcmp(script_name(script), "a") != 0)
			abort();
		script_release(&script);
	}
	return NULL;
}

/* Readers meanwhile never see anything else than old or new, and the last
   change is what is seen at the end. */
static void changes_under_load(void **state)
{
	struct script_owner owner = script_of_server();
	pthread_t readers[3];

	(void)state;
	put(&owner, "a", "keep;");
	for (size_t i = 0; i < COUNT(readers); i++)
		assert_int_equal(pthread_create(&readers[i], NULL, deliver_often, &owner), 0);
	for (int i = 0; i < 100; i++) {
		activate(&owner, "a");
		want_active(&owner, "a");
		activate(&owner, "");
		want_active(&owner, "");
	}
	for (size_t i = 0; i < COUNT(readers); i++)
		pthread_join(readers[i], NULL);
	want_active(&owner, "");
}

static void add_keep(void *arg, struct slice text, struct buf *out)
{
	(void)arg;
	buf_adds(out, text);
	buf_addz(out, "keep;");
}

static void blank(void *arg, struct slice text, struct buf *out)
{
	(void)arg;
	(void)text;
	buf_addz(out, " \n");
}

static void *edit_often(void *arg)
{
	for (int i = 0; i < 50; i++)
		if (script_edit(arg, SLICE("made"), add_keep, NULL, NULL) != 0)
			abort();
	return NULL;
}

/* No edit is lost, and what was made is removed. */
static void edits(void **state)
{
	struct script_owner owner = script_of_server();
	pthread_t other;
	struct buf text = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, edit_often, &owner), 0);
	edit_often(&owner);
	pthread_join(other, NULL);
	want_active(&owner, "made");
	assert_int_equal(script_get(&owner, SLICE("made"), &text), 1);
	assert_int_equal(text.n, 100 * strlen("keep;"));
	assert_int_equal(script_edit(&owner, SLICE("made"), blank, NULL, &err), 0);
	want_active(&owner, "");
	want_list(&owner, "");
	assert_int_equal(script_edit(&owner, SLICE("made"), blank, NULL, &err), 0);
	put(&owner, "own", "keep;");
	activate(&owner, "own");
	assert_int_equal(script_edit(&owner, SLICE("made"), blank, NULL, &err), 0);
	want_active(&owner, "own");
	want_list(&owner, "own*=2 ");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(lives_everywhere),
		WORLD_TEST(refuses),
		WORLD_TEST(asks_the_disk_once),
		WORLD_TEST(outlives_a_restart),
		WORLD_TEST(goes_with_its_domain),
		WORLD_TEST(is_counted),
		WORLD_TEST(changes_under_load),
		WORLD_TEST(edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
