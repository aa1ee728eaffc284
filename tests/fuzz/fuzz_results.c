/* fuzz_results.c - Authentication-Results of strangers: whose they are, and whether all go */
#include <stdint.h>
#include <stdlib.h>

#include "core/msg.h"
#include "mailauth/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whatever is left claims to be somebody else's; nothing else is missing. */
static void remove_all(struct slice message, struct slice id)
{
	struct buf once = { 0 }, twice = { 0 };

	if (results_remove(message, id, &once)) {
		if (once.n > message.n + 2 || results_remove(buf_slice(&once), id, &twice))
			abort();
	} else if (once.n > 0) {
		abort();
	}
	buf_done(&once);
	buf_done(&twice);
}

/* What is written is one field, and read again as ours. */
static void write_all(struct slice text)
{
	struct slice rest = text, id = slice_cut(&rest, '\0');
	struct spf_answer spf = { .result = SPF_FAIL, .domain = rest };
	struct results results = { .id = id, .spf = &spf, .mailfrom = slice_cut(&rest, '\0') };
	struct buf out = { 0 }, field = { 0 };
	struct msg_field read;

	results_write(&results, &out);
	buf_printf(&field, "A: %.*s\r\n\r\n", SLICE_ARG(buf_slice(&out)));
	rest = buf_slice(&field);
	if (!msg_field_next(&rest, &read) || rest.n != 2)
		abort();
	buf_done(&out);
	buf_done(&field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = slice_of(data, n);

	remove_all(text, SLICE("mx.test"));
	results_is_from(text, SLICE("mx.test"));
	write_all(text);
	return 0;
}
