/* test_op_rule.c - signet rule: whose rules, who may, and the part that encrypts all mail */
#include "tests/unit/box_world.h"

#include <jansson.h>

#include "core/op.h"
#include "storage/dir.h"
#include "storage/script.h"

static const struct op_caller root = { .name = "root", .role = OP_SERVER_ADMIN };
static const struct op_caller admin = {
	.name = "boss@alpha.test", .role = OP_DOMAIN_ADMIN, .domain = "alpha.test"
};
static const struct op_caller ann = {
	.name = "ann@alpha.test", .role = OP_USER, .domain = "alpha.test"
};

static void make_people(void)
{
	static const char *const domains[] = { "alpha.test", "beta.test" };
	static const char *const accounts[] = { "ann@alpha.test", "bob@alpha.test",
		"boss@alpha.test", "cy@beta.test" };
	const char *const secrets[] = { NULL };
	struct err err = { 0 };

	for (size_t i = 0; i < COUNT(domains); i++)
		assert_int_equal(dir_domain_add(slice_str(domains[i]), &err), 0);
	for (size_t i = 0; i < COUNT(accounts); i++)
		assert_int_equal(dir_account_add(slice_str(accounts[i]), secrets, &err), 0);
	assert_int_equal(dir_account_role(SLICE("boss@alpha.test"), OP_DOMAIN_ADMIN, &err), 0);
}

/* "ok" or the kind of the failure. */
static void want_op(const struct op_caller *caller, const char *request, const char *want)
{
	struct buf answer = { 0 };

	op_run_text(caller, slice_str(request), &answer);
	json_t *json = json_loads(buf_z(&answer), 0, NULL);
	const char *kind = json_is_true(json_object_get(json, "ok"))
	    ? "ok"
	    : json_string_value(json_object_get(json_object_get(json, "error"), "kind"));
	if (strcmp(kind, want) != 0)
		fail_msg("%s: %s, want %s", request, answer.p, want);
	json_decref(json);
	buf_done(&answer);
}

static void want_answer(const struct op_caller *caller, const char *request, const char *part)
{
	struct buf answer = { 0 };

	op_run_text(caller, slice_str(request), &answer);
	if (!strstr(buf_z(&answer), part))
		fail_msg("%s: %s, want %s", request, answer.p, part);
	buf_done(&answer);
}

static void belongs_to_somebody(void **state)
{
	static const struct {
		const struct op_caller *caller;
		const char *request, *want;
	} cases[] = {
		{ &root, "{\"op\":\"rule list\",\"args\":{}}", "ok" },
		{ &root, "{\"op\":\"rule list\",\"args\":{\"account\":\"cy@beta.test\"}}", "ok" },
		{ &root, "{\"op\":\"rule list\",\"args\":{\"account\":\"no@beta.test\"}}",
		    "absent" },
		{ &root, "{\"op\":\"rule list\",\"args\":{\"domain\":\"beta.test\"}}", "ok" },
		{ &root, "{\"op\":\"rule list\",\"args\":{\"domain\":\"c.test\"}}", "absent" },
		{ &root,
		    "{\"op\":\"rule list\",\"args\":{\"domain\":\"beta.test\",\"account\":\"cy@beta.test\"}}",
		    "input" },
		{ &admin, "{\"op\":\"rule list\",\"args\":{\"account\":\"ann@alpha.test\"}}",
		    "ok" },
		{ &admin, "{\"op\":\"rule list\",\"args\":{\"domain\":\"alpha.test\"}}", "ok" },
		{ &admin, "{\"op\":\"rule list\",\"args\":{\"domain\":\"beta.test\"}}", "denied" },
		{ &admin, "{\"op\":\"rule list\",\"args\":{\"account\":\"cy@beta.test\"}}",
		    "denied" },
		{ &ann, "{\"op\":\"rule list\",\"args\":{\"account\":\"ann@alpha.test\"}}", "ok" },
		{ &ann, "{\"op\":\"rule list\",\"args\":{\"account\":\"bob@alpha.test\"}}",
		    "denied" },
		{ &ann, "{\"op\":\"rule list\",\"args\":{\"domain\":\"alpha.test\"}}", "denied" },
		{ &ann,
		    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"bob@alpha.test\",\"on\":true}}",
		    "denied" },
		{ &ann,
		    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"ann@alpha.test\",\"on\":true}}",
		    "ok" },
		/* Without a place: the caller's own. */
		{ &ann, "{\"op\":\"rule set\",\"args\":{\"name\":\"u\",\"script\":\"keep;\"}}",
		    "ok" },
		{ &admin, "{\"op\":\"rule set\",\"args\":{\"name\":\"d\",\"script\":\"keep;\"}}",
		    "ok" },
		{ &root, "{\"op\":\"rule set\",\"args\":{\"name\":\"s\",\"script\":\"keep;\"}}",
		    "ok" },
		{ &ann, "{\"op\":\"rule show\",\"args\":{\"name\":\"u\"}}", "ok" },
		{ &ann, "{\"op\":\"rule show\",\"args\":{\"name\":\"s\"}}", "absent" },
		{ &admin,
		    "{\"op\":\"rule show\",\"args\":{\"name\":\"d\",\"domain\":\"alpha.test\"}}",
		    "ok" },
		{ &root, "{\"op\":\"rule show\",\"args\":{\"name\":\"s\"}}", "ok" },
		{ &root, "{\"op\":\"rule show\",\"args\":{}}", "absent" },
		{ &root, "{\"op\":\"rule activate\",\"args\":{\"name\":\"s\"}}", "ok" },
		{ &root, "{\"op\":\"rule show\",\"args\":{}}", "ok" },
		{ &root, "{\"op\":\"rule remove\",\"args\":{\"name\":\"s\"}}", "denied" },
		{ &root, "{\"op\":\"rule activate\",\"args\":{}}", "ok" },
		{ &root, "{\"op\":\"rule remove\",\"args\":{\"name\":\"s\"}}", "ok" },
		{ &root, "{\"op\":\"rule remove\",\"args\":{\"name\":\"s\"}}", "absent" },
		{ &ann, "{\"op\":\"rule check\",\"args\":{\"script\":\"keep;\"}}", "ok" },
		{ &ann, "{\"op\":\"rule check\",\"args\":{\"script\":\"keep\"}}", "input" },
		{ &ann, "{\"op\":\"rule set\",\"args\":{\"name\":\"x\",\"script\":\"keep\"}}",
		    "input" },
	};

	(void)state;
	make_people();
	for (size_t i = 0; i < COUNT(cases); i++)
		want_op(cases[i].caller, cases[i].request, cases[i].want);
	want_answer(&ann,
	    "{\"op\":\"rule set\",\"args\":{\"name\":\"x\",\"script\":\"keep;\\nkeep\"}}",
	    "line 2: a ';' is missing behind keep");
	want_answer(&ann,
	    "{\"op\":\"rule set\",\"args\":{\"name\":\"x\",\"script\":\"stop; keep;\"}}",
	    "line 1: what stands behind stop is never done");
}

/* --- rule encrypt --- */

static struct script_owner owner_of(const char *address)
{
	struct pool pool = { 0 };
	struct dir_account account;

	assert_int_equal(dir_account(slice_str(address), &pool, &account), 1);
	struct script_owner owner = script_of_account(account.id, account.shard);
	pool_done(&pool);
	return owner;
}

/* What the active script does: "encrypt BOX", "keep", "into BOX", or "none". */
static void want_done(const struct script_owner *owner, const char *want)
{
	struct sieve_message message = { .text = SLICE("Subject: x\r\n\r\n") };
	struct sieve_action *actions;
	struct script *script;
	struct pool pool = { 0 };
	struct buf out = { 0 };

	if (script_active(owner, &script) == 1) {
		assert_int_equal(
		    sieve_run(script_compiled(script), &message, &pool, &actions, NULL), 0);
		for (; actions; actions = actions->next)
			buf_printf(&out, "%s %.*s;", actions->encrypt ? "encrypt" : "store",
			    SLICE_ARG(actions->name));
	}
	want_text("done", buf_slice(&out), want);
	script_release(&script);
	pool_done(&pool);
	buf_done(&out);
}

static void encrypts_all_mail(void **state)
{
	static const char *const scripts[] = {
		"",
		"keep;",
		"# mine\nkeep;\n",
		"require \"fileinto\";fileinto \"a\";",
		"require \"fileinto\";\n\n# mine\nrequire [\"copy\"];\nfileinto \"a\";\n",
		"/* x */ require \"fileinto\" ; # y\r\nfileinto \"a\";\r\n",
	};
	struct script_owner owner;
	struct buf text = { 0 };
	struct err err = { 0 };

	(void)state;
	make_people();
	owner = owner_of("ann@alpha.test");
	for (size_t i = 0; i < COUNT(scripts); i++) {
		assert_int_equal(
		    script_put(&owner, SLICE("own"), slice_str(scripts[i]), NULL, &err), 0);
		assert_int_equal(script_activate(&owner, SLICE("own"), &err), 0);
		want_op(&root,
		    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"ann@alpha.test\",\"on\":\"on\"}}",
		    "ok");
		want_done(&owner, "encrypt ;");
		want_op(&root,
		    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"ann@alpha.test\",\"on\":\"on\","
		    "\"mailbox\":\"Sa\\\"fe\"}}",
		    "ok");
		want_done(&owner, "encrypt Sa\"fe;");
		want_op(&root,
		    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"ann@alpha.test\",\"on\":\"off\"}}",
		    "ok");
		assert_int_equal(script_get(&owner, SLICE("own"), &text), 1);
		want_text("the same again", buf_slice(&text), scripts[i]);
	}
	buf_done(&text);
}

static void encrypts_without_a_script(void **state)
{
	struct script_owner owner;
	struct buf text = { 0 };

	(void)state;
	make_people();
	owner = owner_of("bob@alpha.test");
	want_done(&owner, "");
	want_op(&root,
	    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"bob@alpha.test\",\"on\":false}}",
	    "ok");
	want_op(&root,
	    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"bob@alpha.test\",\"on\":true}}",
	    "ok");
	want_done(&owner, "encrypt ;");
	want_op(&root,
	    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"bob@alpha.test\",\"on\":true,"
	    "\"mailbox\":\"\"}}",
	    "input");
	want_done(&owner, "encrypt ;");
	want_op(&root,
	    "{\"op\":\"rule encrypt\",\"args\":{\"address\":\"bob@alpha.test\",\"on\":false}}",
	    "ok");
	want_done(&owner, "");
	assert_int_equal(script_get(&owner, SLICE("signet-encrypt"), &text), 0);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(belongs_to_somebody),
		WORLD_TEST(encrypts_all_mail),
		WORLD_TEST(encrypts_without_a_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
