/* fuzz_pop.c - a message cut into pieces comes out as one piece would, and can be read back */
#include <stdlib.h>

#include "protocols/pop/send.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void send(struct slice message, size_t piece, int top, struct buf *out)
{
	struct pop_lines lines = { .limited = top >= 0, .left = (uint64_t)top };
	while (message.n > 0 && pop_lines_add(&lines, slice_head(message, piece), out))
		message = slice_from(message, piece);
	pop_lines_end(&lines, out);
}

/* As a client reads: lines up to the dot, each in CRLF, first dots removed. What
   it has must be the message but for its line ends. */
static void read_back(struct slice message, struct slice out)
{
	for (;;) {
		ptrdiff_t lf = slice_chr(out, '\n');
		if (lf < 1 || out.p[lf - 1] != '\r')
			abort();
		struct slice line = slice_head(out, (size_t)lf - 1);
		out = slice_from(out, (size_t)lf + 1);
		if (slice_eq(line, SLICE(".")))
			break;
		if (line.n && *line.p == '.')
			line = slice_from(line, 1);
		struct slice want = slice_cut(&message, '\n');
		if (message.p && want.n && want.p[want.n - 1] == '\r')
			want.n--;
		if (!slice_eq(line, want))
			abort();
	}
	if (out.n > 0 || message.n > 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t piece = 1 + data[0] % 64;
	int top = data[1] % 8 - 1;
	struct slice message = slice_of(data + 2, size - 2);
	struct buf whole = { 0 }, pieces = { 0 };

	send(message, message.n, top, &whole);
	send(message, piece, top, &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	if (top < 0)
		read_back(message, buf_slice(&whole));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
