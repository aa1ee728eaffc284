/* fuzz_smtp.c - message text and chunks in pieces of any size, arguments of MAIL and RCPT, reasons
 * in replies */
#include <stdint.h>
#include <stdlib.h>

#include "core/text.h"
#include "protocols/smtp/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* However the text is cut, the same bytes are kept. */
static struct slice read_text(struct smtp *smtp, struct slice in, size_t piece)
{
	struct slice kept = { 0 };
	size_t taken = 0, come = 0;
	enum frame frame = FRAME_MORE;

	smtp_text_begin(smtp);
	while (smtp->mode == SMTP_TEXT && come < in.n) {
		size_t used = 0;

		come = come + piece < in.n ? come + piece : in.n;
		do {
			frame = smtp_text_frame(smtp, slice_of(in.p + taken, come - taken), &used);
			if (used > come - taken)
				abort();
			taken += used;
		} while (frame == FRAME_MORE && used > 0 && taken < come);
	}
	spool_map(smtp->mail->text, &kept, NULL);
	return kept;
}

static void fuzz_text(struct slice in, size_t piece)
{
	struct smtp_mail mail[2] = { { .body8 = false } };
	struct smtp smtp[2] = { { .mail = &mail[0] }, { .mail = &mail[1] } };
	struct slice whole = read_text(&smtp[0], in, in.n + 1);
	struct slice pieces = read_text(&smtp[1], in, piece);

	if (smtp[0].mode != smtp[1].mode || !slice_eq(whole, pieces) ||
	    smtp[0].text.bare != smtp[1].text.bare)
		abort();
	spool_free(&mail[0].text);
	spool_free(&mail[1].text);
}

/* A chunk in pieces, with the next command behind it, of which nothing is taken. */
static void fuzz_chunk(struct slice in, size_t piece)
{
	static const size_t behind = 3;
	struct smtp_mail mail = { .body8 = false };
	struct smtp smtp = { .mail = &mail };
	size_t chunk = in.n > behind ? in.n - behind : in.n, taken = 0, used;
	struct slice kept;

	smtp_text_begin(&smtp);
	smtp.mode = SMTP_CHUNK;
	smtp.text.chunk = chunk;
	while (smtp.mode == SMTP_CHUNK) {
		smtp_chunk_frame(&smtp, slice_head(slice_from(in, taken), piece), &used);
		if (used == 0 || used > piece)
			abort();
		taken += used;
	}
	if (taken != chunk || spool_map(mail.text, &kept, NULL) != 0 ||
	    !slice_eq(kept, slice_head(in, chunk)))
		abort();
	spool_free(&mail.text);
}

static void fuzz_arguments(struct slice in)
{
	struct smtp_mail mail = { .body8 = false };
	struct smtp smtp = { .mail = &mail };
	struct deliver_rcpt rcpt = { 0 };
	struct slice path, params;

	if (!smtp_path(in, &path, &params)) {
		smtp_params(&smtp, NULL, params, SMTP_MAIL);
		smtp_params(&smtp, &rcpt, params, SMTP_RCPT);
	}
	pool_done(&mail.pool);
}

/* Whatever a rule gives as its reason, it is one reply, and nothing behind it. */
static void fuzz_rejection(struct slice why, bool utf8)
{
	struct buf out = { 0 };
	bool last = false;

	smtp_put_rejection(why, utf8, &out);
	for (struct slice rest = buf_slice(&out), line; rest.n > 0;) {
		line = slice_cut(&rest, '\n');
		if (last || line.n < 11 || line.n > 511 || line.p[line.n - 1] != '\r' ||
		    slice_chr(line, '\r') != (ptrdiff_t)line.n - 1 || slice_chr(line, '\0') >= 0 ||
		    !slice_starts(line, SLICE("550")) || line.p[4] != '5' ||
		    text_status(slice_from(line, 4)) == 0)
			abort();
		last = line.p[3] == ' ';
		if (!last && line.p[3] != '-')
			abort();
	}
	if (!last)
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	struct slice in = slice_of(data + 1, n - 1);
	fuzz_text(in, (data[0] & 0x1f) + 1u);
	fuzz_chunk(in, (data[0] & 0x1f) + 1u);
	fuzz_arguments(in);
	fuzz_rejection(in, data[0] & 0x80);
	return 0;
}
