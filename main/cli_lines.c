/* cli_lines.c - questions on standard input, a line each; answers at once, a line each
 *
 * Whoever asks may wait for an answer before he asks again, so an answer never waits
 * for the next question. A line that is too long is read over and refused. */
#include "main/cli.h"

#include <errno.h>
#include <unistd.h>

enum { LINE_MAX_HERE = 16 * 1024 * 1024, PIECE = 256 * 1024 };

static bool write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = slice_from(s, (size_t)n);
	}
	return true;
}

static bool answer(const struct op *op, int out, struct slice line)
{
	struct buf text = { 0 };

	if (slice_trim(line).n == 0)
		return true;
	op->line(line, &text);
	buf_addc(&text, '\n');
	bool good = write_all(out, buf_slice(&text));
	buf_done(&text);
	return good;
}

/* All complete lines of *in. */
static bool answer_complete(const struct op *op, int out, struct buf *in, size_t looked)
{
	size_t begin = 0;
	ptrdiff_t end;

	while ((end = slice_chr(slice_from(buf_slice(in), looked), '\n')) >= 0) {
		looked += (size_t)end + 1;
		if (!answer(op, out, slice_of(in->p + begin, looked - 1 - begin)))
			return false;
		begin = looked;
	}
	buf_drop(in, begin);
	return true;
}

int cli_lines(const struct op *op, int in, int out)
{
	struct buf text = { 0 };
	bool good = true;

	while (good) {
		size_t looked = text.n;
		ssize_t n = read(in, buf_room(&text, PIECE), PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		text.n += (size_t)n;
		/* What is beyond the limit is dropped, and what is left is no JSON. */
		if (text.n > LINE_MAX_HERE &&
		    slice_chr(slice_from(buf_slice(&text), looked), '\n') < 0)
			text.n = LINE_MAX_HERE;
		good = answer_complete(op, out, &text, looked);
	}
	good = good && answer(op, out, buf_slice(&text));
	buf_done(&text);
	return good ? CLI_OK : CLI_FAILED;
}
