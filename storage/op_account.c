/* op_account.c - accounts, as admins and their owners see them */
#include "core/auth.h"
#include "core/op.h"
#include "storage/box.h"
#include "storage/apop.h"
#include "storage/dir.h"
#include "storage/op_account.h"
#include "storage/source.h"

static const struct op_arg address_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

static struct slice address_of(struct op_call *call)
{
	return slice_str(op_text(call, "address"));
}

/* --- add, remove --- */

/* What was asked for beside the password. */
static int set_more(struct op_call *call, struct err *err)
{
	int64_t quota = op_number(call, "quota", 0), role = op_number(call, "role", OP_USER);

	if (quota > 0 && dir_account_quota(address_of(call), (uint64_t)quota, err) != 0)
		return -1;
	return role == OP_USER ? 0 : dir_account_role(address_of(call), (int)role, err);
}

static int run_add(struct op_call *call)
{
	const char *secrets[4];
	struct err err = { 0 };

	if (op_number(call, "role", OP_USER) > (int)op_caller(call)->role)
		return op_fail(call, ERR_DENIED, "nobody gives more rights than he has");
	if (auth_secrets(op_secret(call, "password"), op_pool(call), secrets, &err) != 0 ||
	    dir_account_add(address_of(call), secrets, &err) != 0 ||
	    apop_keep(address_of(call), op_secret(call, "password"), &err) != 0 ||
	    set_more(call, &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "address", address_of(call));
	return 0;
}

static const struct op_arg add_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the new account", NULL },
	{ "password", OP_SECRET, OP_REQUIRED | OP_NEW, "password of the new account", NULL },
	{ "quota", OP_SIZE, OP_OPTION, "most bytes of mail that it may keep", NULL },
	{ "role", OP_CHOICE, OP_OPTION, "what it may do", op_role_names },
	{ 0 },
};

OPERATION(account_add) = {
	.name = "account add",
	.role = OP_DOMAIN_ADMIN,
	.args = add_args,
	.help = "make an account in a hosted domain",
	.example = "account add ann@example.org\n"
		   "account add bob@example.org --quota 2G --password-file /root/bobs-password",
	.run = run_add,
};

static int run_remove(struct op_call *call)
{
	struct dir_account account;
	struct err err = { 0 };

	if (op_account_find(call, &account) != 0)
		return -1;
	int rc = dir_account_remove(address_of(call), &err);
	op_account_end_sessions(account.name);
	return op_done(call, rc, &err);
}

OPERATION(account_remove) = {
	.name = "account remove",
	.role = OP_DOMAIN_ADMIN,
	.args = address_args,
	.help = "remove an account and all its mail",
	.example = "account remove ann@example.org",
	.run = run_remove,
};

/* --- list, show, usage --- */

static void put_account(struct op_call *call, const struct dir_account *account)
{
	op_put_text(call, "address", slice_str(account->name));
	op_put_text(call, "role", slice_str(op_role_names[account->role]));
	op_put_bool(call, "suspended", account->suspended);
	op_put_number(call, "quota", (int64_t)account->quota);
	op_put_time(call, "created", account->created);
}

static bool visit(void *arg, const struct dir_account *account)
{
	op_row(arg);
	put_account(arg, account);
	return true;
}

static int run_list(struct op_call *call)
{
	const char *domain = op_text(call, "domain");

	if (!domain)
		domain = op_caller(call)->domain;
	if (dir_accounts(slice_str(domain), visit, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "domain", OP_DOMAIN, 0, "only of this domain", NULL },
	{ 0 },
};

OPERATION(account_list) = {
	.name = "account list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "list accounts",
	.example = "account list example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

static int put_usage(struct op_call *call, const struct dir_account *account)
{
	struct acct_usage usage;
	struct acct *acct = acct_open(account->id, account->shard);
	int rc = acct_usage(acct, &usage);

	acct_close(&acct);
	if (rc != 0)
		return op_fail(call, ERR_TEMP, "cannot read the account");
	op_put_number(call, "bytes", (int64_t)usage.bytes);
	op_put_number(call, "messages", (int64_t)usage.messages);
	return 0;
}

/* Where the account's password is. */
static const char *password_of(const struct dir_account *account)
{
	if (account->secrets[0])
		return "here";
	return source_owns(account) ? "directory" : "none";
}

static int run_show(struct op_call *call)
{
	struct dir_account account;

	if (op_account_find(call, &account) != 0)
		return -1;
	put_account(call, &account);
	op_put_text(call, "password", slice_str(password_of(&account)));
	return put_usage(call, &account);
}

OPERATION(account_show) = {
	.name = "account show",
	.role = OP_USER,
	.args = address_args,
	.help = "show an account and how much it keeps",
	.example = "account show ann@example.org",
	.reads = true,
	.run = run_show,
};

static int run_usage(struct op_call *call)
{
	struct dir_account account;

	if (op_account_find(call, &account) != 0)
		return -1;
	op_put_number(call, "quota", (int64_t)account.quota);
	return put_usage(call, &account);
}

OPERATION(account_usage) = {
	.name = "account usage",
	.role = OP_USER,
	.args = address_args,
	.help = "show how many bytes and messages an account keeps; quota 0 is none",
	.reads = true,
	.run = run_usage,
};
