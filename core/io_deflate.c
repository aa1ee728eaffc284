/* io_deflate.c - a layer that compresses (RFC 1951), for COMPRESS (RFC 4978)
 *
 * What is written is kept by the compressor until io_flush, so that small
 * writes are compressed together; what comes is never expanded further than
 * the reader asks for. */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/io.h"

enum {
	PIECE = 16 * 1024,
	/* A window of 8 KB: 64 KB of memory for a session in place of 256. */
	WINDOW = 13,
	MEMORY = 6,
};

struct io_deflate {
	struct io io;
	z_stream in, out;
	bool unflushed, ended;
	struct buf compressed; /* read from below, not taken by the expander yet */
};

/* What is left of the input stays where next_in points. False: nothing came;
 * *rc says why. */
static bool fill(struct io_deflate *d, ssize_t *rc)
{
	buf_clear(&d->compressed);
	*rc = io_read(d->io.below, buf_room(&d->compressed, PIECE), PIECE);
	if (*rc <= 0) {
		buf_done(&d->compressed);
		return false;
	}
	d->in.next_in = (unsigned char *)d->compressed.p;
	d->in.avail_in = (unsigned)*rc;
	return true;
}

static ssize_t deflate_read(struct io *io, void *buf, size_t n)
{
	struct io_deflate *d = (struct io_deflate *)io;
	ssize_t rc;

	if (n > PIECE)
		n = PIECE;
	d->in.next_out = buf;
	d->in.avail_out = (unsigned)n;
	for (;;) {
		int z = d->ended ? Z_STREAM_END : inflate(&d->in, Z_SYNC_FLUSH);
		if (d->in.avail_out < n)
			return (ssize_t)(n - d->in.avail_out);
		d->ended = z == Z_STREAM_END;
		if (d->ended)
			return IO_END;
		if (z != Z_OK && z != Z_BUF_ERROR) {
			errno = EPROTO;
			return IO_FAIL;
		}
		if (d->in.avail_in == 0 && !fill(d, &rc))
			return rc;
	}
}

/* Compress what there is and pass it on. */
static int pump(struct io_deflate *d, int how)
{
	char piece[PIECE];

	do {
		d->out.next_out = (unsigned char *)piece;
		d->out.avail_out = sizeof piece;
		deflate(&d->out, how);
		size_t n = sizeof piece - d->out.avail_out;
		if (io_write(d->io.below, slice_of(piece, n)) == IO_FAIL)
			return IO_FAIL;
	} while (d->out.avail_out == 0);
	return 0;
}

static int deflate_write(struct io *io, struct slice data)
{
	struct io_deflate *d = (struct io_deflate *)io;
	int rc = 0;

	d->unflushed = true;
	while (rc == 0 && data.n > 0) {
		struct slice some = slice_head(data, PIECE);

		d->out.next_in = (unsigned char *)(uintptr_t)some.p;
		d->out.avail_in = (unsigned)some.n;
		data = slice_from(data, some.n);
		rc = pump(d, Z_NO_FLUSH);
	}
	return rc;
}

static int deflate_flush(struct io *io)
{
	struct io_deflate *d = (struct io_deflate *)io;

	if (d->unflushed && pump(d, Z_SYNC_FLUSH) == IO_FAIL)
		return IO_FAIL;
	d->unflushed = false;
	return io_flush(io->below);
}

static void deflate_free(struct io *io)
{
	struct io_deflate *d = (struct io_deflate *)io;

	inflateEnd(&d->in);
	deflateEnd(&d->out);
	buf_wipe(&d->compressed);
	free(d);
}

static const struct io_ops deflate_ops = {
	.name = "deflate",
	.read = deflate_read,
	.write = deflate_write,
	.flush = deflate_flush,
	.free = deflate_free,
};

struct io *io_deflate_new(void)
{
	struct io_deflate *d = mem_get(sizeof *d);

	d->io.ops = &deflate_ops;
	/* The usual level would take twice the time to make mail a tenth smaller. */
	if (inflateInit2(&d->in, -MAX_WBITS) != Z_OK ||
	    deflateInit2(&d->out, Z_BEST_SPEED, Z_DEFLATED, -WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
		Z_OK)
		abort(); /* no memory, or no zlib */
	return &d->io;
}
