/* sieve_case.c - what a script does with a message, as a line of words */
#include "tests/unit/unit.h"

#include "tests/unit/sieve_case.h"

const char sieve_case_mail[] =
    "Return-Path: <ann@example.org>\r\n"
    "Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    "Received: from c by d; Sat, 21 Nov 2026 09:59:00 +0000\r\n"
    "From: \"Ann Example, Ltd.\" <Ann@Example.org>\r\n"
    "To: Bob <bob+lists@Example.com>, \"Cy\" <cy@other.example>\r\n"
    "Cc: friends: dora@friends.example, =?utf-8?Q?J=C3=BCrgen?= <j@example.net>;\r\n"
    "Subject: =?utf-8?B?R3LDvMOfZSAkJCQ=?= and\r\n"
    " =?iso-8859-1?Q?make_money_f=E4st?=\r\n"
    "X-Spam-Level:   *****  \r\n"
    "X-Empty:\r\n"
    "X-Priority: 3\r\n"
    "Date: Fri, 20 Nov 2026 23:30:00 -0500\r\n"
    "Message-ID: <1@example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "R8O8bnN0aWcga2F1ZmVuIQ==\r\n"
    "--b\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p>Very <b>cheap</b></p>\r\n"
    "--b\r\n"
    "Content-Type: application/x-tool\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "c2VjcmV0IGNvZGU=\r\n"
    "--b--\r\n";

static void show_flags(struct buf *out, const struct sieve_action *action)
{
	static const char *const names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
		"\\Draft" };
	const char *between = " [";

	for (size_t i = 0; i < COUNT(names); i++) {
		if (action->flags & 1u << i) {
			buf_printf(out, "%s%s", between, names[i]);
			between = " ";
		}
	}
	for (size_t i = 0; i < action->n_keywords; i++) {
		buf_printf(out, "%s%.*s", between, SLICE_ARG(action->keywords[i]));
		between = " ";
	}
	if (*between == ' ' && between[1] == '\0')
		buf_addc(out, ']');
}

static const char *word_of(const struct sieve_action *action)
{
	if (action->kind == SIEVE_REDIRECT)
		return "redirect";
	if (action->kind == SIEVE_REJECT)
		return "reject";
	if (action->kind == SIEVE_VACATION)
		return "answer";
	if (action->encrypt)
		return "encrypt";
	if (action->name.n > 0)
		return "into";
	return action->implicit ? "implicit" : "keep";
}

static void show(struct buf *out, const struct sieve_action *action)
{
	if (!action)
		buf_addz(out, "discard");
	for (; action; action = action->next) {
		buf_addz(out, word_of(action));
		if (action->name.n > 0)
			buf_printf(out, " %.*s", SLICE_ARG(action->name));
		show_flags(out, action);
		if (action->next)
			buf_addz(out, ", ");
	}
}

static void run(struct buf *out, const char *text, const char *mail, struct pool *pool)
{
	struct sieve_message message = { .text = slice_str(mail),
		.from = SLICE("ann@example.org"),
		.to = SLICE("bob+lists@example.com") };
	struct sieve_action *actions;
	struct err err = { 0 };
	struct sieve_script *script = sieve_compile(slice_str(text), &err);

	if (!script) {
		buf_printf(out, "wrong: %s", err.text);
		return;
	}
	if (sieve_run(script, &message, pool, &actions, &err) == 0)
		show(out, actions);
	else
		buf_printf(out, "fault: %s", err.text);
	if (err.kind != ERR_NONE && !(actions && actions->implicit && !actions->next))
		buf_addz(out, ", and not kept");
	sieve_free(&script);
}

static void check(const char *mail, const char *script, const char *want)
{
	struct pool pool = { 0 };
	struct buf out = { 0 };

	run(&out, script, mail, &pool);
	want_text(script, buf_slice(&out), want);
	pool_done(&pool);
	buf_done(&out);
}

void sieve_cases(const struct sieve_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(sieve_case_mail, cases[i].script, cases[i].want);
}

void sieve_mail_cases(const struct sieve_mail_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(cases[i].mail, cases[i].script, cases[i].want);
}
