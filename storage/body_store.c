/* body_store.c - the folder of segments: which there are, and whose files are open
 *
 * Segments have rising numbers. The newest is never removed, so no number comes
 * twice. After a crash it goes on behind its length: whatever lies there was
 * never linked. */
#include "storage/body_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/num.h"

enum { OPEN_MAX = 128 };

/* --- the table of segments; all under the lock --- */

struct segment *segments_newest(const struct body_store *bodies)
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

void segments_add(struct body_store *bodies, struct segment *segment)
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

void segment_drop_user(struct body_store *bodies, struct segment *segment)
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

int segment_add_user(struct body_store *bodies, struct segment *segment, struct err *err)
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
	else if (segment_add_user(bodies, segment, err) < 0)
		segment = NULL;
	pthread_mutex_unlock(&bodies->lock);
	return segment;
}

void segment_leave(struct body_store *bodies, struct segment *segment)
{
	pthread_mutex_lock(&bodies->lock);
	segment_drop_user(bodies, segment);
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
		segments_add(bodies, segment);
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
	struct segment *last = segments_newest(bodies);
	bodies->active = last && segment_add_user(bodies, last, NULL) == 0;
	if (bodies->active)
		segment_drop_user(bodies, last);
	*out = bodies;
	return 0;
}

/* A file that was lost or cut outside of here must not be filled anew: what the index
   says of its places would be told of other messages. */
static int check_newest(struct body_store *bodies)
{
	const struct segment *newest = segments_newest(bodies);
	struct index_entry last;
	int found = index_last(bodies, &last);

	if (found <= 0)
		return found;
	uint64_t end = last.place.offset + last.place.stored;
	bodies->highest = (uint32_t)(last.place.id >> 32);
	if (newest && newest->number > bodies->highest)
		return 0;
	if (newest && newest->number == bodies->highest &&
	    (last.place.segment != newest->number || end <= newest->end))
		return 0;
	log_event(LOG_ERROR, "segment-lost", log_z("dir", bodies->dir),
	    log_n("segment", bodies->highest), log_n("bytes", (int64_t)end),
	    log_n("there", newest && newest->number == bodies->highest ? (int64_t)newest->end : 0));
	bodies->active = false;
	return 0;
}

int body_store_index(
    struct body_store *bodies, struct kv_env *env, struct kv *body, struct kv *segment)
{
	bodies->env = env;
	bodies->body = body;
	bodies->segment = segment;
	return check_newest(bodies);
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
