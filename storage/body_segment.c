/* body_segment.c - one segment file: a header, then records one behind the other
 *
 *	header  "SIGNETB1", number 4, 0 x 4, mark 8, 0 x 36, CRC of these 4
 *	record  mark 8, id 8, size 8, checksum 4, version 4, CRC of these 4,
 *	        0 x 4; the body; CRC of each block of it, 4, when it is more than one;
 *	        zeros up to a multiple of 8
 *
 * Integers are big-endian. The checksum is the CRC of the body, or of the CRCs of its
 * blocks when it has them; version 1 has none and sums up any body as a whole. */
#include "storage/body_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/random.h"

enum { RECORD_WHOLE = 1, RECORD_BLOCKS = 2, PIECES_AT_ONCE = 64 };

static const char magic[8] = "SIGNETB1";

uint64_t record_length(uint64_t size)
{
	return (RECORD_HEADER + size + sums_length(size) + 7) / 8 * 8;
}

static uint32_t checksum_of(const unsigned char *p, size_t n)
{
	return crc_add(0, slice_of(p, n));
}

char *segment_path(const struct body_store *bodies, uint32_t number)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%08x.seg", bodies->dir, (unsigned)number);
	buf_z(&path);
	return path.p;
}

/* --- the file --- */

static bool header_good(const unsigned char h[SEGMENT_HEADER], uint32_t number)
{
	return memcmp(h, magic, sizeof(magic)) == 0 && num_get32(h + 8) == number &&
	    num_get32(h + 60) == checksum_of(h, 60);
}

/* The folder too, or the file could be lost with all that is in it. */
static int make_durable(const struct body_store *bodies, int fd)
{
	int dir = open(bodies->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 || fsync(fd) < 0 || fsync(dir) < 0 ? -1 : 0;

	if (dir >= 0)
		close(dir);
	return r;
}

static int write_header(const struct body_store *bodies, struct segment *segment)
{
	unsigned char h[SEGMENT_HEADER] = { 0 };

	random_bytes(segment->mark, sizeof(segment->mark));
	memcpy(h, magic, sizeof(magic));
	num_put32(h + 8, segment->number);
	memcpy(h + 16, segment->mark, sizeof(segment->mark));
	num_put32(h + 60, checksum_of(h, 60));
	if (pwrite(segment->fd, h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return -1;
	return make_durable(bodies, segment->fd);
}

int segment_create(const struct body_store *bodies, struct segment *segment, struct err *err)
{
	char *path = segment_path(bodies, segment->number);
	int r = 0;

	segment->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (segment->fd < 0 || write_header(bodies, segment) < 0)
		r = err_sys(err, "%s", path);
	if (r < 0 && segment->fd >= 0) {
		close(segment->fd);
		unlink(path);
		segment->fd = -1;
	}
	segment->end = SEGMENT_HEADER;
	free(path);
	return r;
}

static int read_header(const char *path, struct segment *segment, struct err *err)
{
	unsigned char h[SEGMENT_HEADER];
	ssize_t n = pread(segment->fd, h, sizeof(h), 0);

	if (n < 0)
		return err_sys(err, "%s", path);
	if (n != (ssize_t)sizeof(h) || !header_good(h, segment->number))
		return err_set(err, ERR_TEMP, "%s: not a segment of bodies", path);
	memcpy(segment->mark, h + 16, sizeof(segment->mark));
	return 0;
}

int segment_open(const struct body_store *bodies, struct segment *segment, struct err *err)
{
	char *path = segment_path(bodies, segment->number);
	int r;

	segment->fd = open(path, O_RDWR | O_CLOEXEC);
	r = segment->fd < 0 ? err_sys(err, "%s", path) : read_header(path, segment, err);
	if (r < 0 && segment->fd >= 0) {
		close(segment->fd);
		segment->fd = -1;
	}
	free(path);
	return r;
}

/* --- records --- */

static void put_record(
    const struct segment *segment, unsigned char h[RECORD_HEADER], const struct record *record)
{
	memset(h, 0, RECORD_HEADER);
	memcpy(h, segment->mark, 8);
	num_put64(h + 8, record->id);
	num_put64(h + 16, record->size);
	num_put32(h + 24, record->checksum);
	num_put32(h + 28, RECORD_BLOCKS);
	num_put32(h + 32, checksum_of(h, 32));
}

bool segment_record(
    const struct segment *segment, const unsigned char h[RECORD_HEADER], struct record *out)
{
	uint32_t version = num_get32(h + 28);

	if (memcmp(h, segment->mark, 8) != 0 || num_get32(h + 32) != checksum_of(h, 32) ||
	    version < RECORD_WHOLE || version > RECORD_BLOCKS)
		return false;
	*out = (struct record){ .id = num_get64(h + 8),
		.size = num_get64(h + 16),
		.checksum = num_get32(h + 24),
		.has_sums = version == RECORD_BLOCKS };
	return true;
}

static int write_all(int fd, struct iovec *iov, int n, uint64_t offset)
{
	while (n > 0) {
		ssize_t done = pwritev(fd, iov, n, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		offset += (uint64_t)done;
		for (; n > 0 && (size_t)done >= iov->iov_len; iov++, n--)
			done -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* Bytes that are gathered and written together. */
struct writing {
	int fd;
	uint64_t offset;
	struct iovec iov[PIECES_AT_ONCE];
	int used;
	uint64_t length;
	int rc;
};

static void write_out(struct writing *w)
{
	if (w->rc == 0)
		w->rc = write_all(w->fd, w->iov, w->used, w->offset);
	w->offset += w->length;
	w->used = 0;
	w->length = 0;
}

static void write_piece(struct writing *w, struct slice piece)
{
	if (w->used == PIECES_AT_ONCE)
		write_out(w);
	w->iov[w->used++] = (struct iovec){ (void *)(uintptr_t)piece.p, piece.n };
	w->length += piece.n;
}

/* Header, pieces, sums and padding: one system call for any usual message. */
int segment_write(const struct segment *segment, uint64_t offset, uint64_t id,
    const struct slice *pieces, size_t n, uint64_t size)
{
	static const char zeros[8];
	unsigned char header[RECORD_HEADER];
	struct buf sums = { 0 };
	struct record record = { .id = id, .size = size, .checksum = sums_make(pieces, n, &sums) };
	struct writing w = { .fd = segment->fd, .offset = offset };

	put_record(segment, header, &record);
	write_piece(&w, slice_of(header, sizeof(header)));
	for (size_t i = 0; i < n; i++)
		write_piece(&w, pieces[i]);
	write_piece(&w, buf_slice(&sums));
	write_piece(&w, slice_of(zeros, record_length(size) - RECORD_HEADER - size - sums.n));
	write_out(&w);
	buf_done(&sums);
	return w.rc;
}
