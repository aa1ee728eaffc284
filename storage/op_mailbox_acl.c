/* op_mailbox_acl.c - what others may do with an account's mailboxes */
#include "core/op.h"
#include "storage/box.h"
#include "storage/op_account.h"
#include "storage/share.h"

/* The account and its mail: false after op_fail. */
struct owner {
	struct dir_account account;
	struct acct *acct;
};

static bool open_owner(struct op_call *call, struct owner *owner)
{
	if (op_account_find(call, &owner->account) != 0)
		return false;
	owner->acct = op_account_open(call);
	return owner->acct != NULL;
}

static int change(struct op_call *call, enum right_how how, unsigned rights)
{
	struct owner owner = { 0 };
	struct err err = { 0 };

	if (!open_owner(call, &owner))
		return -1;
	int rc = share_change(owner.acct, slice_str(owner.account.name),
	    slice_str(op_text(call, "mailbox")), slice_str(op_text(call, "who")), how, rights,
	    &err);
	acct_close(&owner.acct);
	return op_done(call, rc, &err);
}

/* --- acl-set --- */

static const struct {
	const char *word;
	unsigned rights;
} words[] = {
	{ "none", 0 },
	{ "read", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN },
	{ "write", RIGHT_ALL & ~(RIGHT_ADMIN | RIGHT_CREATE | RIGHT_DELETE) },
	{ "all", RIGHT_ALL },
};

static bool read_rights(struct slice text, unsigned *out)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_ieq(text, slice_str(words[i].word))) {
			*out = words[i].rights;
			return true;
		}
	return right_parse(text, out);
}

static int run_set(struct op_call *call)
{
	struct slice text = slice_str(op_text(call, "rights"));
	enum right_how how = RIGHT_SET;
	unsigned rights;

	if (text.n > 0 && (*text.p == '+' || *text.p == '-')) {
		how = *text.p == '+' ? RIGHT_ADD : RIGHT_TAKE;
		text = slice_from(text, 1);
	}
	if (!read_rights(text, &rights))
		return op_fail(call, ERR_INPUT,
		    "rights are letters of lrswipkxtea, or read, write, all or none");
	return change(call, how, rights);
}

static const struct op_arg set_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "whose mailbox it is", NULL },
	{ "mailbox", OP_TEXT, OP_REQUIRED, "name of the mailbox", NULL },
	{ "who", OP_TEXT, OP_REQUIRED,
	    "an account, @domain, $address for the accounts it leads to, or anyone", NULL },
	{ "rights", OP_TEXT, OP_REQUIRED, "letters of RFC 4314, or read, write, all, none", NULL },
	{ 0 },
};

OPERATION(mailbox_acl_set) = {
	.name = "mailbox acl-set",
	.role = OP_USER,
	.args = set_args,
	.help = "say what another account may do with a mailbox",
	.more =
	    "l: see it in lists, r: read, s: keep what is read as read, w: other flags, i: put\n"
	    "messages in, p: mail to its address, k: make mailboxes below it, x: delete it,\n"
	    "t: mark messages as deleted, e: expunge them, a: change these rights. With + or -\n"
	    "before them they are added or taken away. With - before the account they are refused,\n"
	    "whatever else gives them to it.",
	.example = "mailbox acl-set jim@example.org INBOX ann@example.org read\n"
		   "mailbox acl-set jim@example.org Projects @example.org lrswi\n"
		   "mailbox acl-set jim@example.org Projects -bob@example.org w",
	.run = run_set,
};

/* --- grant: of these rights, one --- */

enum { INSERT, NONE };

static int run_grant(struct op_call *call)
{
	bool gives = op_number(call, "right", NONE) == INSERT;

	return change(call, gives ? RIGHT_ADD : RIGHT_TAKE, RIGHT_INSERT);
}

static const char *const grant_rights[] = { [INSERT] = "insert", [NONE] = "none", NULL };

static const struct op_arg grant_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "whose mailbox it is", NULL },
	{ "mailbox", OP_TEXT, OP_REQUIRED, "name of the mailbox", NULL },
	{ "who", OP_TEXT, OP_REQUIRED, "an account, or @domain for all of its accounts", NULL },
	{ "right", OP_CHOICE, OP_REQUIRED, "what he may do", grant_rights },
	{ 0 },
};

OPERATION(mailbox_grant) = {
	.name = "mailbox grant",
	.role = OP_USER,
	.args = grant_args,
	.help = "let another account's rules file mail into a mailbox, or no longer",
	.more =
	    "A rule of that account names the mailbox \"~LOCAL-PART/MAILBOX\", or with the whole\n"
	    "address when it is of another domain. The right lets nobody read; `mailbox acl-set`\n"
	    "gives others.",
	.example = "mailbox grant jim@example.org INBOX john@example.org insert\n"
		   "mailbox grant jim@example.org INBOX john@example.org none",
	.run = run_grant,
};

/* --- seen --- */

enum { COMMON, OWN };

static int run_seen(struct op_call *call)
{
	struct acct *acct = op_account_open(call);
	struct err err = { 0 };

	if (!acct)
		return -1;
	int rc = box_seen_apart_set(acct, slice_str(op_text(call, "mailbox")),
	    op_number(call, "whose", COMMON) == OWN, &err);
	acct_close(&acct);
	return op_done(call, rc, &err);
}

static const char *const seen_choices[] = { [COMMON] = "common", [OWN] = "own", NULL };

static const struct op_arg seen_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "whose mailbox it is", NULL },
	{ "mailbox", OP_TEXT, OP_REQUIRED, "name of the mailbox", NULL },
	{ "whose", OP_CHOICE, OP_REQUIRED, "one mark for all, or each his own", seen_choices },
	{ 0 },
};

OPERATION(mailbox_seen) = {
	.name = "mailbox seen",
	.role = OP_USER,
	.args = seen_args,
	.help =
	    "say whether those to whom a mailbox is shown mark each for himself what he has read",
	.example = "mailbox seen jim@example.org Projects own",
	.run = run_seen,
};

/* --- listing --- */

struct listing {
	struct op_call *call;
	struct acct *acct;
	unsigned only;	  /* entries with one of these rights */
	uint32_t box;	  /* of the entry at hand */
	const char *name; /* of it, when it is still there */
};

static bool match_id(void *arg, const struct box_info *info)
{
	struct listing *listing = arg;

	if (info->exists && info->id == listing->box)
		listing->name = pool_str(op_pool(listing->call), slice_str(info->name));
	return !listing->name;
}

static void put_rights(struct op_call *call, unsigned rights)
{
	struct buf text = { 0 };

	right_put(&text, rights, false);
	op_put_text(call, "rights", buf_slice(&text));
	buf_done(&text);
}

static bool put_entry(void *arg, uint32_t box, struct slice who, unsigned rights)
{
	struct listing *listing = arg;

	if (box != listing->box) {
		listing->box = box;
		listing->name = NULL;
		box_list(listing->acct, match_id, listing);
	}
	if (!listing->name || !(rights & listing->only))
		return true;
	op_row(listing->call);
	op_put_text(listing->call, "mailbox", slice_str(listing->name));
	op_put_text(listing->call, "who", who);
	if (listing->only == RIGHT_ALL)
		put_rights(listing->call, rights);
	else
		op_put_text(listing->call, "right", SLICE("insert"));
	return true;
}

static int list(struct op_call *call, unsigned only)
{
	struct listing listing = { .call = call, .acct = op_account_open(call), .only = only };

	if (!listing.acct)
		return -1;
	int rc = right_each(listing.acct, put_entry, &listing);
	acct_close(&listing.acct);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the rights cannot be read");
}

static int run_grants(struct op_call *call)
{
	return list(call, RIGHT_INSERT);
}

static int run_acl(struct op_call *call)
{
	return list(call, RIGHT_ALL);
}

static const struct op_arg address_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

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

OPERATION(mailbox_acl) = {
	.name = "mailbox acl",
	.role = OP_USER,
	.args = address_args,
	.help = "list what others may do with the mailboxes of an account",
	.example = "mailbox acl jim@example.org",
	.reads = true,
	.lists = true,
	.run = run_acl,
};
