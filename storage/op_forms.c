/* op_forms.c - forward and answer the mail of an account, for who writes no rules */
#include "storage/forms.h"
#include "storage/op_rule.h"

struct said {
	struct op_call *call;
	struct slice forward;
};

static int change(
    struct op_call *call, void (*how)(void *arg, struct forms *forms), struct said *said)
{
	struct script_owner owner;
	struct err err = { 0 };

	if (op_rule_account(call, op_text(call, "address"), &owner) != 0)
		return -1;
	return op_done(call, forms_change(owner.account, owner.shard, how, said, &err), &err);
}

#define ARG_ADDRESS                                                                                \
	{                                                                                          \
		"address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL                 \
	}

/* --- forward --- */

static void set_forward(void *arg, struct forms *forms)
{
	const struct said *said = arg;

	forms->forward = said->forward;
	forms->keep = op_bool(said->call, "keep");
}

static int run_forward(struct op_call *call)
{
	struct said said = { .call = call };
	struct buf list = { 0 };

	for (size_t i = 0; i < op_count(call, "to"); i++)
		buf_printf(&list, "%s%s", i ? " " : "", op_item(call, "to", i));
	said.forward = pool_slice(op_pool(call), buf_slice(&list));
	buf_done(&list);
	return change(call, set_forward, &said);
}

static const struct op_arg forward_args[] = {
	ARG_ADDRESS,
	{ "to", OP_ADDRESS, OP_MANY | OP_FOREIGN, "where its mail goes; without it: nowhere else",
	    NULL },
	{ "keep", OP_BOOL, OP_OPTION, "its mail comes to its own mailboxes, too", NULL },
	{ 0 },
};

OPERATION(account_forward) = {
	.name = "account forward",
	.role = OP_USER,
	.args = forward_args,
	.help = "forward the mail of an account, or no more",
	.more =
	    "Senders are rewritten so that other servers take it: docs/addresses.md. Rules of the\n"
	    "server and the domain come first, the account's own rules see what is kept.",
	.example = "account forward ann@example.org ann@partner.example --keep",
	.run = run_forward,
};

/* --- answer --- */

static void set_text(struct op_call *call, const char *name, struct slice *out)
{
	if (op_given(call, name))
		*out = slice_str(op_text(call, name));
}

static void set_answer(void *arg, struct forms *forms)
{
	struct op_call *call = ((const struct said *)arg)->call;

	forms->answer = op_bool(call, "on");
	set_text(call, "text", &forms->text);
	set_text(call, "subject", &forms->subject);
	set_text(call, "from", &forms->from);
	set_text(call, "until", &forms->until);
	if (op_given(call, "days"))
		forms->days = (unsigned)op_number(call, "days", 0);
}

static int run_answer(struct op_call *call)
{
	struct said said = { .call = call };

	if (op_number(call, "days", 0) < 0 || op_number(call, "days", 0) > 3650)
		return op_fail(call, ERR_INPUT, "days is 1 to 3650");
	return change(call, set_answer, &said);
}

static const struct op_arg answer_args[] = {
	ARG_ADDRESS,
	{ "on", OP_BOOL, OP_REQUIRED, "on or off", NULL },
	{ "text", OP_TEXT, OP_OPTION, "what is answered; without it as before", NULL },
	{ "subject", OP_TEXT, OP_OPTION, "its subject; empty: Auto: and that of the message",
	    NULL },
	{ "from", OP_TEXT, OP_OPTION, "first day, as 2026-12-24; empty: now", NULL },
	{ "until", OP_TEXT, OP_OPTION, "last day; empty: without end", NULL },
	{ "days", OP_NUMBER, OP_OPTION, "until somebody gets the answer again; 0: 7", NULL },
	{ 0 },
};

OPERATION(account_vacation) = {
	.name = "account vacation",
	.role = OP_USER,
	.args = answer_args,
	.help = "answer the mail of an account while its owner is away",
	.more =
	    "Everybody is answered once in a while; lists, notifications and other answers never\n"
	    "are: docs/rules.md.",
	.example =
	    "account vacation ann@example.org on --text 'Back on Monday.' --until 2026-12-31",
	.run = run_answer,
};

/* --- what was said --- */

static int run_away(struct op_call *call)
{
	struct script_owner owner;
	struct forms forms;

	if (op_rule_account(call, op_text(call, "address"), &owner) != 0)
		return -1;
	if (forms_read(owner.account, owner.shard, op_pool(call), &forms) != 0)
		return op_fail(call, ERR_TEMP, "cannot read what was said");
	op_put_text(call, "forward", forms.forward);
	op_put_bool(call, "keep", forms.keep);
	op_put_bool(call, "vacation", forms.answer);
	op_put_text(call, "subject", forms.subject);
	op_put_text(call, "text", forms.text);
	op_put_text(call, "from", forms.from);
	op_put_text(call, "until", forms.until);
	op_put_number(call, "days", forms.days);
	return 0;
}

static const struct op_arg away_args[] = { ARG_ADDRESS, { 0 } };

OPERATION(account_away) = {
	.name = "account away",
	.role = OP_USER,
	.args = away_args,
	.help = "show where an account's mail is forwarded, and how it is answered",
	.reads = true,
	.run = run_away,
};
