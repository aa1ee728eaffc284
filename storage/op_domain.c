/* op_domain.c - hosted domains, as admins see them */
#include "core/op.h"
#include "core/text.h"
#include "storage/dir.h"

static struct slice name_of(struct op_call *call)
{
	return slice_str(op_text(call, "name"));
}

static const struct op_arg name_args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ 0 },
};

/* --- add, remove --- */

static int run_add(struct op_call *call)
{
	struct err err = { 0 };

	if (dir_domain_add(name_of(call), &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "name", name_of(call));
	return 0;
}

OPERATION(domain_add) = {
	.name = "domain add",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "host a new domain",
	.more = "It gets a key and a self-signed certificate of its own at once. The first\n"
		"domain is the main one: its certificate is shown where no other fits.",
	.example = "domain add example.org",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, dir_domain_remove(name_of(call), &err), &err);
}

OPERATION(domain_remove) = {
	.name = "domain remove",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "host a domain no longer; it must have no accounts",
	.example = "domain remove example.org",
	.run = run_remove,
};

/* --- list, show --- */

static void put_domain(struct op_call *call, const struct dir_domain *domain)
{
	const char *shown = domain_unicode(op_pool(call), slice_str(domain->name));

	op_put_text(call, "name", slice_str(domain->name));
	if (strcmp(shown, domain->name) != 0)
		op_put_text(call, "shown", slice_str(shown));
	op_put_bool(call, "main", domain->main);
	op_put_text(call, "catch-all", slice_str(domain->catch_all));
	op_put_text(call, "addresses", slice_str(domain->addresses));
	op_put_time(call, "created", domain->created);
}

/* A domain admin sees one domain. */
static bool visit_domain(void *arg, const struct dir_domain *domain)
{
	struct op_call *call = arg;
	const char *only = op_caller(call)->domain;

	if (only && strcmp(only, domain->name) != 0)
		return true;
	op_row(call);
	put_domain(call, domain);
	return true;
}

static int run_list(struct op_call *call)
{
	if (dir_domains(visit_domain, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

OPERATION(domain_list) = {
	.name = "domain list",
	.role = OP_DOMAIN_ADMIN,
	.help = "list hosted domains",
	.reads = true,
	.lists = true,
	.run = run_list,
};

static bool visit_alias(void *arg, const struct dir_domain *alias)
{
	struct buf *names = arg;

	buf_printf(names, "%s%s", names->n ? " " : "", alias->name);
	return true;
}

static int run_show(struct op_call *call)
{
	struct dir_domain domain;
	struct buf aliases = { 0 };
	int found = dir_domain(name_of(call), op_pool(call), &domain);

	if (found < 0 ||
	    (found > 0 && dir_domain_aliases(slice_str(domain.name), visit_alias, &aliases) != 0))
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "%s is not hosted here", op_text(call, "name"));
	put_domain(call, &domain);
	op_put_text(call, "aliases", buf_slice(&aliases));
	buf_done(&aliases);
	return 0;
}

OPERATION(domain_show) = {
	.name = "domain show",
	.role = OP_DOMAIN_ADMIN,
	.args = name_args,
	.help = "show a domain",
	.reads = true,
	.run = run_show,
};

/* --- what a domain has --- */

static int run_main(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, dir_domain_main(name_of(call), &err), &err);
}

OPERATION(domain_main) = {
	.name = "domain main",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "make a domain the main one",
	.more = "Names without a domain belong to the main domain, and its certificate is shown\n"
		"to clients that name none.",
	.example = "domain main example.org",
	.run = run_main,
};

static int run_catch_all(struct op_call *call)
{
	const char *address = op_text(call, "address");
	struct err err = { 0 };

	if (dir_domain_catch_all(name_of(call), slice_str(address), &err) != 0)
		return op_fail_err(call, &err);
	if (address)
		op_say(call, "Mail for unknown names goes to %s.", address);
	else
		op_say(call, "Mail for unknown names is refused.");
	return 0;
}

static const struct op_arg catch_all_args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ "address", OP_ADDRESS, OP_FOREIGN, "where such mail goes; nobody when left out", NULL },
	{ 0 },
};

OPERATION(domain_catch_all) = {
	.name = "domain catch-all",
	.role = OP_DOMAIN_ADMIN,
	.args = catch_all_args,
	.help = "give mail for unknown names of a domain to somebody, or to nobody",
	.more = "Without an address it is taken away; domain show tells what it is.",
	.example = "domain catch-all example.org ann@example.org\ndomain catch-all example.org",
	.run = run_catch_all,
};

static int run_address(struct op_call *call)
{
	struct buf all = { 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < op_count(call, "address"); i++)
		buf_printf(&all, "%s%s", i ? " " : "", op_item(call, "address", i));
	int rc = dir_domain_addresses(name_of(call), buf_slice(&all), &err);
	buf_done(&all);
	return op_done(call, rc, &err);
}

static const struct op_arg address_args[] = {
	{ "name", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ "address", OP_TEXT, OP_MANY, "IP addresses of this machine; none when left out", NULL },
	{ 0 },
};

OPERATION(domain_address) = {
	.name = "domain address",
	.role = OP_SERVER_ADMIN,
	.args = address_args,
	.help = "give IP addresses of this machine to a domain",
	.more = "Clients that connect to one of them and name no domain are shown this domain's\n"
		"certificate instead of the main one's.",
	.example = "domain address example.org 192.0.2.1 2001:db8::1",
	.run = run_address,
};
