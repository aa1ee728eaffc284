/* store.c - DATA as a whole: one process, one layout, and the thread that tidies */
#include "storage/rename_private.h"
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/loop.h"
#include "storage/audit.h"
#include "storage/body_store.h"
#include "storage/dir_private.h"
#include "storage/find.h"
#include "storage/script_private.h"
#include "storage/shard.h"
#include "storage/store_private.h"

enum {
	TIDY_MS = 2000,
	COMPACT_MS = 60 * 1000,
	RECOUNT_FIRST_MS = 10 * 60 * 1000,
	RECOUNT_MS = 24 * 3600 * 1000,
};

CONF_KEY(storage_compact_at) = {
	.name = "storage.compact-at",
	.type = CONF_INT,
	.def = "50",
	.min = 10,
	.max = 95,
	.help = "percent of a file of bodies that must be dead before the rest is moved out of it",
};

static const char layout[] = "signet 1\n";

static char *data;
static int lock_fd = -1;

char *store_path(const char *dir, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", dir, name);
	buf_z(&path);
	return path.p;
}

char *store_data_path(const char *name)
{
	return store_path(data, name);
}

/* --- one process --- */

/* The lock goes with the process, however it ends. */
static int take_lock(struct err *err)
{
	char *path = store_path(data, "lock");

	lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock_fd < 0)
		err_sys(err, "%s", path);
	else if (flock(lock_fd, LOCK_EX | LOCK_NB) < 0) {
		err_set(err, ERR_BUSY, "%s: in use by another process", data);
		close(lock_fd);
		lock_fd = -1;
	}
	free(path);
	return lock_fd < 0 ? -1 : 0;
}

/* --- one layout --- */

static bool write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, layout, sizeof(layout) - 1) == sizeof(layout) - 1 &&
	    fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

int store_write_layout(const char *dir, struct err *err)
{
	char *path = store_path(dir, "layout"), *draft = store_path(dir, "layout.new");
	int r = 0;

	if (!write_file(draft) || rename(draft, path) < 0)
		r = err_sys(err, "%s", path);
	free(draft);
	free(path);
	return r;
}

/* DATA that has no layout file yet is new. */
static int check_layout(struct err *err)
{
	char *path = store_path(data, "layout"), found[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		r = errno == ENOENT ? store_write_layout(data, err) : err_sys(err, "%s", path);
	else {
		ssize_t n = read(fd, found, sizeof(found));
		if (n < 0 || !slice_eq(slice_of(found, (size_t)n), slice_str(layout)))
			r = err_set(
			    err, ERR_TEMP, "%s: made by another version of this program", path);
		close(fd);
	}
	free(path);
	return r;
}

/* --- tidying --- */

static void complain(const char *what, const struct err *err)
{
	log_event(LOG_ERROR, what, log_z("reason", err->text));
}

static void tidy(void)
{
	struct err err;

	if (kv_tidy(dir_env(), &err) < 0)
		complain("tidy-failed", &err);
	for (uint32_t i = 0; i < shard_count(); i++)
		if (kv_tidy(shard_of(i)->env, &err) < 0)
			complain("tidy-failed", &err);
}

static void compact(void)
{
	unsigned percent = (unsigned)conf_num(&conf_key_storage_compact_at);
	struct err err;

	for (uint32_t i = 0; i < shard_count(); i++) {
		int r = 1;
		while (r > 0 && !threads_ending())
			r = body_compact(shard_of(i)->bodies, percent, &err);
		if (r < 0)
			complain("compaction-failed", &err);
	}
}

static void recount(void)
{
	for (uint32_t i = 0; i < shard_count(); i++)
		body_store_recount(shard_of(i)->bodies);
}

static void keep_house(void *arg)
{
	uint64_t started = loop_now(), compact_at = started + COMPACT_MS;
	uint64_t recount_at = started + RECOUNT_FIRST_MS;

	(void)arg;
	while (!threads_sleep(TIDY_MS)) {
		tidy();
		audit_tidy();
		facts_keep_house();
		if (loop_now() >= compact_at) {
			compact();
			compact_at = loop_now() + COMPACT_MS;
		}
		if (loop_now() >= recount_at) {
			recount();
			recount_at = loop_now() + RECOUNT_MS;
		}
	}
}

/* --- open and close --- */

int store_open(const char *dir, struct err *err)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "%s", dir);
	data = mem_str(slice_str(dir));
	if (take_lock(err) < 0 || check_layout(err) < 0 || dir_open(data, err) < 0) {
		store_close();
		return -1;
	}
	return 0;
}

int store_start(struct err *err)
{
	if (shards_open(data, err) < 0 || dir_resume(err) < 0 || rename_resume(err) < 0 ||
	    facts_read(err) < 0)
		return -1;
	script_start();
	audit_start();
	if (find_start(err) < 0)
		return -1;
	return thread_start("store", keep_house, NULL, err);
}

void store_close(void)
{
	facts_write();
	audit_stop();
	script_stop();
	find_stop();
	shards_close();
	dir_close();
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
	free(data);
	data = NULL;
}
