/* fuzz_log.c - lines of the log read again: whoever wrote into the file */
#include <stdint.h>
#include <stdlib.h>

#include "core/log_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_line(struct slice text)
{
	static const char *const keys[] = { "mid", "from", "reply" };
	struct log_line line;
	struct buf out = { 0 };

	if (!log_line_read(text, &line))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		log_line_field(&line, keys[i], &out);
		if (out.n > text.n)
			abort();
		log_line_number(&line, keys[i]);
	}
	buf_clear(&out);
	log_line_say(&line, &out);
	if (slice_chr(buf_slice(&out), '\n') >= 0)
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice rest = slice_of(data, n);

	while (rest.n > 0)
		try_line(slice_cut(&rest, '\n'));
	return 0;
}
