/* body_append.c - append bodies, and make them durable together
 *
 * A body's place is taken under the lock and its bytes are written outside, so
 * appenders do not wait for each other. A body's id is made of the place where
 * it was born, so it is unique, as no segment number comes twice. */
#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/body_store.h"

static bool disk_has_room(const struct body_store *bodies, uint64_t reserve, uint64_t size)
{
	struct statvfs fs;

	if (statvfs(bodies->dir, &fs) < 0)
		return true;
	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	return room >= reserve && room - reserve >= size;
}

static int begin_segment(struct body_store *bodies, struct err *err)
{
	const struct segment *last = segments_newest(bodies);
	struct segment *segment = mem_get(sizeof(*segment));
	uint32_t used = last ? last->number : 0;

	segment->number = (used > bodies->highest ? used : bodies->highest) + 1;
	if (segment_create(bodies, segment, err) < 0) {
		free(segment);
		return -1;
	}
	bodies->opened++;
	segments_add(bodies, segment);
	bodies->active = true;
	return 0;
}

/* Take room in the newest segment, or in a new one when it has its length. */
static struct segment *take_room(
    struct body_store *bodies, uint64_t length, uint64_t *offset, struct err *err)
{
	struct segment *segment = NULL;

	pthread_mutex_lock(&bodies->lock);
	if (bodies->active && segments_newest(bodies)->end >= bodies->segment_max)
		bodies->active = false;
	if ((bodies->active || begin_segment(bodies, err) == 0) &&
	    segment_add_user(bodies, segments_newest(bodies), err) == 0) {
		segment = segments_newest(bodies);
		*offset = segment->end;
		segment->end += length;
	}
	pthread_mutex_unlock(&bodies->lock);
	return segment;
}

/* Its user is the list of what must be synced, if it is not there yet. */
static void mark_dirty(struct body_store *bodies, struct segment *segment)
{
	pthread_mutex_lock(&bodies->lock);
	if (segment->dirty) {
		segment_drop_user(bodies, segment);
	} else {
		segment->dirty = true;
		segment->next_dirty = bodies->dirty;
		bodies->dirty = segment;
	}
	pthread_mutex_unlock(&bodies->lock);
}

int body_append_as(struct body_store *bodies, uint64_t id, const struct slice *pieces, size_t n,
    struct body_place *place, struct err *err)
{
	uint64_t size = 0, offset;

	for (size_t i = 0; i < n; i++)
		size += pieces[i].n;
	/* The compactor may use some of the reserve: it is what makes room. */
	if (!disk_has_room(bodies, id ? bodies->reserve / 2 : bodies->reserve, size))
		return err_set(err, ERR_TEMP, "%s: the disk is full", bodies->dir);
	struct segment *segment = take_room(bodies, record_length(size), &offset, err);
	if (!segment)
		return -1;
	*place = (struct body_place){ .id = id ? id : (uint64_t)segment->number << 32 | offset / 8,
		.segment = segment->number,
		.offset = offset,
		.size = size,
		.stored = record_length(size) };
	int r = segment_write(segment, offset, place->id, pieces, n, size);
	if (r < 0)
		err_sys(err, "%s: segment %08x", bodies->dir, (unsigned)segment->number);
	mark_dirty(bodies, segment);
	return r;
}

int body_append(struct body_store *bodies, const struct slice *pieces, size_t n,
    struct body_place *place, struct err *err)
{
	return body_append_as(bodies, 0, pieces, n, place, err);
}

/* --- syncing --- */

static struct segment *next_dirty(struct body_store *bodies)
{
	pthread_mutex_lock(&bodies->lock);
	struct segment *segment = bodies->dirty;
	if (segment) {
		bodies->dirty = segment->next_dirty;
		segment->dirty = false;
	}
	pthread_mutex_unlock(&bodies->lock);
	return segment;
}

/* After a failed fdatasync the kernel may have dropped the bytes and will not
   say so again; what was acknowledged is safe only if nobody goes on. */
int body_store_sync(void *arg)
{
	struct body_store *bodies = arg;
	struct segment *segment;

	while ((segment = next_dirty(bodies)) != NULL) {
		if (fdatasync(segment->fd) < 0)
			bug("%s: segment %08x cannot be written: %s", bodies->dir,
			    (unsigned)segment->number, strerror(errno));
		segment_leave(bodies, segment);
	}
	return 0;
}
