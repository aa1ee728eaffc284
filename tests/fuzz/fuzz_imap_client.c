/* fuzz_imap_client.c - what another IMAP server says */
#include <stdint.h>
#include <stdlib.h>

#include "storage/imap_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whatever is taken off the front leaves less, and lies in the answer or in scratch. */
static void walk(struct slice in)
{
	struct buf scratch = { 0 };
	struct slice out;

	while (in.n > 0) {
		size_t before = in.n;

		if (!imap_client_string(&in, &scratch, &out) || out.n > before)
			in = slice_from(in, 1);
		if (in.n > before)
			abort();
		if (in.n == before)
			break;
	}
	buf_done(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n), word;
	struct buf quoted = { 0 };

	walk(in);
	imap_client_word(&in, &word);
	if (imap_client_quote(&quoted, slice_of(data, n)) && quoted.n < n + 2)
		abort();
	buf_done(&quoted);
	return 0;
}
