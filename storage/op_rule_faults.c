/* op_rule_faults.c - what went wrong with an account's rules, as its owner sees it */
#include "core/op.h"
#include "storage/op_account.h"
#include "storage/rules.h"

static bool put_fault(void *arg, const struct rules_fault *fault)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "level", slice_str(rules_level_names[fault->level]));
	op_put_time(call, "when", fault->when);
	op_put_text(call, "reason", fault->why);
	return true;
}

static int run_faults(struct op_call *call)
{
	struct dir_account account;

	if (op_account_find(call, &account) != 0)
		return -1;
	struct acct *acct = acct_open(account.id, account.shard);
	int rc = acct ? rules_faults(acct, put_fault, call) : -1;
	acct_close(&acct);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the account cannot be read");
}

static const struct op_arg args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

OPERATION(rule_faults) = {
	.name = "rule faults",
	.role = OP_USER,
	.args = args,
	.help = "list what the rules for an account's mail could not do last",
	.more =
	    "Mail that a rule cannot file, encrypt or redirect is delivered in the ordinary way;\n"
	    "see the setting rules.encrypt-failure.",
	.example = "rule faults ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_faults,
};
