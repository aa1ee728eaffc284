/* backup.c - copy DATA while it is used, and bring a copy back
 *
 * First the databases, then the bodies: a body is in its file before a record
 * names it, so every body that the copied records name is in the copied files.
 * No segment is removed meanwhile. The layout file comes last: a folder without
 * it is not a backup. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/loop.h"
#include "storage/body_store.h"
#include "storage/dir_private.h"
#include "storage/shard.h"
#include "storage/store.h"
#include "storage/store_private.h"

/* --- folders and files --- */

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Made when absent; refused when there is something in it. */
static int need_empty(const char *path, struct err *err)
{
	bool empty = true;

	if (mkdir(path, 0700) == 0)
		return 0;
	DIR *dir = errno == EEXIST ? opendir(path) : NULL;
	if (!dir)
		return err_sys(err, "%s", path);
	for (struct dirent *entry; empty && (entry = readdir(dir)) != NULL;)
		empty = is_dots(entry->d_name);
	closedir(dir);
	return empty ? 0 : err_set(err, ERR_EXISTS, "%s is not empty", path);
}

static int make_dir(const char *path, struct err *err)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? err_sys(err, "%s", path) : 0;
}

/* Everything that was written to that disk. */
static int sync_disk(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || syncfs(fd) < 0 ? err_sys(err, "%s", path) : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

/* --- copying, with progress --- */

struct copy {
	const char *to; /* folder */
	store_progress *progress;
	void *arg;
	int64_t done, total;
	struct err *err;
};

static void tell(struct copy *copy, uint64_t step)
{
	copy->done += (int64_t)step;
	if (copy->progress)
		copy->progress(copy->arg, copy->done, copy->total, "bytes");
}

/* Up to length; a file may be shorter. */
static int copy_bytes(struct copy *copy, int from, int to, uint64_t length)
{
	enum { CHUNK = 1 << 20 };
	char *chunk = mem_get(CHUNK);
	ssize_t n = 0;

	while (length > 0) {
		n = read(from, chunk, length < CHUNK ? (size_t)length : CHUNK);
		if (n <= 0)
			break;
		for (ssize_t at = 0, w; at < n; at += w)
			if ((w = write(to, chunk + at, (size_t)(n - at))) < 0) {
				free(chunk);
				return -1;
			}
		length -= (uint64_t)n;
		tell(copy, (uint64_t)n);
	}
	free(chunk);
	return n < 0 ? -1 : 0;
}

static int copy_file(struct copy *copy, const char *path, uint64_t length)
{
	const char *slash = strrchr(path, '/');
	char *target = store_path(copy->to, slash ? slash + 1 : path);
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = from < 0 || to < 0 ? -1 : copy_bytes(copy, from, to, length);

	if (r < 0)
		err_sys(copy->err, "copy %s to %s", path, target);
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) < 0 && r == 0)
		r = err_sys(copy->err, "%s", target);
	free(target);
	return r;
}

/* --- backup --- */

static int copy_segment(void *arg, const char *path, uint64_t length)
{
	return copy_file(arg, path, length);
}

static int add_length(void *arg, const char *path, uint64_t length)
{
	struct copy *copy = arg;

	(void)path;
	copy->total += (int64_t)length;
	return 0;
}

static int backup_env(struct kv_env *env, const char *dir, const char *name, struct err *err)
{
	char *path = store_path(dir, name);
	int r = kv_backup(env, path, err);

	free(path);
	return r;
}

static int backup_shard(struct copy *copy, struct shard *shard, const char *folder)
{
	const char *slash = strrchr(shard->dir, '/');
	char *dir = store_path(folder, slash + 1), *bodies = store_path(dir, "bodies");
	int r = -1;

	copy->to = bodies;
	if (make_dir(dir, copy->err) == 0 && make_dir(bodies, copy->err) == 0 &&
	    backup_env(shard->env, dir, "index", copy->err) == 0)
		r = body_store_segments(shard->bodies, copy_segment, copy);
	free(bodies);
	free(dir);
	return r;
}

static int backup_shards(struct copy *copy, const char *target)
{
	char *folder = store_path(target, "shards");
	int r = make_dir(folder, copy->err);

	for (uint32_t i = 0; i < shard_count(); i++)
		body_store_segments(shard_of(i)->bodies, add_length, copy);
	for (uint32_t i = 0; i < shard_count() && r == 0; i++)
		r = backup_shard(copy, shard_of(i), folder);
	free(folder);
	return r;
}

/* After the databases: what they name is in files that are read later. */
static int backup_files(struct copy *copy, const char *target)
{
	int r = 0;

	copy->to = target;
	for (size_t i = 0; i < store_file_table_n && r == 0; i++) {
		char *path = store_data_path(store_file_table[i]->name);
		if (access(path, F_OK) == 0 || errno != ENOENT)
			r = copy_file(copy, path, UINT64_MAX);
		free(path);
	}
	return r;
}

static int backup_all(struct copy *copy, const char *target)
{
	if (backup_env(dir_env(), target, "directory", copy->err) < 0 ||
	    backup_shards(copy, target) < 0 || backup_files(copy, target) < 0 ||
	    sync_disk(target, copy->err) < 0)
		return -1;
	return store_write_layout(target, copy->err);
}

static atomic_uint running;

bool store_backup_runs(void)
{
	return atomic_load(&running) > 0;
}

int store_backup(const char *target, store_progress *progress, void *arg, struct err *err)
{
	struct copy copy = { .progress = progress, .arg = arg, .err = err };

	if (need_empty(target, err) < 0)
		return -1;
	atomic_fetch_add(&running, 1);
	for (uint32_t i = 0; i < shard_count(); i++)
		body_store_hold(shard_of(i)->bodies);
	int r = backup_all(&copy, target);
	for (uint32_t i = 0; i < shard_count(); i++)
		body_store_release(shard_of(i)->bodies);
	atomic_fetch_sub(&running, 1);
	log_event(r < 0 ? LOG_ERROR : LOG_INFO, r < 0 ? "backup-failed" : "backup-made",
	    log_z("target", target), log_n("bytes", copy.done));
	return r;
}

/* --- restore --- */

static int copy_tree(struct copy *copy, const char *from, const char *to);

static int copy_one(struct copy *copy, const char *path, const char *to, const char *name)
{
	struct stat st;
	char *target;
	int r;

	if (lstat(path, &st) < 0)
		return err_sys(copy->err, "%s", path);
	if (S_ISREG(st.st_mode)) {
		copy->to = to;
		return copy_file(copy, path, (uint64_t)st.st_size);
	}
	if (!S_ISDIR(st.st_mode))
		return 0;
	target = store_path(to, name);
	r = make_dir(target, copy->err);
	if (r == 0)
		r = copy_tree(copy, path, target);
	free(target);
	return r;
}

static int copy_tree(struct copy *copy, const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return err_sys(copy->err, "%s", from);
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (is_dots(entry->d_name) || strcmp(entry->d_name, "layout") == 0)
			continue;
		char *path = store_path(from, entry->d_name);
		r = copy_one(copy, path, to, entry->d_name);
		free(path);
	}
	closedir(dir);
	return r;
}

static int need_backup(const char *from, struct err *err)
{
	char *layout = store_path(from, "layout");
	int r = access(layout, F_OK) < 0
	    ? err_set(err, ERR_ABSENT, "%s is not a finished backup", from)
	    : 0;

	free(layout);
	return r;
}

static int check_restored(const char *data, const struct copy *copy)
{
	struct store_check check = { 0 };
	int r = store_open(data, copy->err);

	if (r == 0)
		r = shards_open(data, copy->err);
	if (r == 0)
		r = store_check(copy->progress, copy->arg, &check, copy->err);
	store_close();
	if (r == 0 && check.faults > 0)
		r = err_set(copy->err, ERR_TEMP, "faults found: %llu; the log has them",
		    (unsigned long long)check.faults);
	return r;
}

int store_restore(
    const char *from, const char *data, store_progress *progress, void *arg, struct err *err)
{
	struct copy copy = { .progress = progress, .arg = arg, .err = err };

	if (need_backup(from, err) < 0 || need_empty(data, err) < 0)
		return -1;
	if (copy_tree(&copy, from, data) < 0 || sync_disk(data, err) < 0 ||
	    store_write_layout(data, err) < 0)
		return -1;
	return check_restored(data, &copy);
}
