/* kv_bdb.c - Berkeley DB: the environment, and the engine under group commit
 *
 * One process and one writer at a time (kv_group.c), so the only conflicts are
 * between the writer and readers that hold one page; the library's detector
 * lets the reader lose, and it asks again. The environment is private to the
 * process: its regions are plain memory, and opening it runs recovery.
 *
 * A full disk is noticed before the library meets it (opts.reserve): it could
 * not even roll back without room in its log. What it can not recover from
 * while it runs ends the process; the next start recovers. */
#include "storage/kv_bdb.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/buf.h"
#include "core/log.h"

enum {
	LOG_BUFFER_MIN = 128 << 10,
	LOG_BUFFER_MAX = 4 << 20,
	LOG_FILE = 16 << 20,
	LOCKS_MAX = 500000,    /* pages that one transaction may change */
	LOCK_TABLE = 1000,     /* else it is sized for the maximum at once */
	READER_WAIT = 5000000, /* microseconds for a lock before trying again */
	PATIENCE = 60000000,   /* and until a reader gives up; a transaction takes some 50,000 */
	CHECKPOINT_KBYTES = 32 << 10,
	CHECKPOINT_MINUTES = 1,
};

int kv_fail(struct kv_env *env, struct kv_txn *txn, const char *what, int ret)
{
	if (txn && (ret == DB_LOCK_DEADLOCK || ret == DB_LOCK_NOTGRANTED)) {
		txn->trouble = KV_TROUBLE_CONFLICT;
		return -1;
	}
	if (txn)
		txn->trouble = KV_TROUBLE_FAILED;
	log_event(LOG_ERROR, "store-error", log_z("dir", env->dir), log_z("call", what),
	    log_z("reason", db_strerror(ret)));
	return -1;
}

static int open_failed(struct err *err, const char *dir, const char *what, int ret)
{
	return err_set(err, ERR_TEMP, "%s: %s: %s", dir, what, db_strerror(ret));
}

/* --- the engine of kv_group.c --- */

/* UINT64_MAX when it cannot be told: let the write itself find out. */
static uint64_t disk_room(const struct kv_env *env)
{
	struct statvfs fs;

	if (statvfs(env->dir, &fs) < 0)
		return UINT64_MAX;
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

/* Says so once when the disk fills, and once when there is room again. */
static bool disk_has_room(struct kv_env *env)
{
	uint64_t room = disk_room(env);
	bool full = room < env->reserve;

	if (full != env->full)
		log_event(full ? LOG_ERROR : LOG_INFO, full ? "disk-full" : "disk-has-room",
		    log_z("dir", env->dir), log_n("free", (int64_t)room),
		    log_n("reserve", (int64_t)env->reserve));
	env->full = full;
	return !full;
}

static int prepare(void *arg)
{
	struct kv_env *env = arg;

	if (!disk_has_room(env))
		return -1;
	return env->before_commit ? env->before_commit(env->before_arg) : 0;
}

static int begin(void *arg, struct kv_txn *txn)
{
	struct kv_env *env = arg;
	DB_TXN *db;
	int ret = env->db->txn_begin(env->db, NULL, &db, DB_TXN_NOSYNC);
	if (ret)
		return kv_fail(env, txn, "begin", ret);
	txn->handle = db;
	return 0;
}

static enum kv_trouble commit(void *arg, struct kv_txn *txn)
{
	DB_TXN *db = txn->handle;
	int ret = db->commit(db, DB_TXN_NOSYNC);

	if (ret)
		kv_fail(arg, txn, "commit", ret);
	return txn->trouble;
}

static void abort_txn(void *arg, struct kv_txn *txn)
{
	DB_TXN *db = txn->handle;
	int ret = db->abort(db);

	if (ret)
		kv_fail(arg, txn, "abort", ret);
}

/* What was committed may have been read already, so there is no way back; and
   after a failed fsync nobody knows what is on the disk. */
static void flush(void *arg)
{
	struct kv_env *env = arg;
	int ret = env->db->log_flush(env->db, NULL);

	if (ret)
		bug("%s: log cannot be written: %s", env->dir, db_strerror(ret));
}

static const struct kv_engine engine = {
	.prepare = prepare,
	.begin = begin,
	.commit = commit,
	.abort = abort_txn,
	.flush = flush,
};

enum kv_result kv_write(struct kv_env *env, struct kv_write *w)
{
	return kv_group_write(&env->group, w);
}

void kv_write_begin(struct kv_env *env, struct kv_write *w)
{
	kv_group_begin(&env->group, w);
}

void kv_settle(struct kv_env *env)
{
	kv_group_settle(&env->group);
}

/* --- open and close --- */

static void on_message(const DB_ENV *db, const char *prefix, const char *text)
{
	(void)db;
	(void)prefix;
	log_event(LOG_WARN, "store-says", log_z("text", text));
}

static void on_event(DB_ENV *db, u_int32_t event, void *info)
{
	struct kv_env *env = db->app_private;

	(void)info;
	/* While it opens, the library's answer says so, too. */
	if (event == DB_EVENT_PANIC && env->opened)
		bug("%s: the database must recover: start again", env->dir);
}

static u_int32_t log_buffer(size_t cache)
{
	size_t n = cache / 8;

	return n < LOG_BUFFER_MIN ? LOG_BUFFER_MIN
	    : n > LOG_BUFFER_MAX  ? LOG_BUFFER_MAX
				  : (u_int32_t)n;
}

static int configure(DB_ENV *db, const struct kv_opts *opts)
{
	int ret = db->set_alloc(db, malloc, realloc, free);

	db->set_errcall(db, on_message);
	db->set_event_notify(db, on_event);
	if (!ret)
		ret = db->set_cachesize(db, 0, (u_int32_t)opts->cache, 1);
	if (!ret)
		ret = db->set_lg_bsize(db, log_buffer(opts->cache));
	if (!ret)
		ret = db->set_lg_max(db, LOG_FILE);
	if (!ret)
		ret = db->set_lk_max_locks(db, LOCKS_MAX);
	if (!ret)
		ret = db->set_lk_max_objects(db, LOCKS_MAX);
	if (!ret)
		ret = db->set_lk_tablesize(db, LOCK_TABLE);
	if (!ret)
		ret = db->set_lk_detect(db, DB_LOCK_MINWRITE);
	if (!ret)
		ret = db->set_timeout(db, READER_WAIT, DB_SET_LOCK_TIMEOUT);
	return ret;
}

/* Trees without the log beside them: what was not in their files yet is lost, and the
   library would say that all is well. */
static int check_log(const char *dir, struct err *err)
{
	DIR *files = opendir(dir);
	bool trees = false, log = false;

	if (!files)
		return err_sys(err, "%s", dir);
	for (struct dirent *file; (file = readdir(files));) {
		trees |= slice_iends(slice_str(file->d_name), SLICE(".db"));
		log |= slice_starts(slice_str(file->d_name), SLICE("log."));
	}
	closedir(files);
	if (trees && !log)
		return err_set(
		    err, ERR_TEMP, "%s: the log of the database is missing: restore a backup", dir);
	return 0;
}

static int open_env(struct kv_env *env, const struct kv_opts *opts, struct err *err)
{
	if (check_log(opts->dir, err) < 0)
		return -1;
	int ret = kv_bdb_memory();
	if (!ret)
		ret = db_env_create(&env->db, 0);
	if (ret)
		return open_failed(err, opts->dir, "create", ret);
	env->db->app_private = env;
	ret = configure(env->db, opts);
	if (ret)
		return open_failed(err, opts->dir, "configure", ret);
	ret = env->db->open(env->db, opts->dir,
	    DB_CREATE | DB_PRIVATE | DB_THREAD | DB_RECOVER | DB_INIT_LOCK | DB_INIT_LOG |
		DB_INIT_MPOOL | DB_INIT_TXN,
	    0600);
	if (ret == DB_RUNRECOVERY)
		return err_set(err, ERR_TEMP,
		    "%s: the database is damaged, the log says how: restore a backup", opts->dir);
	if (ret)
		return open_failed(err, opts->dir, "open", ret);
	env->opened = true;
	return 0;
}

int kv_env_open(const struct kv_opts *opts, struct kv_env **out, struct err *err)
{
	if (mkdir(opts->dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "%s", opts->dir);

	struct kv_env *env = mem_get(sizeof(*env));
	env->dir = mem_str(slice_str(opts->dir));
	env->reserve = opts->reserve;
	env->before_commit = opts->before_commit;
	env->before_arg = opts->arg;
	env->patience_us = PATIENCE;
	pthread_mutex_init(&env->logs, NULL);
	kv_group_init(&env->group, &engine, env);
	if (open_env(env, opts, err) < 0) {
		kv_env_close(&env);
		return -1;
	}
	*out = env;
	return 0;
}

/* So that the next start has nothing to recover. */
static void leave_clean(struct kv_env *env)
{
	if (disk_room(env) < env->reserve / 2)
		return;
	int ret = env->db->txn_checkpoint(env->db, 0, 0, 0);
	if (!ret)
		ret = env->db->log_archive(env->db, NULL, DB_ARCH_REMOVE);
	if (ret)
		kv_fail(env, NULL, "last checkpoint", ret);
}

/* Pages that were not written are in the log. */
static void close_tree(struct kv *kv)
{
	kv->db->close(kv->db, DB_NOSYNC);
	free(kv);
}

void kv_env_close(struct kv_env **envp)
{
	struct kv_env *env = *envp;

	if (!env)
		return;
	*envp = NULL;
	if (env->opened)
		leave_clean(env);
	for (struct kv *kv = env->trees, *next; kv; kv = next) {
		next = kv->next;
		close_tree(kv);
	}
	if (env->db)
		env->db->close(env->db, 0);
	kv_group_done(&env->group);
	pthread_mutex_destroy(&env->logs);
	free(env->dir);
	free(env);
}

int kv_open(struct kv_env *env, const char *name, struct kv **out, struct err *err)
{
	struct kv *kv = mem_get(sizeof(*kv));
	struct buf file = { 0 };

	kv->env = env;
	int ret = db_create(&kv->db, env->db, 0);
	if (ret) {
		free(kv);
		return open_failed(err, env->dir, name, ret);
	}
	buf_printf(&file, "%s.db", name);
	kv->db->set_pagesize(kv->db, KV_PAGE_SIZE);
	ret = kv->db->open(kv->db, NULL, buf_z(&file), NULL, DB_BTREE,
	    DB_CREATE | DB_THREAD | DB_AUTO_COMMIT, 0600);
	buf_done(&file);
	if (ret) {
		close_tree(kv);
		return open_failed(err, env->dir, name, ret);
	}
	kv->next = env->trees;
	env->trees = kv;
	*out = kv;
	return 0;
}

/* --- housekeeping --- */

int kv_tidy(struct kv_env *env, struct err *err)
{
	/* Pages that are new need room; the log has all of it meanwhile. */
	if (disk_room(env) < env->reserve / 2)
		return 0;
	int ret = env->db->txn_checkpoint(env->db, CHECKPOINT_KBYTES, CHECKPOINT_MINUTES, 0);
	if (ret)
		return open_failed(err, env->dir, "checkpoint", ret);
	pthread_mutex_lock(&env->logs);
	ret = env->db->log_archive(env->db, NULL, DB_ARCH_REMOVE);
	pthread_mutex_unlock(&env->logs);
	return ret ? open_failed(err, env->dir, "remove logs", ret) : 0;
}

/* Pages are copied while they change; the logs, copied last and kept from
   removal meanwhile, make them whole when the copy is opened. */
int kv_backup(struct kv_env *env, const char *dir, struct err *err)
{
	pthread_mutex_lock(&env->logs);
	int ret = env->db->backup(env->db, dir, DB_CREATE | DB_EXCL);
	pthread_mutex_unlock(&env->logs);
	return ret ? open_failed(err, dir, "backup", ret) : 0;
}

void kv_stats(struct kv_env *env, struct kv_stats *stats)
{
	DB_MPOOL_STAT *pool = NULL;

	*stats = (struct kv_stats){ .disk_free = disk_room(env) };
	if (env->db->memp_stat(env->db, &pool, NULL, 0) == 0) {
		stats->cache_hits = pool->st_cache_hit;
		stats->cache_misses = pool->st_cache_miss;
		free(pool);
	}
	pthread_mutex_lock(&env->group.lock);
	stats->writes = env->group.writes;
	stats->commits = env->group.commits;
	stats->syncs = env->group.syncs;
	stats->retries = env->group.retries;
	pthread_mutex_unlock(&env->group.lock);
}
