/* op_rule_encrypt.c - all mail of an account is stored encrypted, by a part of its script
 *
 * The part stands between two comments, behind what the script requires and
 * before all that it does. What the owner wrote is never touched; it rests while
 * the part is there, since it could store the same message in the clear. */
#include "storage/op_rule.h"

#define BEGIN "# signet rule encrypt: begin"
#define END "# signet rule encrypt: end"

/* Of an account that had no script. */
static const char made[] = "signet-encrypt";

/* --- the text --- */

/* The part of the script with its line ends; false: there is none. */
static bool find_part(struct slice text, size_t *from, size_t *to)
{
	ptrdiff_t begin = slice_find(text, SLICE(BEGIN));

	if (begin < 0)
		return false;
	ptrdiff_t end = slice_find(slice_from(text, (size_t)begin), SLICE(END));
	if (end < 0)
		return false;
	*from = (size_t)begin;
	*to = (size_t)begin + (size_t)end + strlen(END);
	ptrdiff_t lf = slice_chr(slice_from(text, *to), '\n');
	*to = lf < 0 ? text.n : *to + (size_t)lf + 1;
	return true;
}

static void without_part(struct slice text, struct buf *out)
{
	size_t from, to;

	if (!find_part(text, &from, &to)) {
		buf_adds(out, text);
		return;
	}
	/* The line end that was put before it goes, too. */
	size_t head =
	    from > 0 && from < text.n && sieve_beginning(slice_head(text, from)) == from - 1
	    ? from - 1
	    : from;
	buf_adds(out, slice_head(text, head));
	buf_adds(out, slice_from(text, to));
}

static void add_quoted(struct buf *out, struct slice text)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
	buf_addc(out, '"');
}

static void with_part(struct slice text, struct slice mailbox, struct buf *out)
{
	size_t head = sieve_beginning(text);

	buf_adds(out, slice_head(text, head));
	if (head > 0)
		buf_addc(out, '\n');
	buf_addz(out,
	    BEGIN "\n"
		  "# All mail is stored encrypted, and what follows is not done. To encrypt\n"
		  "# some of it, write store_encrypted into your own rules instead.\n"
		  "require \"vnd.signet.store-encrypted\";\n"
		  "store_encrypted ");
	add_quoted(out, mailbox);
	buf_addz(out, ";\nstop;\n" END "\n");
	buf_adds(out, slice_from(text, head));
}

/* --- on, off --- */

/* NULL: off. */
struct part {
	const char *mailbox;
};

static void edit(void *arg, struct slice text, struct buf *out)
{
	const struct part *part = arg;
	struct buf own = { 0 };

	without_part(text, &own);
	if (part->mailbox)
		with_part(buf_slice(&own), slice_str(part->mailbox), out);
	else
		buf_adds(out, buf_slice(&own));
	buf_done(&own);
}

static struct part part_of(struct op_call *call)
{
	const char *mailbox = op_given(call, "mailbox") ? op_text(call, "mailbox") : "INBOX";

	return (struct part){ op_bool(call, "on") ? mailbox : NULL };
}

static int run(struct op_call *call)
{
	struct script_owner owner;
	struct part part = part_of(call);
	struct err err = { 0 };

	if (op_rule_account(call, op_text(call, "address"), &owner) != 0)
		return -1;
	if (script_edit(&owner, slice_str(made), edit, &part, &err) != 0)
		return op_fail_err(call, &err);
	if (part.mailbox)
		op_say(call,
		    "Mail is encrypted for the account's certificate: signet smime show %s",
		    op_text(call, "address"));
	return 0;
}

static const struct op_arg args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ "on", OP_BOOL, OP_REQUIRED, "on or off", NULL },
	{ "mailbox", OP_TEXT, OP_OPTION, "where the mail goes; INBOX when left out", NULL },
	{ 0 },
};

OPERATION(rule_encrypt) = {
	.name = "rule encrypt",
	.role = OP_USER,
	.args = args,
	.help = "store all mail of an account encrypted, or as it comes",
	.more =
	    "It writes a marked part into the active script, in plain Sieve, and leaves the\n"
	    "account's own rules in place; they rest while it is on. To encrypt some mail only,\n"
	    "write store_encrypted into the rules: see signet help rule set.",
	.example = "rule encrypt ann@example.org on\n"
		   "rule encrypt ann@example.org on --mailbox Private\n"
		   "rule encrypt ann@example.org off",
	.run = run,
};

/* --- is it on? --- */

static int run_encrypted(struct op_call *call)
{
	struct script_owner owner;
	struct buf name = { 0 }, text = { 0 };
	size_t from, to;

	if (op_rule_account(call, op_text(call, "address"), &owner) != 0)
		return -1;
	int rc = script_get_active(&owner, &name);
	if (rc == 0 && name.n > 0 && script_get(&owner, buf_slice(&name), &text) < 0)
		rc = -1;
	op_put_bool(call, "on", rc == 0 && find_part(buf_slice(&text), &from, &to));
	op_put_text(call, "script", buf_slice(&name));
	buf_done(&name);
	buf_done(&text);
	return rc == 0 ? 0 : op_fail(call, ERR_TEMP, "the rules cannot be read now");
}

static const struct op_arg address_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

OPERATION(rule_encrypted) = {
	.name = "rule encrypted",
	.role = OP_USER,
	.args = address_args,
	.help = "say whether all mail of an account is stored encrypted",
	.example = "rule encrypted ann@example.org",
	.reads = true,
	.run = run_encrypted,
};
