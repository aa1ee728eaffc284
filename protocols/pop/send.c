/* send.c - a message as POP3 sends it (RFC 1939 §3, RFC 5322 §2.3) */
#include "protocols/pop/send.h"

/* A line ends at p[0] == LF. Is it empty, but for its CR? */
static bool is_empty(const struct pop_lines *lines, bool bare)
{
	return lines->length == (bare ? 1 : 2);
}

/* A line is complete. False: it was the last that TOP wants. */
static bool line_done(struct pop_lines *lines, bool bare)
{
	bool empty = is_empty(lines, bare);
	lines->length = 0;
	lines->inside = lines->cr = false;
	if (!lines->in_body)
		lines->in_body = empty;
	else if (lines->left > 0)
		lines->left--;
	return !(lines->limited && lines->in_body && lines->left == 0);
}

/* Bytes are copied in runs as long as possible: a run ends where something is
   put in, before a dot that begins a line or before an LF without CR. Clients
   take an LF alone for the end of a line too, so a dot behind it is stuffed. */
bool pop_lines_add(struct pop_lines *lines, struct slice piece, struct buf *out)
{
	const char *p = piece.p, *end = piece.p + piece.n, *run = p;

	while (p < end) {
		if (!lines->inside && *p == '.') {
			buf_add(out, run, (size_t)(p - run));
			buf_addc(out, '.');
			run = p;
		}
		lines->inside = true;
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *next = lf ? lf + 1 : end;
		lines->length += (uint64_t)(next - p);
		if (!lf) {
			lines->cr = end[-1] == '\r';
			break;
		}
		bool bare = lf == p ? !lines->cr : lf[-1] != '\r';
		if (bare) {
			buf_add(out, run, (size_t)(lf - run));
			buf_addc(out, '\r');
			run = lf;
		}
		p = next;
		if (!line_done(lines, bare)) {
			end = p;
			buf_add(out, run, (size_t)(end - run));
			return false;
		}
	}
	buf_add(out, run, (size_t)(end - run));
	return true;
}

void pop_lines_end(struct pop_lines *lines, struct buf *out)
{
	if (lines->inside)
		buf_add(out, "\r\n", 2);
	buf_add(out, ".\r\n", 3);
}
