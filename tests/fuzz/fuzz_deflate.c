/* fuzz_deflate.c - compressed bytes of a hostile client, and what comes back of one's own
 *
 * However they are cut into reads, the same bytes come out of the layer and the same end; and
 * what is written through it, in pieces and with flushes, expands to what it was. The first
 * bytes say how it is cut. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { BYTES_MAX = 1 << 20 }; /* a bomb is not expanded further */

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* The layer below: gives what it was given, `chop` bytes at a time and nothing every other
   time; keeps what is written. */
struct wire {
	struct io io;
	struct slice in;
	size_t chop;
	bool paused;
	struct buf out;
};

static ssize_t wire_read(struct io *io, void *buf, size_t n)
{
	struct wire *wire = (struct wire *)io;
	struct slice piece = slice_head(wire->in, wire->chop < n ? wire->chop : n);

	wire->paused = !wire->paused;
	if (wire->in.n == 0)
		return IO_END;
	if (wire->paused)
		return IO_AGAIN;
	memcpy(buf, piece.p, piece.n);
	wire->in = slice_from(wire->in, piece.n);
	return (ssize_t)piece.n;
}

static int wire_write(struct io *io, struct slice data)
{
	buf_adds(&((struct wire *)io)->out, data);
	return 0;
}

static int wire_flush(struct io *io)
{
	(void)io;
	return 0;
}

static void wire_free(struct io *io)
{
	(void)io;
}

static const struct io_ops wire_ops = { "wire", wire_read, wire_write, wire_flush, wire_free };

/* Expand it, `room` bytes at a time. Returns how it ended. */
static ssize_t expand(struct slice in, size_t chop, size_t room, struct buf *out)
{
	struct wire wire = { .io.ops = &wire_ops, .in = in, .chop = chop };
	struct io *top = &wire.io;
	ssize_t rc = IO_AGAIN;

	io_push(&top, io_deflate_new());
	while (out->n < BYTES_MAX && (rc > 0 || rc == IO_AGAIN)) {
		rc = io_read(top, buf_room(out, room), room);
		must(rc <= (ssize_t)room);
		out->n += rc > 0 ? (size_t)rc : 0;
	}
	io_close(&top);
	return rc;
}

static void try_expand(struct slice in, size_t chop, size_t room)
{
	struct buf whole = { 0 }, pieces = { 0 };
	ssize_t a = expand(in, in.n + 1, 4096, &whole), b = expand(in, chop, room, &pieces);
	bool cut = whole.n >= BYTES_MAX || pieces.n >= BYTES_MAX;
	size_t both = whole.n < pieces.n ? whole.n : pieces.n;

	must(cut || (a == b && whole.n == pieces.n));
	must(slice_eq(slice_of(whole.p, both), slice_of(pieces.p, both)));
	buf_done(&whole);
	buf_done(&pieces);
}

static void try_both_ways(struct slice in, size_t piece)
{
	struct wire wire = { .io.ops = &wire_ops };
	struct io *top = &wire.io;
	struct buf back = { 0 };

	io_push(&top, io_deflate_new());
	for (struct slice rest = in; rest.n > 0; rest = slice_from(rest, piece)) {
		must(io_write(top, slice_head(rest, piece)) == 0);
		if ((rest.n + piece) % 3 == 0)
			must(io_flush(top) == 0);
	}
	must(io_flush(top) == 0);
	must(expand(buf_slice(&wire.out), 1 + piece * 7, 4096, &back) == IO_END);
	must(slice_eq(buf_slice(&back), in));
	io_close(&top);
	buf_done(&wire.out);
	buf_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	try_expand(slice_of(data + 2, n - 2), 1 + data[0], 1 + data[1]);
	try_both_ways(slice_of(data + 2, n - 2), 1 + (size_t)data[0] * data[1]);
	return 0;
}
