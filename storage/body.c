/* body.c - reading bodies
 *
 * A body of one block is read and checked when it is opened, in one system call; of a
 * larger one the record's header and the sums of its blocks are, and each block when
 * it is asked for: no byte is given to anybody that was not checked. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crc.h"
#include "core/log.h"
#include "storage/body_store.h"

enum { OPEN_TRIES = 10, NO_BLOCK = -1 };

struct body {
	struct body_store *bodies;
	struct segment *segment;
	struct body_place place;
	struct buf sums; /* of its blocks, when it has more than one */
	void *map;	 /* pages of the whole record, or NULL */
	size_t map_n;
	int64_t at; /* where the block that is here begins, or NO_BLOCK */
	/* The record's header, and a block behind it. */
	unsigned char head[];
};

static int read_exactly(int fd, void *buf, size_t n, uint64_t offset)
{
	for (char *p = buf; n > 0;) {
		ssize_t got = pread(fd, p, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO; /* shorter than the index says */
		if (got <= 0)
			return -1;
		p += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

static int damaged(const struct body *body, const char *what, struct err *err)
{
	log_event(LOG_ERROR, "body-damaged", log_n("body", (int64_t)body->place.id),
	    log_n("segment", body->place.segment), log_n("offset", (int64_t)body->place.offset),
	    log_z("what", what));
	return err_set(
	    err, ERR_TEMP, "body %llx is damaged: %s", (unsigned long long)body->place.id, what);
}

static size_t block_length(const struct body *body, uint64_t at)
{
	return body->place.size - at < BODY_BLOCK ? (size_t)(body->place.size - at) : BODY_BLOCK;
}

/* Pages of the file: a large message costs no memory of our own. */
static int map_record(struct body *body, struct err *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = body->place.offset / page * page;

	body->map_n = (size_t)(body->place.offset - start + RECORD_HEADER + body->place.size);
	body->map = mmap(NULL, body->map_n, PROT_READ, MAP_SHARED, body->segment->fd, (off_t)start);
	if (body->map == MAP_FAILED) {
		body->map = NULL;
		return err_sys(err, "map of a body");
	}
	return 0;
}

static struct slice mapped(const struct body *body)
{
	return slice_of(
	    (char *)body->map + body->map_n - body->place.size, (size_t)body->place.size);
}

/* Of a file that was cut, no length is promised and no page is touched. */
static bool is_all_there(const struct body *body)
{
	struct stat st;

	return fstat(body->segment->fd, &st) == 0 &&
	    (uint64_t)st.st_size >= body->place.offset + RECORD_HEADER + body->place.size;
}

/* A record of version 1 has no sums: they are made, of what has the right one as a whole. */
static int make_sums(struct body *body, uint32_t checksum, struct err *err)
{
	if (!is_all_there(body))
		return damaged(body, "the file is shorter", err);
	if (map_record(body, err) < 0)
		return -1;
	struct slice whole = mapped(body);
	if (crc_add(0, whole) != checksum)
		return damaged(body, "checksum", err);
	sums_make(&whole, 1, &body->sums);
	return 0;
}

static int read_sums(struct body *body, uint32_t checksum, struct err *err)
{
	size_t n = sums_length(body->place.size);

	if (read_exactly(body->segment->fd, buf_room(&body->sums, n), n,
		body->place.offset + RECORD_HEADER + body->place.size) < 0)
		return damaged(body, strerror(errno), err);
	body->sums.n = n;
	return crc_add(0, buf_slice(&body->sums)) == checksum ? 0 : damaged(body, "checksums", err);
}

static int read_head(struct body *body, struct err *err)
{
	bool small = body->place.size <= BODY_BLOCK;
	size_t have = small ? (size_t)body->place.size : 0;
	struct record record;

	if (read_exactly(body->segment->fd, body->head, RECORD_HEADER + have, body->place.offset) <
	    0)
		return damaged(body, strerror(errno), err);
	if (!segment_record(body->segment, body->head, &record) || record.id != body->place.id ||
	    record.size != body->place.size)
		return damaged(body, "record header", err);
	if (!small)
		return record.has_sums ? read_sums(body, record.checksum, err)
				       : make_sums(body, record.checksum, err);
	body->at = 0;
	return crc_add(0, slice_of(body->head + RECORD_HEADER, have)) == record.checksum
	    ? 0
	    : damaged(body, "checksum", err);
}

static int open_at(
    struct body_store *bodies, const struct body_place *place, struct body **out, struct err *err)
{
	struct segment *segment = segment_use(bodies, place->segment, err);
	if (!segment)
		return -1;
	size_t block = place->size < BODY_BLOCK ? (size_t)place->size : BODY_BLOCK;
	struct body *body = mem_get(sizeof(*body) + RECORD_HEADER + block);
	body->bodies = bodies;
	body->segment = segment;
	body->place = *place;
	body->at = NO_BLOCK;
	if (read_head(body, err) < 0) {
		body_close(&body);
		return -1;
	}
	*out = body;
	return 1;
}

int body_open(struct body_store *bodies, uint64_t id, struct body **out, struct err *err)
{
	struct index_entry entry;
	struct err why = { 0 };

	*out = NULL;
	/* The compactor may move it between the two steps. */
	for (int i = 0; i < OPEN_TRIES; i++) {
		int found = index_get(bodies, NULL, id, &entry);
		if (found < 0)
			return err_set(err, ERR_TEMP, "the index of bodies cannot be read");
		if (!found)
			return 0;
		why.kind = ERR_NONE;
		if (open_at(bodies, &entry.place, out, &why) > 0)
			return 1;
		if (why.kind != ERR_ABSENT)
			break;
	}
	return err_set(err, ERR_TEMP, "%s", why.text);
}

void body_close(struct body **bodyp)
{
	struct body *body = *bodyp;

	if (!body)
		return;
	*bodyp = NULL;
	if (body->map)
		munmap(body->map, body->map_n);
	buf_done(&body->sums);
	segment_leave(body->bodies, body->segment);
	free(body);
}

uint64_t body_size(const struct body *body)
{
	return body->place.size;
}

uint64_t body_id(const struct body *body)
{
	return body->place.id;
}

static int read_block(struct body *body, uint64_t at, void *to)
{
	size_t n = block_length(body, at);

	if (read_exactly(body->segment->fd, to, n, body->place.offset + RECORD_HEADER + at) < 0)
		return damaged(body, strerror(errno), NULL);
	return sums_agree(buf_slice(&body->sums), at, slice_of(to, n))
	    ? 0
	    : damaged(body, "checksum", NULL);
}

static int take_block(struct body *body, uint64_t at)
{
	if (body->at == (int64_t)at)
		return 0;
	body->at = NO_BLOCK;
	if (read_block(body, at, body->head + RECORD_HEADER) < 0)
		return -1;
	body->at = (int64_t)at;
	return 0;
}

ssize_t body_read(struct body *body, uint64_t offset, void *buf, size_t n)
{
	if (offset >= body->place.size)
		return 0;
	uint64_t at = offset / BODY_BLOCK * BODY_BLOCK;
	size_t length = block_length(body, at);
	/* A whole block needs no copy of its own. */
	if (offset == at && n >= length && body->at != (int64_t)at)
		return read_block(body, at, buf) < 0 ? -1 : (ssize_t)length;
	if (take_block(body, at) < 0)
		return -1;
	struct slice rest =
	    slice_of(body->head + RECORD_HEADER + (offset - at), length - (offset - at));
	rest = slice_head(rest, n);
	memcpy(buf, rest.p, rest.n);
	return (ssize_t)rest.n;
}

int body_map(struct body *body, struct slice *whole, struct err *err)
{
	if (body->place.size <= BODY_BLOCK) {
		*whole = slice_of(body->head + RECORD_HEADER, (size_t)body->place.size);
		return 0;
	}
	bool first = !body->map;
	if (first && map_record(body, err) < 0)
		return -1;
	*whole = mapped(body);
	if (first && !sums_agree(buf_slice(&body->sums), 0, *whole))
		return damaged(body, "checksum", err);
	return 0;
}
