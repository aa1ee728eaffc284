/* io_deflate.c - a layer that compresses (RFC 1951), for COMPRESS (RFC 4978)
 *
 * What is written is kept by a compressor until io_flush, so that small writes
 * are compressed together; what comes is never expanded further than the reader
 * asks for.
 *
 * A compressor is large and most connections say nothing most of the time: so there
 * are few, and a connection has one from its first byte until the flush. What it
 * said last before, it keeps, for the next to refer to. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/io.h"
#include "core/press.h"

enum {
	PIECE = 16 * 1024,
	KEPT = 2 * 1024, /* as good as four times as much, for what is shorter than that */
	IDLE_MAX = 8,	 /* compressors that nobody has */
};

struct io_deflate {
	struct io io;
	z_stream in;
	bool ended;
	struct buf compressed; /* read from below, not taken by the expander yet */
	struct press *press;   /* while something is written and not flushed */
	size_t said_n;
	char said[KEPT]; /* the last of what was written */
};

/* --- compressors --- */

static struct {
	pthread_mutex_t lock;
	size_t n;
	struct press *press[IDLE_MAX];
} idle = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void take_press(struct io_deflate *d)
{
	pthread_mutex_lock(&idle.lock);
	d->press = idle.n > 0 ? idle.press[--idle.n] : NULL;
	pthread_mutex_unlock(&idle.lock);
	if (!d->press)
		d->press = press_new();
	press_begin(d->press, slice_of(d->said, d->said_n));
}

static void give_press(struct io_deflate *d)
{
	struct press *press = d->press;

	d->press = NULL;
	pthread_mutex_lock(&idle.lock);
	if (idle.n < IDLE_MAX) {
		idle.press[idle.n++] = press;
		press = NULL;
	}
	pthread_mutex_unlock(&idle.lock);
	if (press)
		press_free(press);
}

static void keep_said(struct io_deflate *d, struct slice data)
{
	struct slice last = slice_from(data, data.n > KEPT ? data.n - KEPT : 0);
	size_t stay = KEPT - last.n < d->said_n ? KEPT - last.n : d->said_n;

	memmove(d->said, d->said + d->said_n - stay, stay);
	memcpy(d->said + stay, last.p, last.n);
	d->said_n = stay + last.n;
}

/* --- reading --- */

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

/* --- writing --- */

/* Compress it and pass on what comes out. */
static int pump(struct io_deflate *d, struct slice data, bool flush)
{
	char piece[PIECE];
	size_t n;

	do {
		n = press_run(d->press, &data, flush, piece, sizeof(piece));
		if (io_write(d->io.below, slice_of(piece, n)) == IO_FAIL)
			return IO_FAIL;
	} while (n == sizeof(piece));
	return 0;
}

static int deflate_write(struct io *io, struct slice data)
{
	struct io_deflate *d = (struct io_deflate *)io;
	int rc = 0;

	if (!d->press)
		take_press(d);
	while (rc == 0 && data.n > 0) {
		struct slice some = slice_head(data, PIECE);

		data = slice_from(data, some.n);
		keep_said(d, some);
		rc = pump(d, some, false);
	}
	return rc;
}

static int deflate_flush(struct io *io)
{
	struct io_deflate *d = (struct io_deflate *)io;

	if (d->press) {
		if (pump(d, (struct slice){ 0 }, true) == IO_FAIL)
			return IO_FAIL;
		give_press(d);
	}
	return io_flush(io->below);
}

static void deflate_free(struct io *io)
{
	struct io_deflate *d = (struct io_deflate *)io;

	inflateEnd(&d->in);
	if (d->press)
		give_press(d);
	buf_wipe(&d->compressed);
	bytes_wipe(d->said, d->said_n);
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
	if (inflateInit2(&d->in, -MAX_WBITS) != Z_OK)
		abort(); /* no memory, or no zlib */
	return &d->io;
}
