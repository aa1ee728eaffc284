/* fuzz_smtp.c - message text in pieces of any size, and the arguments of MAIL and RCPT */
#include <stdint.h>
#include <stdlib.h>

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

static void fuzz_arguments(struct slice in)
{
	struct smtp_mail mail = { .body8 = false };
	struct deliver_rcpt rcpt = { 0 };
	struct slice path, params;

	if (!smtp_path(in, &path, &params)) {
		smtp_params(&mail, NULL, params, SMTP_MAIL);
		smtp_params(&mail, &rcpt, params, SMTP_RCPT);
	}
	pool_done(&mail.pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	struct slice in = slice_of(data + 1, n - 1);
	fuzz_text(in, (data[0] & 0x1f) + 1u);
	fuzz_arguments(in);
	return 0;
}
