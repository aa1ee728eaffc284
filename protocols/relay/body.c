/* body.c - the text of a message on its way out: streamed, with dots */
#include "protocols/relay/body.h"

#include "core/loop.h"

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

		if (!dots->in_line && line.n > 0 && line.p[0] == '.')
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

/* Write a piece with dots, in the time that is left for it. */
static int send_piece(
    struct dots *dots, struct slice piece, struct client *client, uint64_t ms, struct err *err)
{
	struct buf out = { 0 };

	dots_add(dots, piece, &out);
	client_deadline(client, ms);
	int rc = client_write(client, buf_slice(&out), err);
	buf_done(&out);
	return rc;
}

static int send_end(struct dots *dots, struct client *client, struct err *err)
{
	struct buf out = { 0 };

	dots_end(dots, &out);
	int rc = client_write(client, buf_slice(&out), err);
	buf_done(&out);
	return rc == 0 ? client_flush(client, err) : rc;
}

int body_send(struct body *body, uint64_t from, struct client *client,
    const struct body_times *times, struct err *err)
{
	uint64_t end = loop_now() + times->whole, now;
	char block[BLOCK_BYTES];
	struct dots dots = { 0 };
	ssize_t n;

	while ((n = body_read(body, from, block, sizeof(block))) > 0) {
		if ((now = loop_now()) >= end)
			return err_set(err, ERR_TEMP, "the text is read too slowly");
		uint64_t ms = end - now < times->block ? end - now : times->block;
		if (send_piece(&dots, slice_of(block, (size_t)n), client, ms, err) != 0)
			return -1;
		from += (uint64_t)n;
	}
	if (n < 0)
		return err_set(err, ERR_TEMP, "the message cannot be read");
	return send_end(&dots, client, err);
}
