/* body.c - reading bodies
 *
 * A small body is read and checked when it is opened, in one system call; of a
 * large one the record's header is, and its bytes are checked when it is
 * mapped. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "storage/body_store.h"

enum { READ_WHOLE = 32 << 10, OPEN_TRIES = 10 };

struct body {
	struct body_store *bodies;
	struct segment *segment;
	struct body_place place;
	uint32_t checksum;
	void *map; /* pages of the whole record, or NULL */
	size_t map_n;
	/* The record's beginning, or all of it when the body is small. */
	size_t have; /* bytes of the body in head */
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

static int check_bytes(const struct body *body, struct slice bytes, struct err *err)
{
	return segment_checksum(0, bytes) == body->checksum ? 0 : damaged(body, "checksum", err);
}

/* Of a file that was cut, no length is promised and no page is touched. */
static bool is_all_there(const struct body *body)
{
	struct stat st;

	return body->have == body->place.size ||
	    (fstat(body->segment->fd, &st) == 0 &&
		(uint64_t)st.st_size >= body->place.offset + RECORD_HEADER + body->place.size);
}

static int read_head(struct body *body, struct err *err)
{
	struct record record;

	if (read_exactly(
		body->segment->fd, body->head, RECORD_HEADER + body->have, body->place.offset) < 0)
		return damaged(body, strerror(errno), err);
	if (!segment_record(body->segment, body->head, &record) || record.id != body->place.id ||
	    record.size != body->place.size)
		return damaged(body, "record header", err);
	if (!is_all_there(body))
		return damaged(body, "the file is shorter", err);
	body->checksum = record.checksum;
	if (body->have == body->place.size)
		return check_bytes(body, slice_of(body->head + RECORD_HEADER, body->have), err);
	return 0;
}

static int open_at(
    struct body_store *bodies, const struct body_place *place, struct body **out, struct err *err)
{
	struct segment *segment = segment_use(bodies, place->segment, err);
	if (!segment)
		return -1;
	size_t have = place->size <= READ_WHOLE ? (size_t)place->size : 0;
	struct body *body = mem_get(sizeof(*body) + RECORD_HEADER + have);
	body->bodies = bodies;
	body->segment = segment;
	body->place = *place;
	body->have = have;
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

ssize_t body_read(struct body *body, uint64_t offset, void *buf, size_t n)
{
	if (offset >= body->place.size)
		return 0;
	if (n > body->place.size - offset)
		n = (size_t)(body->place.size - offset);
	if (body->have)
		memcpy(buf, body->head + RECORD_HEADER + offset, n);
	else if (read_exactly(
		     body->segment->fd, buf, n, body->place.offset + RECORD_HEADER + offset) < 0)
		return damaged(body, strerror(errno), NULL);
	return (ssize_t)n;
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

int body_map(struct body *body, struct slice *whole, struct err *err)
{
	if (body->have == body->place.size) {
		*whole = slice_of(body->head + RECORD_HEADER, body->have);
		return 0;
	}
	bool first = !body->map;
	if (first && map_record(body, err) < 0)
		return -1;
	*whole =
	    slice_of((char *)body->map + body->map_n - body->place.size, (size_t)body->place.size);
	return first ? check_bytes(body, *whole, err) : 0;
}
