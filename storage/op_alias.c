/* op_alias.c - addresses that lead to others, as admins see them */
#include "core/op.h"
#include "storage/dir.h"

static int run_add(struct op_call *call)
{
	struct buf targets = { 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < op_count(call, "target"); i++)
		buf_printf(&targets, "%s%s", i ? " " : "", op_item(call, "target", i));
	int rc = dir_alias_add(slice_str(op_text(call, "name")), buf_slice(&targets), &err);
	buf_done(&targets);
	return op_done(call, rc, &err);
}

static const struct op_arg add_args[] = {
	{ "name", OP_ADDRESS, OP_REQUIRED, "the alias, in a hosted domain", NULL },
	{ "target", OP_ADDRESS, OP_REQUIRED | OP_MANY | OP_FOREIGN, "where its mail goes", NULL },
	{ 0 },
};

OPERATION(alias_add) = {
	.name = "alias add",
	.role = OP_DOMAIN_ADMIN,
	.args = add_args,
	.help = "let an address lead to one or more others, here or elsewhere",
	.example = "alias add sales@example.org ann@example.org bob@example.org",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, dir_alias_remove(slice_str(op_text(call, "name")), &err), &err);
}

static const struct op_arg remove_args[] = {
	{ "name", OP_ADDRESS, OP_REQUIRED, "the alias", NULL },
	{ 0 },
};

OPERATION(alias_remove) = {
	.name = "alias remove",
	.role = OP_DOMAIN_ADMIN,
	.args = remove_args,
	.help = "let an alias lead nowhere any more",
	.example = "alias remove sales@example.org",
	.run = run_remove,
};

static bool visit(void *arg, const struct dir_alias *alias)
{
	op_row(arg);
	op_put_text(arg, "name", slice_str(alias->name));
	op_put_text(arg, "target", slice_str(alias->target));
	return true;
}

static int run_list(struct op_call *call)
{
	const char *domain = op_text(call, "domain");

	if (!domain)
		domain = op_caller(call)->domain;
	if (dir_aliases(slice_str(domain), visit, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "domain", OP_DOMAIN, 0, "only of this domain", NULL },
	{ 0 },
};

OPERATION(alias_list) = {
	.name = "alias list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "list aliases and where they lead",
	.reads = true,
	.lists = true,
	.run = run_list,
};
