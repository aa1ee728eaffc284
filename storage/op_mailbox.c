/* op_mailbox.c - mailboxes of an account */
#include "core/op.h"
#include "storage/box.h"
#include "storage/op_account.h"

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
