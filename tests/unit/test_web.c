/* test_web.c - pages as rows: templates compile, forms give operations what they take */
#include "webadmin/web.h"

#include "tests/unit/unit.h"

/* Every template compiles and links; every page has one. */
static void templates(void **state)
{
	struct err err = { 0 };

	(void)state;
	if (web_start(&err) != 0)
		fail_msg("%s", err.text);
	web_stop();
}

static const struct op_arg *arg_of(const struct op *op, const char *name)
{
	for (const struct op_arg *arg = op->args; arg && arg->name; arg++)
		if (strcmp(arg->name, name) == 0)
			return arg;
	return NULL;
}

static bool has_field(const struct web_action *action, const char *name)
{
	for (const struct web_field *f = action->fields; f && f->name; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

/* What the page writes back is never what the operation calls a secret; but
   certificates, a request for one or a script are so only because they are long. */
static bool may_be_shown(const struct web_field *field)
{
	static const char *const public[] = { "script", "pem", "request", "chain" };

	for (size_t i = 0; i < COUNT(public); i++)
		if (strcmp(field->name, public[i]) == 0 && field->kind == WEB_AREA)
			return true;
	return false;
}

static void check_field(const char *where, const struct op *op, const struct web_field *field)
{
	const struct op_arg *arg = arg_of(op, field->name);
	bool secret =
	    field->kind == WEB_PASSWORD || field->kind == WEB_FILE || field->flags & WEB_SECRET;

	if (field->flags & (WEB_LOCAL | WEB_AGAIN | WEB_MORE))
		return;
	if (!arg)
		fail_msg("%s: %s takes no %s", where, op->name, field->name);
	if (arg->type == OP_SECRET && !secret && !may_be_shown(field))
		fail_msg("%s: the secret %s of %s would be shown", where, field->name, op->name);
	if (!!(arg->flags & OP_MANY) != !!(field->flags & WEB_WORDS))
		fail_msg("%s: %s of %s is a list", where, field->name, op->name);
}

static void check_action(const char *where, const struct web_action *action)
{
	const struct op *op = action->op ? op_find(slice_str(action->op)) : NULL;

	if (action->op && !op)
		fail_msg("%s: there is no operation %s", where, action->op);
	for (const struct web_field *f = action->fields; op && f && f->name; f++)
		check_field(where, op, f);
	for (const struct op_arg *arg = op ? op->args : NULL; arg && arg->name; arg++)
		if (arg->flags & OP_REQUIRED && !action->run && !has_field(action, arg->name))
			fail_msg("%s: %s needs %s", where, op->name, arg->name);
}

static void actions(void **state)
{
	(void)state;
	for (size_t i = 0; i < web_page_table_n; i++) {
		const struct web_page *page = web_page_table[i];

		for (const struct web_action *a = page->actions; a && a->name; a++)
			check_action(page->route->path, a);
	}
}

/* Who may not change anything may not post. */
static void methods(void **state)
{
	(void)state;
	for (size_t i = 0; i < web_page_table_n; i++) {
		const struct web_page *page = web_page_table[i];
		bool posts = page->route->methods & HTTP_POST;

		want_true(page->route->path, posts == (page->actions != NULL));
		want_true(page->route->path, page->route->methods & HTTP_GET);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates),
		cmocka_unit_test(actions),
		cmocka_unit_test(methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
