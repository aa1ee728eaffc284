/* cmd_ehlo.c - EHLO and HELO: who is there, and what is offered */
#include <stdlib.h>

#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

enum { HELO_MAX = 255 };

/* The name goes into a Received line: printable, no blanks, bounded. */
static bool name_is_fine(struct slice name)
{
	if (name.n == 0 || name.n > HELO_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f ||
		    strchr("()<>\\\"", name.p[i]))
			return false;
	return true;
}

/* RFC 5321 §4.1.4: EHLO in the middle of a session is a RSET as well. */
static bool greet(struct smtp *smtp, struct slice name, bool esmtp)
{
	if (!name_is_fine(name))
		return false;
	smtp_mail_end(smtp);
	free(smtp->helo);
	smtp->helo = mem_str(name);
	smtp->esmtp = esmtp;
	return true;
}

/* NULL, or the reply. A name that is refused does not count as said. */
static const char *check(struct smtp *smtp)
{
	const char *why = smtp_check_helo(smtp);

	smtp->phase = why ? SMTP_GREETED : SMTP_READY;
	return why;
}

/* Lines "250-WORD"; the last one "250 WORD". */
static void list_extensions(struct smtp *smtp, struct buf *out)
{
	size_t last = 0;

	buf_addz(out, "250-");
	smtp_host_name(smtp, out);
	buf_addz(out, "\r\n");
	for (size_t i = 0; i < smtp_extension_table_n; i++) {
		size_t line = out->n;

		buf_addz(out, "250-");
		smtp_extension_table[i]->word(smtp, out);
		if (out->n == line + 4) {
			out->n = line;
			continue;
		}
		buf_addz(out, "\r\n");
		last = line;
	}
	out->p[last + 3] = ' ';
}

enum sess_next smtp_ehlo(struct smtp *smtp, struct slice args)
{
	if (!greet(smtp, args, true))
		return smtp_fault(smtp, "501 5.5.4 A host name is needed");
	const char *why = check(smtp);
	if (why)
		return smtp_refuse_or_wait(smtp, why, args);
	list_extensions(smtp, sess_out(smtp->sess));
	return SESS_NEXT;
}

static enum sess_next helo(struct smtp *smtp, struct slice args)
{
	if (!greet(smtp, args, false))
		return smtp_fault(smtp, "501 5.5.4 A host name is needed");
	const char *why = check(smtp);
	if (why)
		return smtp_refuse_or_wait(smtp, why, args);
	buf_addz(sess_out(smtp->sess), "250 ");
	smtp_host_name(smtp, sess_out(smtp->sess));
	return smtp_reply(smtp, "");
}

SMTP_COMMAND(ehlo) = {
	.name = "EHLO",
	.phases = SMTP_ANY,
	.instant = true,
	.kind = SMTP_ALONE,
	.help = "EHLO host: who you are; the answer tells what is offered",
	.run = smtp_ehlo,
};

SMTP_COMMAND(helo) = {
	.name = "HELO",
	.phases = SMTP_ANY,
	.instant = true,
	.kind = SMTP_ALONE,
	.help = "HELO host: the same for old clients",
	.run = helo,
};
