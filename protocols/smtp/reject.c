/* reject.c - a recipient's rules refuse the message: their reasons as a reply */
#include "protocols/smtp/smtp.h"

enum { LINES_MAX = 10, LINE_TEXT_MAX = 200 };

/* RFC 5321 §4.2: other than printable ASCII needs SMTPUTF8 (RFC 6531 §3.7.4.1). */
static bool may_say(const struct smtp *smtp, struct slice why)
{
	for (size_t i = 0; i < why.n; i++) {
		unsigned char c = (unsigned char)why.p[i];
		if (c >= 0x80 && !smtp->mail->smtputf8)
			return false;
		if (c == 0x7f || (c < ' ' && !strchr("\t\r\n", c)) || c == '\0')
			return false;
	}
	return slice_trim(why).n > 0;
}

/* At most so much of a line that no character of UTF-8 is cut. */
static struct slice cut_line(struct slice line)
{
	struct slice head = slice_head(line, LINE_TEXT_MAX);

	while (head.n < line.n && head.n > 0 && ((unsigned char)line.p[head.n] & 0xc0) == 0x80)
		head.n--;
	return head;
}

/* RFC 5429 §2.1.1: a reason of several lines is a reply of several lines. */
enum sess_next smtp_rejected(struct smtp *smtp, struct slice why)
{
	struct slice rest = slice_trim(why);

	if (!may_say(smtp, why))
		return smtp_reply(smtp, "550 5.7.1 The recipient does not want this message");
	for (int i = 0; rest.n > 0; i++) {
		struct slice line = cut_line(slice_trim(slice_cut(&rest, '\n')));
		bool last = rest.n == 0 || i + 1 == LINES_MAX;
		smtp_replyf(smtp, "550%c5.7.1 %.*s", last ? ' ' : '-', SLICE_ARG(line));
		if (last)
			break;
	}
	return SESS_NEXT;
}
