/* op_rule_encrypt.c - all mail of an account is stored encrypted, by a part of its script
 *
 * The part stands between two comments, behind what the script requires and
 * before all that it does. What the owner wrote is never touched; it rests while
 * the part is there, since it could store the same message in the clear. */
#include "storage/op_rule.h"

#define BEGIN "# signet rule encrypt: begin"
#define END "# signet rule encrypt: end"

/* Of an account that had no script. */
static const char made[] = "encrypt";

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

/* The active script; an empty name when there is none. */
static int read_active(
    const struct script_owner *owner, struct buf *name, struct buf *text, struct err *err)
{
	if (script_get_active(owner, name) != 0 ||
	    (name->n > 0 && script_get(owner, buf_slice(name), text) < 0))
		return err_set(err, ERR_TEMP, "the rules cannot be read now");
	return 0;
}

static int turn_on(const struct script_owner *owner, struct slice name, struct slice own,
    struct slice mailbox, struct err *err)
{
	struct buf script = { 0 };
	bool none = name.n == 0;

	if (none)
		name = slice_str(made);
	with_part(own, mailbox, &script);
	int rc = script_put(owner, name, buf_slice(&script), NULL, err);
	if (rc == 0 && none)
		rc = script_activate(owner, name, err);
	buf_done(&script);
	return rc;
}

/* A script that is nothing else goes. */
static int turn_off(
    const struct script_owner *owner, struct slice name, struct slice own, struct err *err)
{
	if (name.n == 0)
		return 0;
	if (slice_trim(own).n > 0 || !slice_eq(name, slice_str(made)))
		return script_put(owner, name, own, NULL, err);
	if (script_activate(owner, SLICE(""), err) != 0)
		return -1;
	return script_remove(owner, name, err);
}

static int change(struct op_call *call, const struct script_owner *owner, struct err *err)
{
	struct slice mailbox =
	    op_given(call, "mailbox") ? slice_str(op_text(call, "mailbox")) : SLICE("INBOX");
	struct buf name = { 0 }, text = { 0 }, own = { 0 };
	int rc = read_active(owner, &name, &text, err);

	without_part(buf_slice(&text), &own);
	if (rc == 0 && op_bool(call, "on"))
		rc = turn_on(owner, buf_slice(&name), buf_slice(&own), mailbox, err);
	else if (rc == 0)
		rc = turn_off(owner, buf_slice(&name), buf_slice(&own), err);
	buf_done(&name);
	buf_done(&text);
	buf_done(&own);
	return rc;
}

static int run(struct op_call *call)
{
	struct script_owner owner;
	struct err err = { 0 };

	if (op_rule_account(call, op_text(call, "address"), &owner) != 0)
		return -1;
	if (change(call, &owner, &err) != 0)
		return op_fail_err(call, &err);
	if (op_bool(call, "on"))
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
