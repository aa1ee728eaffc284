/* body.c - the text of a message on its way out: its lines, and where it begins */
#include "protocols/relay/body.h"

enum { BLOCK_BYTES = 32 * 1024 };

/* A LF that stood alone would be a line's end to some servers and none to
   others, which lets a sender smuggle: all leave as CRLF. */
static void end_line(struct dots *dots, struct buf *out)
{
	if (!dots->cr)
		buf_addc(out, '\r');
	buf_addc(out, '\n');
	dots->in_line = dots->cr = false;
}

void dots_add(struct dots *dots, struct slice piece, struct buf *out)
{
	while (piece.n > 0) {
		ptrdiff_t lf = slice_chr(piece, '\n');
		struct slice line = slice_head(piece, lf < 0 ? piece.n : (size_t)lf);

		if (!dots->none && !dots->in_line && line.n > 0 && line.p[0] == '.')
			buf_addc(out, '.');
		buf_adds(out, line);
		if (line.n > 0) {
			dots->in_line = true;
			dots->cr = line.p[line.n - 1] == '\r';
		}
		piece = slice_from(piece, line.n + (lf >= 0));
		if (lf >= 0)
			end_line(dots, out);
	}
}

void dots_end(struct dots *dots, struct buf *out)
{
	if (dots->in_line)
		end_line(dots, out);
	if (!dots->none)
		buf_addz(out, ".\r\n");
}

int64_t body_start(struct body *body)
{
	char head[1024];
	ssize_t n = body_read(body, 0, head, sizeof(head));

	if (n < 0)
		return -1;
	struct slice text = slice_of(head, (size_t)n);
	if (!slice_istarts(text, SLICE("Return-Path:")))
		return 0;
	ptrdiff_t lf = slice_chr(text, '\n');
	return lf < 0 ? 0 : lf + 1;
}

int body_is_8bit(struct body *body, uint64_t from, bool header_only)
{
	char block[BLOCK_BYTES];
	bool empty_line = false; /* only a LF seen since the last line's end */
	ssize_t n;

	while ((n = body_read(body, from, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if ((unsigned char)block[i] >= 0x80)
				return 1;
			if (header_only && block[i] == '\n' && empty_line)
				return 0;
			if (block[i] != '\r')
				empty_line = block[i] == '\n';
		}
		from += (uint64_t)n;
	}
	return n < 0 ? -1 : 0;
}
