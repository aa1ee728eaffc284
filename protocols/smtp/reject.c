/* reject.c - a recipient's rules refuse the message: their reasons as a reply */
#include "core/text.h"
#include "protocols/smtp/smtp.h"

enum { LINES_MAX = 10, LINE_TEXT_MAX = 200 };

/* RFC 5321 §4.2: other than printable ASCII needs SMTPUTF8 (RFC 6531 §3.7.4.1). */
static bool may_say(struct slice why, bool utf8)
{
	for (size_t i = 0; i < why.n; i++) {
		unsigned char c = (unsigned char)why.p[i];
		if (c >= 0x80 && !utf8)
			return false;
		if (c == 0x7f || (c < ' ' && c != '\t' && c != '\r' && c != '\n'))
			return false;
	}
	return slice_trim(why).n > 0 && utf8_valid(why);
}

/* At most so much of a line that no character of UTF-8 is cut. */
static struct slice cut_line(struct slice line)
{
	struct slice head = slice_head(line, LINE_TEXT_MAX);

	while (head.n < line.n && head.n > 0 && ((unsigned char)line.p[head.n] & 0xc0) == 0x80)
		head.n--;
	return head;
}

/* A CR inside is a blank: it must not end the reply. */
static void put_line(struct buf *out, char separator, struct slice status, struct slice line)
{
	buf_printf(out, "550%c%.*s ", separator, SLICE_ARG(status));
	for (size_t i = 0; i < line.n; i++)
		buf_addc(out, line.p[i] == '\r' ? ' ' : line.p[i]);
	buf_addz(out, "\r\n");
}

void smtp_put_rejection(struct slice why, bool utf8, struct buf *out)
{
	struct slice rest = slice_trim(why), status = SLICE("5.7.1");

	if (!may_say(why, utf8))
		rest = SLICE("The recipient does not want this message");
	size_t n = text_status(rest);
	if (n > 0 && n < rest.n && rest.p[0] == '5') { /* of its own */
		status = slice_head(rest, n);
		rest = slice_trim(slice_from(rest, n));
	}
	for (int i = 1; rest.n > 0; i++) {
		struct slice line = cut_line(slice_trim(slice_cut(&rest, '\n')));
		bool last = rest.n == 0 || i == LINES_MAX;
		put_line(out, last ? ' ' : '-', status, line);
		if (last)
			break;
	}
}

enum sess_next smtp_rejected(struct smtp *smtp, struct slice why)
{
	smtp_put_rejection(why, smtp->mail->smtputf8, sess_out(smtp->sess));
	return SESS_NEXT;
}
