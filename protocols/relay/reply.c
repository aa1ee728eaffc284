/* reply.c - what another SMTP server answers: read line by line, bounded */
#include "protocols/relay/reply.h"

#include <stdio.h>

#include "core/num.h"
#include "core/text.h"

void reply_clear(struct reply *reply)
{
	reply->code = 0;
	reply->lines = 0;
	buf_clear(&reply->text);
}

void reply_done(struct reply *reply)
{
	buf_done(&reply->text);
	*reply = (struct reply){ 0 };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

unsigned reply_code(struct slice text)
{
	uint32_t code;

	if (text.n < 3 || (text.n > 3 && is_digit(text.p[3])) ||
	    !num_u32(slice_head(text, 3), &code) || code < 200 || code > 599)
		return 0;
	return code;
}

/* RFC 5321 4.2: three digits, then '-' when more lines follow, else a blank or
   nothing. All lines have the same code. */
enum reply_part reply_take(struct reply *reply, struct slice line)
{
	unsigned code = reply_code(line);
	char mark = line.n > 3 ? line.p[3] : ' ';

	if (code == 0 || (mark != ' ' && mark != '-') || ++reply->lines > REPLY_LINES_MAX ||
	    (reply->code != 0 && reply->code != code))
		return REPLY_BAD;
	reply->code = code;
	size_t room = REPLY_TEXT_MAX - reply->text.n;
	struct slice text = slice_head(slice_from(line, 4), room > 0 ? room - 1 : 0);
	if (room > 0) {
		buf_adds(&reply->text, text);
		buf_addc(&reply->text, '\n');
	}
	return mark == '-' ? REPLY_MORE : REPLY_DONE;
}

/* --- in one line --- */

void reply_short(const struct reply *reply, struct buf *out)
{
	struct slice rest = buf_slice(&reply->text);
	size_t start = out->n;
	struct slice status = { 0 };

	buf_printf(out, "%03u", reply->code);
	while (rest.n > 0 && out->n - start < REPLY_SHORT_MAX) {
		struct slice line = slice_cut(&rest, '\n');
		size_t n = text_status(line);

		/* RFC 2034 4: each line repeats it */
		if (status.n > 0 && n == status.n && slice_starts(line, status))
			line = slice_trim(slice_from(line, n));
		else if (n > 0)
			status = slice_head(line, n);
		buf_addc(out, ' ');
		for (size_t i = 0; i < line.n && out->n - start < REPLY_SHORT_MAX; i++) {
			char c = line.p[i];
			buf_addc(out, c >= ' ' && c < 0x7f ? c : '?');
		}
	}
}

/* RFC 5321 4.2.1, RFC 3463; docs/queue.md says what it comes to. */
enum reply_means reply_means(struct slice text, bool of_rcpt)
{
	enum { AUTH_NEEDED = 530, AUTH_WEAK = 534, AUTH_FAILED = 535, TLS_NEEDED = 538 };
	enum { TOO_MANY = 452, TOO_MANY_ONCE = 552 };
	unsigned code = reply_code(text);
	char status[12];

	reply_status(text, false, status);
	bool many = strcmp(status + 1, ".5.3") == 0 || strcmp(status + 1, ".0.0") == 0;
	if (of_rcpt && many && (code == TOO_MANY || code == TOO_MANY_ONCE))
		return REPLY_TOO_MANY; /* 4.5.3.1.10: 552 means the same, from old servers */
	if (code == AUTH_NEEDED || code == AUTH_WEAK || code == AUTH_FAILED || code == TLS_NEEDED)
		return REPLY_LATER; /* an admin can mend it; the message is not at fault */
	return code / 100 == 2 ? REPLY_TAKEN : code / 100 == 5 ? REPLY_NEVER : REPLY_LATER;
}

char *reply_status(struct slice text, bool failed, char out[12])
{
	unsigned code = reply_code(text);
	struct slice rest = code ? slice_trim(slice_from(text, 3)) : text;
	size_t n = text_status(rest);
	char class = code ? (char)('0' + code / 100) : failed ? '5' : '4';

	/* RFC 3464 2.3.4: the class says the same as the code and as the action */
	if (n == 0 || n >= 12 || (code && rest.p[0] != class)) {
		snprintf(out, 12, "%c.0.0", class == '3' ? '2' : class);
		return out;
	}
	memcpy(out, rest.p, n);
	out[n] = '\0';
	return out;
}
