/* body_store.c - the folder of segments: appending, syncing, files that are open
 *
 * A body's place is taken under the lock and its bytes are written outside, so
 * appenders do not wait for each other. A body's id is made of the place where
 * it was born, so it is unique as long as no segment number comes twice: the
 * newest segment is never removed. After a crash the newest one goes on behind
 * its length: whatever lies there was never linked. */
#include "storage/body_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/log.h"
#include "core/num.h"

enum { OPEN_MAX = 128 };

/* --- the table of segments; all under the lock --- */

static struct segment *newest(const struct body_store *bodies)
{
	return bodies->n_segments ? bodies->segments[bodies->n_segments - 1] : NULL;
}

static struct segment *find(const struct body_store *bodies, uint32_t number)
{
	size_t low = 0, high = bodies->n_segments;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (bodies->segments[mid]->number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < bodies->n_segments && bodies->segments[low]->number == number
	    ? bodies->segments[low]
	    : NULL;
}

static void add(struct body_store *bodies, struct segment *segment)
{
	size_t n = bodies->n_segments++;

	bodies->segments =
	    mem_resize(bodies->segments, bodies->n_segments * sizeof(*bodies->segments));
	bodies->segments[n] = segment;
}

static void close_file(struct body_store *bodies, struct segment *segment)
{
	if (segment->fd < 0)
		return;
	close(segment->fd);
	segment->fd = -1;
	bodies->opened--;
}

static void drop_user(struct body_store *bodies, struct segment *segment)
{
	if (--segment->users > 0)
		return;
	if (segment->removed) {
		close_file(bodies, segment);
		free(segment);
	} else if (bodies->opened > OPEN_MAX) {
		close_file(bodies, segment);
	}
}

static int add_user(struct body_store *bodies, struct segment *segment, struct err *err)
{
	if (segment->fd < 0) {
		if (segment_open(bodies, segment, err) < 0)
			return -1;
		bodies->opened++;
	}
	segment->users++;
	return 0;
}

struct segment *segment_use(struct body_store *bodies, uint32_t number, struct err *err)
{
	pthread_mutex_lock(&bodies->lock);
	struct segment *segment = find(bodies, number);
	if (!segment)
		err_set(err, ERR_ABSENT, "%s: no segment %08x", bodies->dir, (unsigned)number);
	else if (add_user(bodies, segment, err) < 0)
		segment = NULL;
	pthread_mutex_unlock(&bodies->lock);
	return segment;
}

void segment_leave(struct body_store *bodies, struct segment *segment)
{
	pthread_mutex_lock(&bodies->lock);
	drop_user(bodies, segment);
	pthread_mutex_unlock(&bodies->lock);
}

bool segment_takes_links(struct body_store *bodies, uint32_t number)
{
	pthread_mutex_lock(&bodies->lock);
	const struct segment *segment = find(bodies, number);
	bool yes = segment && !segment->draining;
	pthread_mutex_unlock(&bodies->lock);
	return yes;
}

/* The caller is a user of it, so it is freed by segment_leave. */
void segment_forget(struct body_store *bodies, struct segment *segment)
{
	char *path = segment_path(bodies, segment->number);
	size_t i = 0;

	pthread_mutex_lock(&bodies->lock);
	while (bodies->segments[i] != segment)
		i++;
	bodies->n_segments--;
	memmove(bodies->segments + i, bodies->segments + i + 1,
	    (bodies->n_segments - i) * sizeof(*bodies->segments));
	segment->removed = true;
	pthread_mutex_unlock(&bodies->lock);
	if (unlink(path) < 0)
		log_event(LOG_WARN, "segment-left", log_z("path", path));
	free(path);
}

/* --- appending --- */

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
	const struct segment *last = newest(bodies);
	struct segment *segment = mem_get(sizeof(*segment));

	segment->number = last ? last->number + 1 : 1;
	if (segment_create(bodies, segment, err) < 0) {
		free(segment);
		return -1;
	}
	bodies->opened++;
	add(bodies, segment);
	bodies->active = true;
	return 0;
}

/* Take room in the newest segment, or in a new one when it has its length. */
static struct segment *take_room(
    struct body_store *bodies, uint64_t length, uint64_t *offset, struct err *err)
{
	struct segment *segment = NULL;

	pthread_mutex_lock(&bodies->lock);
	if (bodies->active && newest(bodies)->end >= bodies->segment_max)
		bodies->active = false;
	if ((bodies->active || begin_segment(bodies, err) == 0) &&
	    add_user(bodies, newest(bodies), err) == 0) {
		segment = newest(bodies);
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
		drop_user(bodies, segment);
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

/* --- open and close --- */

static bool segment_number(const char *name, uint32_t *number)
{
	char *end;

	if (strlen(name) != 12)
		return false;
	*number = (uint32_t)strtoul(name, &end, 16);
	return end == name + 8 && strcmp(end, ".seg") == 0;
}

static int by_number(const void *a, const void *b)
{
	const struct segment *x = *(struct segment *const *)a, *y = *(struct segment *const *)b;

	return (x->number > y->number) - (x->number < y->number);
}

static int find_segments(struct body_store *bodies, struct err *err)
{
	DIR *dir = opendir(bodies->dir);
	struct dirent *entry;
	uint32_t number;

	if (!dir)
		return err_sys(err, "%s", bodies->dir);
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;
		if (!segment_number(entry->d_name, &number))
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) < 0)
			continue;
		struct segment *segment = mem_get(sizeof(*segment));
		segment->number = number;
		segment->fd = -1;
		segment->end = ((uint64_t)st.st_size + 7) / 8 * 8;
		add(bodies, segment);
	}
	closedir(dir);
	if (bodies->n_segments > 1)
		qsort(bodies->segments, bodies->n_segments, sizeof(*bodies->segments), by_number);
	return 0;
}

int body_store_open(const struct body_store_opts *opts, struct body_store **out, struct err *err)
{
	if (mkdir(opts->dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "%s", opts->dir);

	struct body_store *bodies = mem_get(sizeof(*bodies));
	bodies->dir = mem_str(slice_str(opts->dir));
	bodies->segment_max = opts->segment_max;
	bodies->reserve = opts->reserve;
	pthread_mutex_init(&bodies->lock, NULL);
	pthread_mutex_init(&bodies->compaction, NULL);
	if (find_segments(bodies, err) < 0) {
		body_store_close(&bodies);
		return -1;
	}
	/* One whose making was cut short has no header: leave it, as the number
	   is used. */
	struct segment *last = newest(bodies);
	bodies->active = last && add_user(bodies, last, NULL) == 0;
	if (bodies->active)
		drop_user(bodies, last);
	*out = bodies;
	return 0;
}

void body_store_index(
    struct body_store *bodies, struct kv_env *env, struct kv *body, struct kv *segment)
{
	bodies->env = env;
	bodies->body = body;
	bodies->segment = segment;
}

void body_store_close(struct body_store **bodiesp)
{
	struct body_store *bodies = *bodiesp;

	if (!bodies)
		return;
	*bodiesp = NULL;
	for (size_t i = 0; i < bodies->n_segments; i++) {
		close_file(bodies, bodies->segments[i]);
		free(bodies->segments[i]);
	}
	pthread_mutex_destroy(&bodies->compaction);
	pthread_mutex_destroy(&bodies->lock);
	free(bodies->segments);
	free(bodies->dir);
	free(bodies);
}

/* --- for backup --- */

void body_store_hold(struct body_store *bodies)
{
	pthread_mutex_lock(&bodies->compaction);
}

void body_store_release(struct body_store *bodies)
{
	pthread_mutex_unlock(&bodies->compaction);
}

size_t body_store_copy(struct body_store *bodies, struct segment **copies)
{
	pthread_mutex_lock(&bodies->lock);
	size_t n = bodies->n_segments;
	*copies = mem_get((n + 1) * sizeof(**copies));
	for (size_t i = 0; i < n; i++)
		(*copies)[i] = *bodies->segments[i];
	pthread_mutex_unlock(&bodies->lock);
	return n;
}

int body_store_segments(struct body_store *bodies,
    int (*visit)(void *arg, const char *path, uint64_t length), void *arg)
{
	struct segment *copies;
	size_t n = body_store_copy(bodies, &copies);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		char *path = segment_path(bodies, copies[i].number);
		r = visit(arg, path, copies[i].end);
		free(path);
	}
	free(copies);
	return r;
}
