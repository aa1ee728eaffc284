/* op_pki_names.c - what a domain's certificate could be issued to */
#include "pki/op_pki.h"
#include "storage/dir.h"

static void put_name(struct op_call *call, const char *name, const char *kind)
{
	op_row(call);
	op_put_text(call, "name", slice_str(name));
	op_put_text(call, "kind", slice_str(kind));
}

static bool put_alias(void *arg, const struct dir_domain *alias)
{
	put_name(arg, alias->name, "alias");
	return true;
}

/* C-035: beside the name, or below it when it has no more than two parts. */
static void put_wildcard(struct op_call *call, const char *domain)
{
	const char *dot = strchr(domain, '.');

	if (dot)
		put_name(call,
		    pool_printf(op_pool(call), "*.%s", strchr(dot + 1, '.') ? dot + 1 : domain),
		    "wildcard");
}

static int run(struct op_call *call)
{
	struct slice domain;
	struct err err = { 0 };

	if (domain_hosted(pki_call_domain(call), op_pool(call), &domain, &err) != 0)
		return op_fail_err(call, &err);
	put_name(call, domain.p, "domain");
	if (dir_domain_aliases(domain, put_alias, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	put_wildcard(call, domain.p);
	return 0;
}

OPERATION(pki_names) = {
	.name = "pki names",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "list the names that a domain's certificate could be issued to",
	.more = "The domain, its aliases, and a wildcard: one of them is the --cn of pki csr and\n"
		"pki self-signed. A host below the domain, such as its mail server's, is as good.",
	.example = "pki names example.org",
	.reads = true,
	.lists = true,
	.run = run,
};
