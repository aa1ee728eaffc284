/* op_signed.c - signed mail: which there is, and whether it is what it says */
#include <string.h>

#include "smime/op_smime.h"
#include "smime/signed.h"

enum { SHOWN = 50, SHOWN_MAX = 500 };

/* --- list --- */

static int run_list(struct op_call *call)
{
	int64_t limit = op_number(call, "limit", SHOWN);
	struct signed_found *found;
	struct dir_account account;
	struct err err = { 0 };

	if (smime_op_account(call, false, &account) != 0)
		return -1;
	if (limit < 1 || limit > SHOWN_MAX)
		return op_fail(call, ERR_INPUT, "limit: 1 to %d", SHOWN_MAX);
	found = pool_get(op_pool(call), (size_t)limit * sizeof(*found));
	int n = signed_find(&account, op_pool(call), found, (size_t)limit, &err);
	for (int i = 0; i < n; i++) {
		op_row(call);
		op_put_text(call, "mailbox", slice_str(found[i].mailbox));
		op_put_number(call, "uid", found[i].uid);
		op_put_time(call, "came", found[i].when);
		op_put_text(call, "from", slice_str(found[i].from));
		op_put_text(call, "subject", slice_str(found[i].subject));
	}
	return n >= 0 ? 0 : op_fail_err(call, &err);
}

static const struct op_arg list_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "so many at most; else 50", NULL },
	{ 0 },
};

/* C-061 */
OPERATION(smime_signed) = {
	.name = "smime signed",
	.role = OP_USER,
	.args = list_args,
	.help = "list signed messages of an account, the newest first",
	.more =
	    "Looked at are the 300 messages that came last to each mailbox. Whether a signature\n"
	    "is good says smime verify.",
	.example = "smime signed ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- verify --- */

static void put_path(struct op_call *call, const struct signed_judgement *j)
{
	struct buf name = { 0 };

	for (size_t i = 0; j->state == SIGNED_VALID && i < j->path.n; i++) {
		buf_clear(&name);
		cert_name_text(j->path.cert[i].subject, &name);
		op_row(call);
		op_put_text(call, "path", buf_slice(&name));
		op_put_time(call, "till", j->path.cert[i].not_after);
	}
	buf_done(&name);
}

static void answer(struct op_call *call, const struct signed_judgement *j)
{
	op_put_text(call, "signature", slice_str(signed_state_names[j->state]));
	op_put_bool(call, "valid", j->state == SIGNED_VALID);
	op_put_text(call, "message-from", slice_str(j->from));
	op_put_number(call, "signers", (int64_t)j->signers);
	if (j->state != SIGNED_VALID)
		op_put_text(call, "reason", slice_str(j->reason.text));
	if (j->when > 0)
		op_put_time(call, "signed", j->when);
	if (j->has_cert) {
		op_put_text(call, "signer", slice_str(j->addresses));
		smime_op_put_cert(call, &j->cert);
	}
	put_path(call, j);
}

static int run_verify(struct op_call *call)
{
	struct signed_judgement j = { 0 };
	struct dir_account account;
	struct buf message = { 0 };
	struct err err = { 0 };
	int64_t when;

	if (smime_op_account(call, false, &account) != 0)
		return -1;
	struct slice domain = slice_str(strrchr(account.name, '@') + 1);
	int rc = smime_op_message(call, &account, &message, &when, &err);
	if (rc == 0)
		rc = signed_judge(buf_slice(&message), domain, when, &j, &err);
	if (rc == 0)
		answer(call, &j);
	else
		op_fail_err(call, &err);
	signed_done(&j);
	buf_done(&message);
	return rc;
}

static const struct op_arg verify_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED,
	    "address of the account: its domain says who is trusted", NULL },
	{ "text", OP_SECRET, 0, "a signed mail message", NULL },
	{ "mailbox", OP_TEXT, OP_OPTION, "the mailbox of a stored message; else INBOX", NULL },
	{ "uid", OP_NUMBER, OP_OPTION, "the UID of a stored message", NULL },
	{ 0 },
};

/* C-061 */
OPERATION(smime_verify) = {
	.name = "smime verify",
	.role = OP_USER,
	.args = verify_args,
	.help = "say who signed a message, and whether that is true",
	.more =
	    "valid      it is as it was signed, by whom it says it is from, and the certificate of\n"
	    "           who signed is good: by the sets of the domain, the server and the system\n"
	    "invalid    it was changed, or is signed by somebody else than it says\n"
	    "untrusted  it is as it was signed, but the certificate is not good; reason says why\n"
	    "\n"
	    "A stored message is judged as of the day on which it came.",
	.example = "smime verify ann@example.org --text-file message.eml\n"
		   "smime verify ann@example.org --mailbox INBOX --uid 7",
	.reads = true,
	.run = run_verify,
};
