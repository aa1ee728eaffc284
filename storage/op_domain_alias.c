/* op_domain_alias.c - further names of hosted domains, as admins see them */
#include "core/op.h"
#include "storage/dir.h"

static int run_add(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    dir_domain_alias_add(
		slice_str(op_text(call, "name")), slice_str(op_text(call, "domain")), &err),
	    &err);
}

static const struct op_arg add_args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "the further name", NULL },
	{ "domain", OP_DOMAIN, OP_REQUIRED, "the hosted domain that it stands for", NULL },
	{ 0 },
};

OPERATION(domain_alias_add) = {
	.name = "domain-alias add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "give a domain another name, under which all its addresses are reached",
	.example = "domain-alias add example.net example.org",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, dir_domain_alias_remove(slice_str(op_text(call, "name")), &err), &err);
}

static const struct op_arg remove_args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "the further name", NULL },
	{ 0 },
};

OPERATION(domain_alias_remove) = {
	.name = "domain-alias remove",
	.role = OP_SERVER_ADMIN,
	.args = remove_args,
	.help = "take a further name away",
	.example = "domain-alias remove example.net",
	.run = run_remove,
};

struct list {
	struct op_call *call;
	const char *domain;
};

static bool visit_alias(void *arg, const struct dir_domain *alias)
{
	struct list *list = arg;

	op_row(list->call);
	op_put_text(list->call, "name", slice_str(alias->name));
	op_put_text(list->call, "domain", slice_str(list->domain));
	return true;
}

static bool visit_domain(void *arg, const struct dir_domain *domain)
{
	struct op_call *call = arg;
	struct list list = { call, domain->name };
	const char *only = op_text(call, "domain");

	if (only && strcmp(only, domain->name) != 0)
		return true;
	return dir_domain_aliases(slice_str(domain->name), visit_alias, &list) == 0;
}

static int run_list(struct op_call *call)
{
	if (dir_domains(visit_domain, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "domain", OP_DOMAIN, 0, "only of this domain", NULL },
	{ 0 },
};

OPERATION(domain_alias_list) = {
	.name = "domain-alias list",
	.role = OP_SERVER_ADMIN,
	.args = list_args,
	.help = "list further names of domains",
	.reads = true,
	.lists = true,
	.run = run_list,
};
