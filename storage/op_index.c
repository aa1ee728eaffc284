/* op_index.c - the search index, as admins see it */
#include <stdlib.h>

#include "core/conf.h"
#include "core/op.h"
#include "storage/find.h"
#include "storage/op_account.h"

/* --- which accounts --- */

struct chosen {
	struct op_call *call;
	struct dir_account *list; /* from the call's pool */
	size_t n, room;
};

static bool choose(void *arg, const struct dir_account *account)
{
	struct chosen *chosen = arg;

	if (chosen->n == chosen->room) {
		size_t room = chosen->room * 2 + 8;
		struct dir_account *more = pool_get(op_pool(chosen->call), room * sizeof(*more));
		for (size_t i = 0; i < chosen->n; i++)
			more[i] = chosen->list[i];
		chosen->list = more;
		chosen->room = room;
	}
	struct dir_account *it = &chosen->list[chosen->n++];
	*it = *account;
	it->name = pool_str(op_pool(chosen->call), slice_str(account->name));
	return true;
}

static int choose_one(struct chosen *chosen)
{
	struct dir_account account;

	if (op_account_find(chosen->call, &account) != 0)
		return -1;
	choose(chosen, &account);
	return 0;
}

/* Exactly one of the three; 0, or -1 after op_fail. */
static int choose_accounts(struct op_call *call, struct chosen *chosen)
{
	bool all = op_bool(call, "all");
	const char *domain = op_text(call, "domain");

	*chosen = (struct chosen){ .call = call };
	if (op_given(call, "address") + op_given(call, "domain") + all != 1)
		return op_fail(call, ERR_INPUT, "say an address, --domain or --all");
	if (op_given(call, "address"))
		return choose_one(chosen);
	if (all && op_caller(call)->role != OP_SERVER_ADMIN)
		return op_fail(call, ERR_DENIED, "--all is for admins of the server");
	int rc = dir_accounts(slice_str(all ? "" : domain), choose, chosen);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the accounts cannot be read");
}

#define WHICH                                                                                      \
	{ "address", OP_ADDRESS, 0, "address of the account", NULL },                              \
	    { "domain", OP_DOMAIN, OP_OPTION, "all accounts of that domain", NULL },               \
	{                                                                                          \
		"all", OP_BOOL, OP_OPTION, "all accounts", NULL                                    \
	}

static const struct op_arg which_args[] = { WHICH, { 0 } };

/* --- show --- */

/* 1 shown, 0 it has no index, -1 after op_fail. */
static int show(struct op_call *call, const struct dir_account *account)
{
	struct acct *acct = acct_open(account->id, account->shard);
	struct acct_usage usage = { 0 };
	struct find_size size = { 0 };

	if (!acct)
		return op_fail(call, ERR_TEMP, "the account's shard is not there");
	int found = find_size(acct, &size);
	acct_usage(acct, &usage);
	acct_close(&acct);
	if (found == 0 && !op_given(call, "address"))
		return 0;
	op_row(call);
	op_put_text(call, "address", slice_str(account->name));
	op_put_number(call, "stored", (int64_t)usage.messages);
	op_put_number(call, "messages", (int64_t)size.messages);
	op_put_number(call, "in part", (int64_t)size.partial);
	op_put_number(call, "segments", (int64_t)size.segments);
	op_put_number(call, "bytes", (int64_t)size.bytes);
	return 1;
}

static int run_show(struct op_call *call)
{
	struct chosen chosen;

	if (choose_accounts(call, &chosen) < 0)
		return -1;
	for (size_t i = 0; i < chosen.n; i++)
		if (show(call, &chosen.list[i]) < 0)
			return -1;
	return 0;
}

OPERATION(index_show) = {
	.name = "index show",
	.role = OP_DOMAIN_ADMIN,
	.args = which_args,
	.help = "show which accounts have a search index and how large it is",
	.more = "\"messages\" are in the index, those in part have texts that are longer than\n"
		"search.text-max. \"stored\" counts a message once for each mailbox it is in.",
	.example = "index show ann@example.org\n"
		   "index show --all",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* --- rebuild --- */

struct rebuild {
	struct op_call *call;
	int64_t done, total; /* messages: of accounts that are finished, of all */
	int64_t accounts, messages;
};

static void tell(void *arg, int64_t done, int64_t total)
{
	struct rebuild *rebuild = arg;

	(void)total;
	op_progress(rebuild->call, rebuild->done + done, rebuild->total, "messages");
	rebuild->messages = done;
}

static int64_t stored(const struct dir_account *account)
{
	struct acct *acct = acct_open(account->id, account->shard);
	struct acct_usage usage = { 0 };

	if (acct)
		acct_usage(acct, &usage);
	acct_close(&acct);
	return (int64_t)usage.messages;
}

static bool is_wanted(struct op_call *call, struct acct *acct)
{
	struct find_size size;

	return op_given(call, "address") || conf_on(conf_find(SLICE("search.index-all"))) ||
	    find_size(acct, &size) != 0;
}

static int rebuild_one(struct rebuild *rebuild, const struct dir_account *account, struct err *err)
{
	struct acct *acct = acct_open(account->id, account->shard);
	int rc = 0;

	rebuild->messages = 0;
	if (acct && is_wanted(rebuild->call, acct)) {
		rc = find_rebuild(acct, tell, rebuild, err);
		rebuild->accounts++;
	}
	acct_close(&acct);
	rebuild->done += stored(account);
	return rc;
}

static int run_rebuild(struct op_call *call)
{
	struct rebuild rebuild = { .call = call };
	struct chosen chosen;
	struct err err = { 0 };
	int64_t messages = 0;
	int rc = choose_accounts(call, &chosen);

	if (rc < 0)
		return -1;
	for (size_t i = 0; i < chosen.n; i++)
		rebuild.total += stored(&chosen.list[i]);
	for (size_t i = 0; i < chosen.n && rc == 0; i++) {
		rc = rebuild_one(&rebuild, &chosen.list[i], &err);
		messages += rebuild.messages;
	}
	op_put_number(call, "accounts", rebuild.accounts);
	op_put_number(call, "messages", messages);
	return op_done(call, rc, &err);
}

OPERATION(index_rebuild) = {
	.name = "index rebuild",
	.role = OP_DOMAIN_ADMIN,
	.args = which_args,
	.help = "make the search index of accounts anew",
	.more = "Nothing is lost by it: meanwhile searches read the messages themselves. With\n"
		"--domain and --all those accounts are done that have an index, or all when\n"
		"search.index-all is on. It can be stopped at any time; the rest is then done by\n"
		"the server itself.",
	.example = "index rebuild ann@example.org\n"
		   "index rebuild --all",
	.run = run_rebuild,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct chosen chosen;

	if (choose_accounts(call, &chosen) < 0)
		return -1;
	for (size_t i = 0; i < chosen.n; i++) {
		struct acct *acct = acct_open(chosen.list[i].id, chosen.list[i].shard);
		if (acct)
			find_remove(acct);
		acct_close(&acct);
	}
	return 0;
}

OPERATION(index_remove) = {
	.name = "index remove",
	.role = OP_DOMAIN_ADMIN,
	.args = which_args,
	.help = "remove the search index of accounts",
	.more = "The next search for words makes it anew, unless search.index is off.",
	.example = "index remove ann@example.org",
	.run = run_remove,
};
