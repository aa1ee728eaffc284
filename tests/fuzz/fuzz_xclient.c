/* fuzz_xclient.c - words of XCLIENT, and entries of sender groups: no value can end a line, and an
 * entry that was written once is read as the same */
#include <stdint.h>
#include <stdlib.h>

#include "protocols/smtp/flow_private.h"
#include "protocols/smtp/xclient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fuzz_words(struct slice in)
{
	struct pool pool = { 0 };
	struct xclient x;
	const char *why = xclient_read(in, &pool, &x);

	for (size_t i = 0; !why && i < XCLIENT_WORDS; i++)
		for (const char *p = x.said[i]; p && *p; p++)
			if (*p <= ' ' || *p > '~')
				abort();
	pool_done(&pool);
}

static void fuzz_entry(struct slice in)
{
	enum flow_kind kind, again;
	struct buf text = { 0 }, same = { 0 };
	struct range range = { 0 };

	if (flow_entry_read(in, &kind, &range, &text, NULL) == 0 &&
	    (flow_entry_read(buf_slice(&text), &again, &range, &same, NULL) != 0 || kind != again ||
		!slice_eq(buf_slice(&text), buf_slice(&same))))
		abort();
	buf_done(&text);
	buf_done(&same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_words(slice_of(data, n));
	fuzz_entry(slice_of(data, n));
	return 0;
}
