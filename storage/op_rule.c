/* op_rule.c - Sieve scripts of accounts, domains and the server, as their owners see them */
#include "storage/op_rule.h"

#include <string.h>

#include "storage/dir.h"

/* --- whose --- */

int op_rule_account(struct op_call *call, const char *address, struct script_owner *owner)
{
	struct dir_account account;
	int found = dir_account(slice_str(address), op_pool(call), &account);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "there is no account %s", address);
	if (account.role > (int)op_caller(call)->role)
		return op_fail(
		    call, ERR_DENIED, "%s is a %s", account.name, op_role_names[account.role]);
	*owner = script_of_account(account.id, account.shard);
	return 0;
}

static int domain_owner(struct op_call *call, const char *name, struct script_owner *owner)
{
	struct dir_domain domain;
	int found = dir_domain(slice_str(name), op_pool(call), &domain);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "%s is not hosted here", name);
	if (op_caller(call)->role < OP_DOMAIN_ADMIN)
		return op_fail(call, ERR_DENIED, "rules of a domain are for its admin");
	*owner = script_of_domain(slice_str(domain.name));
	return 0;
}

/* Without a name: of what the caller is there for. */
static int own(struct op_call *call, struct script_owner *owner)
{
	const struct op_caller *caller = op_caller(call);

	if (caller->role == OP_USER)
		return op_rule_account(call, caller->name, owner);
	if (caller->role == OP_DOMAIN_ADMIN)
		return domain_owner(call, caller->domain, owner);
	*owner = script_of_server();
	return 0;
}

static int find_owner(struct op_call *call, struct script_owner *owner)
{
	const char *account = op_text(call, "account"), *domain = op_text(call, "domain");

	if (account && domain)
		return op_fail(call, ERR_INPUT, "--account or --domain, not both");
	if (account)
		return op_rule_account(call, account, owner);
	return domain ? domain_owner(call, domain, owner) : own(call, owner);
}

#define WHOSE_HELP                                                                                 \
	"Rules are Sieve scripts (RFC 5228). Those of the server are run for every message,\n"     \
	"then those of the recipient's domain, then the account's own. Of each the active\n"       \
	"script counts, one at most. Without --account and --domain it is about the server,\n"     \
	"for a domain admin about the domain, for a user about the own account."

static struct slice name_of(struct op_call *call)
{
	return slice_str(op_text(call, "name"));
}

/* --- list, show --- */

static bool list_one(void *arg, const struct script_info *info)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "name", info->name);
	op_put_bool(call, "active", info->active);
	op_put_number(call, "size", (int64_t)info->text.n);
	return true;
}

static int run_list(struct op_call *call)
{
	struct script_owner owner;

	if (find_owner(call, &owner) != 0)
		return -1;
	if (script_list(&owner, list_one, call) != 0)
		return op_fail(call, ERR_TEMP, "the rules cannot be read now");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "account", OP_ADDRESS, OP_OPTION, "of this account", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "of this domain", NULL },
	{ 0 },
};

OPERATION(rule_list) = {
	.name = "rule list",
	.role = OP_USER,
	.args = list_args,
	.help = "list rule scripts, and which one is active",
	.more = WHOSE_HELP,
	.example = "rule list\nrule list --domain example.org\nrule list --account ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

static int show(
    struct op_call *call, const struct script_owner *owner, struct slice name, struct slice active)
{
	struct buf text = { 0 };
	int found = name.n > 0 ? script_get(owner, name, &text) : 0;

	if (found == 1) {
		op_put_text(call, "name", name);
		op_put_bool(call, "active", slice_eq(name, active));
		op_put_text(call, "script", buf_slice(&text));
	}
	buf_done(&text);
	if (found == 0 && name.n == 0)
		return op_fail(call, ERR_ABSENT, "no script is active");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "there is no script '%.*s'", SLICE_ARG(name));
	return found < 0 ? op_fail(call, ERR_TEMP, "the rules cannot be read now") : 0;
}

static int run_show(struct op_call *call)
{
	struct script_owner owner;
	struct buf active = { 0 };

	if (find_owner(call, &owner) != 0)
		return -1;
	if (script_get_active(&owner, &active) != 0)
		return op_fail(call, ERR_TEMP, "the rules cannot be read now");
	struct slice name = op_given(call, "name") ? name_of(call) : buf_slice(&active);
	int rc = show(call, &owner, name, buf_slice(&active));
	buf_done(&active);
	return rc;
}

static const struct op_arg show_args[] = {
	{ "name", OP_TEXT, 0, "name of the script; the active one when left out", NULL },
	{ "account", OP_ADDRESS, OP_OPTION, "of this account", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "of this domain", NULL },
	{ 0 },
};

OPERATION(rule_show) = {
	.name = "rule show",
	.role = OP_USER,
	.args = show_args,
	.help = "show a rule script",
	.example = "rule show --account ann@example.org\nrule show main --domain example.org",
	.reads = true,
	.run = run_show,
};

/* --- set --- */

static void tell_warnings(struct op_call *call, struct slice warnings)
{
	while (warnings.n > 0) {
		struct slice line = slice_cut(&warnings, '\n');
		op_say(call, "%.*s", SLICE_ARG(line));
	}
}

static int run_set(struct op_call *call)
{
	struct script_owner owner;
	struct buf warnings = { 0 };
	struct err err = { 0 };

	if (find_owner(call, &owner) != 0)
		return -1;
	int rc = script_put(&owner, name_of(call), op_secret(call, "script"), &warnings, &err);
	if (rc == 0 && op_bool(call, "activate"))
		rc = script_activate(&owner, name_of(call), &err);
	if (rc == 0)
		tell_warnings(call, buf_slice(&warnings));
	buf_done(&warnings);
	return op_done(call, rc, &err);
}

static const struct op_arg set_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the script", NULL },
	{ "script", OP_SECRET, OP_REQUIRED, "its text", NULL },
	{ "activate", OP_BOOL, OP_OPTION, "make it the active one", NULL },
	{ "account", OP_ADDRESS, OP_OPTION, "of this account", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "of this domain", NULL },
	{ 0 },
};

OPERATION(rule_set) = {
	.name = "rule set",
	.role = OP_USER,
	.args = set_args,
	.help = "store a rule script, from standard input or a file",
	.more = "It is stored only when it is right; else the line is told where it is not. A\n"
		"script that files the mail of a list, and encrypts what is about wages:\n"
		"\n"
		"  require [\"fileinto\", \"vnd.signet.store-encrypted\"];\n"
		"  if header :contains \"List-Id\" \"sailing\" {\n"
		"          fileinto \"Lists/Sailing\";\n"
		"  } elsif header :contains \"Subject\" \"wages\" {\n"
		"          store_encrypted \"INBOX\";\n"
		"  }\n"
		"\n"
		"store_encrypted takes a mailbox of the account, or of another one that lets it:\n"
		"\"~jim/INBOX\", \"~jim@example.org/INBOX\".\n"
		"\n" WHOSE_HELP,
	.example = "rule set main --account ann@example.org --script-file ann.sieve --activate\n"
		   "rule set all --domain example.org --script-file domain.sieve",
	.run = run_set,
};

static int run_check(struct op_call *call)
{
	struct buf warnings = { 0 };
	struct err err = { 0 };
	struct sieve_script *script = sieve_check(op_secret(call, "script"), &warnings, &err);

	if (script)
		tell_warnings(call, buf_slice(&warnings));
	buf_done(&warnings);
	int rc = script ? 0 : op_fail_err(call, &err);
	sieve_free(&script);
	return rc;
}

static const struct op_arg check_args[] = {
	{ "script", OP_SECRET, OP_REQUIRED, "text of the script", NULL },
	{ 0 },
};

OPERATION(rule_check) = {
	.name = "rule check",
	.role = OP_USER,
	.args = check_args,
	.help = "say whether a rule script is right, without storing it",
	.example = "rule check --script-file ann.sieve",
	.reads = true,
	.run = run_check,
};

/* --- activate, remove --- */

static int run_activate(struct op_call *call)
{
	struct script_owner owner;
	struct err err = { 0 };

	if (find_owner(call, &owner) != 0)
		return -1;
	return op_done(call, script_activate(&owner, name_of(call), &err), &err);
}

static const struct op_arg activate_args[] = {
	{ "name", OP_TEXT, 0, "name of the script; none is active when left out", NULL },
	{ "account", OP_ADDRESS, OP_OPTION, "of this account", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "of this domain", NULL },
	{ 0 },
};

OPERATION(rule_activate) = {
	.name = "rule activate",
	.role = OP_USER,
	.args = activate_args,
	.help = "make a rule script the active one, or none",
	.example = "rule activate main --account ann@example.org\n"
		   "rule activate --account ann@example.org",
	.run = run_activate,
};

static int run_remove(struct op_call *call)
{
	struct script_owner owner;
	struct err err = { 0 };

	if (find_owner(call, &owner) != 0)
		return -1;
	return op_done(call, script_remove(&owner, name_of(call), &err), &err);
}

static const struct op_arg remove_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the script", NULL },
	{ "account", OP_ADDRESS, OP_OPTION, "of this account", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "of this domain", NULL },
	{ 0 },
};

OPERATION(rule_remove) = {
	.name = "rule remove",
	.role = OP_USER,
	.args = remove_args,
	.help = "remove a rule script that is not active",
	.example = "rule remove old --account ann@example.org",
	.run = run_remove,
};
