/* op_account_change.c - passwords, rights and bounds of accounts */
#include "core/auth.h"
#include "core/op.h"
#include "core/sess.h"
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

/* The account, for somebody who may see or change it: nobody acts on those
   that may do more than himself. */
int op_account_find(struct op_call *call, struct dir_account *account)
{
	int found = dir_account(address_of(call), op_pool(call), account);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	if (found == 0)
		return op_fail(
		    call, ERR_ABSENT, "there is no account %s", op_text(call, "address"));
	if (account->role > (int)op_caller(call)->role)
		return op_fail(
		    call, ERR_DENIED, "%s is a %s", account->name, op_role_names[account->role]);
	return 0;
}

struct acct *op_account_open(struct op_call *call)
{
	struct dir_account account;

	if (op_account_find(call, &account) != 0)
		return NULL;
	struct acct *acct = acct_open(account.id, account.shard);
	if (!acct)
		op_fail(call, ERR_TEMP, "the account's shard is not open here");
	return acct;
}

/* --- sessions of an account that may no longer be there --- */

struct ending {
	const char *name;
	struct buf icids;
};

static void note_session(void *arg, const struct sess_row *row)
{
	struct ending *ending = arg;

	if (row->account && strcmp(row->account, ending->name) == 0)
		buf_add(&ending->icids, &row->icid, sizeof row->icid);
}

void op_account_end_sessions(const char *name)
{
	struct ending ending = { .name = name };
	uint64_t icid;

	sess_each(note_session, &ending);
	for (size_t at = 0; at < ending.icids.n; at += sizeof icid) {
		memcpy(&icid, ending.icids.p + at, sizeof icid);
		sess_end(icid);
	}
	buf_done(&ending.icids);
}

/* --- changes --- */

/* Who changes his own password shows that it is himself, not somebody who found
   his browser open. */
static int check_old(struct op_call *call, const struct dir_account *account)
{
	struct auth_account who = { 0 };
	bool own = strcmp(op_caller(call)->name, account->name) == 0;

	if (!own && !op_given(call, "old"))
		return 0;
	if (!op_given(call, "old"))
		return op_fail(call, ERR_INPUT, "old: the password of today is needed");
	switch (
	    auth_password(slice_str(account->name), op_secret(call, "old"), op_pool(call), &who)) {
	case AUTH_OK:
		return 0;
	case AUTH_WRONG:
		return op_fail(call, ERR_INPUT, "old: this is not the password of today");
	default:
		return op_fail(call, ERR_TEMP, "passwords cannot be checked now");
	}
}

/* One here would be in place of the directory's, for good. */
static int check_source(struct op_call *call, const struct dir_account *account)
{
	if (op_caller(call)->role > OP_USER || !source_owns(account))
		return 0;
	return op_fail(call, ERR_DENIED,
	    "the password of %s is kept in the directory of its domain", account->name);
}

static int run_password(struct op_call *call)
{
	struct dir_account account;
	const char *secrets[4];
	struct err err = { 0 };

	if (op_account_find(call, &account) != 0 || check_source(call, &account) != 0 ||
	    check_old(call, &account) != 0)
		return -1;
	if (auth_secrets(op_secret(call, "password"), op_pool(call), secrets, &err) != 0 ||
	    apop_drop(address_of(call), &err) != 0 ||
	    dir_account_secrets(address_of(call), secrets, &err) != 0 ||
	    apop_keep(address_of(call), op_secret(call, "password"), &err) != 0)
		return op_fail_err(call, &err);
	op_account_end_sessions(account.name);
	return 0;
}

static const struct op_arg password_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "password", OP_SECRET, OP_REQUIRED | OP_NEW, "its new password", NULL },
	{ "old", OP_SECRET, OP_OPTION, "its password of today; its owner must say it", NULL },
	{ 0 },
};

OPERATION(account_password) = {
	.name = "account password",
	.role = OP_USER,
	.args = password_args,
	.help = "give an account a new password; its sessions are ended",
	.example = "account password ann@example.org",
	.run = run_password,
};

static int suspend(struct op_call *call, bool on)
{
	struct dir_account account;
	struct err err = { 0 };

	if (op_account_find(call, &account) != 0)
		return -1;
	int rc = dir_account_suspend(address_of(call), on, &err);
	if (rc == 0 && on)
		op_account_end_sessions(account.name);
	return op_done(call, rc, &err);
}

static int run_suspend(struct op_call *call)
{
	return suspend(call, true);
}

OPERATION(account_suspend) = {
	.name = "account suspend",
	.role = OP_DOMAIN_ADMIN,
	.args = address_args,
	.help = "let nobody into an account, which still takes mail; its sessions are ended",
	.example = "account suspend ann@example.org",
	.run = run_suspend,
};

static int run_resume(struct op_call *call)
{
	return suspend(call, false);
}

OPERATION(account_resume) = {
	.name = "account resume",
	.role = OP_DOMAIN_ADMIN,
	.args = address_args,
	.help = "let a suspended account's owner in again",
	.example = "account resume ann@example.org",
	.run = run_resume,
};

static int run_quota(struct op_call *call)
{
	struct dir_account account;
	struct err err = { 0 };

	if (op_account_find(call, &account) != 0)
		return -1;
	uint64_t quota = (uint64_t)op_number(call, "quota", 0);
	return op_done(call, dir_account_quota(address_of(call), quota, &err), &err);
}

static const struct op_arg quota_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "quota", OP_SIZE, OP_REQUIRED, "most bytes that it may keep; 0 is no bound", NULL },
	{ 0 },
};

OPERATION(account_quota) = {
	.name = "account quota",
	.role = OP_DOMAIN_ADMIN,
	.args = quota_args,
	.help = "bound how much mail an account may keep",
	.example = "account quota ann@example.org 2G",
	.run = run_quota,
};

static int run_role(struct op_call *call)
{
	struct dir_account account;
	struct err err = { 0 };

	if (op_account_find(call, &account) != 0)
		return -1;
	return op_done(call,
	    dir_account_role(address_of(call), (int)op_number(call, "role", OP_USER), &err), &err);
}

static const struct op_arg role_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "role", OP_CHOICE, OP_REQUIRED, "what it may do", op_role_names },
	{ 0 },
};

OPERATION(account_role) = {
	.name = "account role",
	.role = OP_SERVER_ADMIN,
	.args = role_args,
	.help = "say what an account may do: with itself, its domain, or the whole server",
	.example = "account role ann@example.org domain-admin",
	.run = run_role,
};
