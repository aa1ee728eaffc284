/* op_mailbox.c - mailboxes of an account, and who may file mail into them */
#include "core/op.h"
#include "storage/box.h"
#include "storage/op_account.h"
#include "storage/right.h"

static const struct op_arg address_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

/* --- list --- */

static const char *const use_names[] = {
	[BOX_USE_NONE] = "",
	[BOX_USE_ARCHIVE] = "archive",
	[BOX_USE_DRAFTS] = "drafts",
	[BOX_USE_JUNK] = "junk",
	[BOX_USE_SENT] = "sent",
	[BOX_USE_TRASH] = "trash",
};

struct listing {
	struct op_call *call;
	struct acct *acct;
};

static bool put_mailbox(void *arg, const struct box_info *info)
{
	const struct listing *listing = arg;
	struct op_call *call = listing->call;
	struct box_status status;

	if (!info->exists || box_status(listing->acct, slice_str(info->name), &status, NULL) != 0)
		return true;
	op_row(call);
	op_put_text(call, "mailbox", slice_str(info->name));
	op_put_text(call, "use", slice_str(use_names[info->use]));
	op_put_number(call, "messages", status.messages);
	op_put_number(call, "unseen", status.unseen);
	op_put_number(call, "bytes", (int64_t)status.size);
	return true;
}

static int run_list(struct op_call *call)
{
	struct listing listing = { call, op_account_open(call) };

	if (!listing.acct)
		return -1;
	int rc = box_list(listing.acct, put_mailbox, &listing);
	acct_close(&listing.acct);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the mailboxes cannot be read");
}

OPERATION(mailbox_list) = {
	.name = "mailbox list",
	.role = OP_USER,
	.args = address_args,
	.help = "list the mailboxes of an account and how much is in them",
	.example = "mailbox list ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- grant --- */

enum { INSERT, NONE };

static int run_grant(struct op_call *call)
{
	struct acct *acct = op_account_open(call);
	struct err err = { 0 };

	if (!acct)
		return -1;
	int rc = right_grant(acct, slice_str(op_text(call, "mailbox")),
	    slice_str(op_text(call, "who")), op_number(call, "right", NONE) == INSERT, &err);
	acct_close(&acct);
	return rc == 0 ? 0 : op_fail_err(call, &err);
}

static const char *const rights[] = { [INSERT] = "insert", [NONE] = "none", NULL };

static const struct op_arg grant_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "whose mailbox it is", NULL },
	{ "mailbox", OP_TEXT, OP_REQUIRED, "name of the mailbox", NULL },
	{ "who", OP_TEXT, OP_REQUIRED, "an account, or @domain for all of its accounts", NULL },
	{ "right", OP_CHOICE, OP_REQUIRED, "what he may do", rights },
	{ 0 },
};

OPERATION(mailbox_grant) = {
	.name = "mailbox grant",
	.role = OP_USER,
	.args = grant_args,
	.help = "let another account's rules file mail into a mailbox, or no longer",
	.more =
	    "A rule of that account names the mailbox \"~LOCAL-PART/MAILBOX\", or with the whole\n"
	    "address when it is of another domain. The right lets nobody read.",
	.example = "mailbox grant jim@example.org INBOX john@example.org insert\n"
		   "mailbox grant jim@example.org INBOX john@example.org none",
	.run = run_grant,
};

/* --- grants --- */

struct grants {
	struct op_call *call;
	struct acct *acct;
	uint32_t box;	  /* of the grant at hand */
	const char *name; /* of it, when it is still there */
};

static bool match_id(void *arg, const struct box_info *info)
{
	struct grants *grants = arg;

	if (info->exists && info->id == grants->box)
		grants->name = pool_str(op_pool(grants->call), slice_str(info->name));
	return !grants->name;
}

static bool put_grant(void *arg, uint32_t box, struct slice who)
{
	struct grants *grants = arg;

	if (box != grants->box) {
		grants->box = box;
		grants->name = NULL;
		box_list(grants->acct, match_id, grants);
	}
	if (!grants->name)
		return true;
	op_row(grants->call);
	op_put_text(grants->call, "mailbox", slice_str(grants->name));
	op_put_text(grants->call, "who", who);
	op_put_text(grants->call, "right", SLICE("insert"));
	return true;
}

static int run_grants(struct op_call *call)
{
	struct grants grants = { .call = call, .acct = op_account_open(call) };

	if (!grants.acct)
		return -1;
	int rc = right_each(grants.acct, put_grant, &grants);
	acct_close(&grants.acct);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the grants cannot be read");
}

OPERATION(mailbox_grants) = {
	.name = "mailbox grants",
	.role = OP_USER,
	.args = address_args,
	.help = "list whose rules may file mail into the mailboxes of an account",
	.example = "mailbox grants jim@example.org",
	.reads = true,
	.lists = true,
	.run = run_grants,
};
