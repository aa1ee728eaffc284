/* op_identity.c - addresses that an account may send as */
#include "storage/identity.h"
#include "storage/op_account.h"

/* Nobody grants what is not his: a domain's admin addresses of his domain. */
static int read_identity(struct op_call *call, struct slice *identity)
{
	const struct op_caller *caller = op_caller(call);

	*identity = identity_canonical(slice_str(op_text(call, "identity")), op_pool(call));
	if (identity->n == 0)
		return op_fail(call, ERR_INPUT, "an identity is an address, or @ and a domain");
	struct slice domain = slice_from(*identity, (size_t)slice_rchr(*identity, '@') + 1);
	if (caller->role != OP_SERVER_ADMIN &&
	    !(caller->domain && slice_eq(domain, slice_str(caller->domain))))
		return op_fail(
		    call, ERR_DENIED, "%.*s is not in your domain", SLICE_ARG(*identity));
	return 0;
}

static int change(
    struct op_call *call, int (*how)(struct acct *acct, struct slice identity, struct err *err))
{
	struct slice identity;
	struct err err = { 0 };

	if (read_identity(call, &identity) != 0)
		return -1;
	struct acct *acct = op_account_open(call);
	if (!acct)
		return -1;
	int rc = how(acct, identity, &err);
	acct_close(&acct);
	return op_done(call, rc, &err);
}

static const struct op_arg args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "identity", OP_TEXT, OP_REQUIRED, "an address, or @example.org for all of a domain",
	    NULL },
	{ 0 },
};

static int run_add(struct op_call *call)
{
	return change(call, identity_grant);
}

OPERATION(identity_add) = {
	.name = "identity add",
	.role = OP_DOMAIN_ADMIN,
	.args = args,
	.help = "let an account send mail as an address that does not lead to it",
	.more = "An address that leads to an account, as its aliases do, is its own without this.",
	.example = "identity add ann@example.org office@example.org",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	return change(call, identity_revoke);
}

OPERATION(identity_remove) = {
	.name = "identity remove",
	.role = OP_DOMAIN_ADMIN,
	.args = args,
	.help = "no longer let an account send as an address",
	.run = run_remove,
};

static bool put_identity(void *arg, struct slice identity)
{
	op_row(arg);
	op_put_text(arg, "identity", identity);
	return true;
}

static int run_list(struct op_call *call)
{
	struct acct *acct = op_account_open(call);

	if (!acct)
		return -1;
	int rc = identity_each(acct, put_identity, call);
	acct_close(&acct);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the account cannot be read");
}

static const struct op_arg list_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

OPERATION(identity_list) = {
	.name = "identity list",
	.role = OP_USER,
	.args = list_args,
	.help = "list the addresses that an account may send as, beside its own",
	.reads = true,
	.lists = true,
	.run = run_list,
};
