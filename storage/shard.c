/* shard.c - shards opened and closed */
#include "storage/shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conf.h"
#include "storage/body_store.h"
#include "storage/store_private.h"

CONF_KEY(storage_cache) = {
	.name = "storage.cache",
	.type = CONF_SIZE,
	.def = "12M",
	.min = 1 << 20,
	.max = INT64_C(4) << 30,
	.help = "memory for the index of a shard",
	.restart = true,
};

CONF_KEY(storage_reserve) = {
	.name = "storage.reserve",
	.type = CONF_SIZE,
	.def = "64M",
	.min = 16 << 20,
	.max = INT64_C(1) << 50,
	.help = "bytes of the disk left free: below, no mail is taken, below a quarter nothing is",
	.restart = true,
};

CONF_KEY(storage_segment_size) = {
	.name = "storage.segment-size",
	.type = CONF_SIZE,
	.def = "256M",
	.min = 1 << 20,
	.max = INT64_C(8) << 30,
	.help = "size of a file of message bodies",
	.restart = true,
};

static struct shard **shards;
static uint32_t n_shards;

struct shard *shard_of(uint32_t id)
{
	return id < n_shards ? shards[id] : NULL;
}

uint32_t shard_count(void)
{
	return n_shards;
}

/* --- one --- */

static int open_bodies(struct shard *shard, struct err *err)
{
	char *dir = store_path(shard->dir, "bodies");
	struct body_store_opts opts = { .dir = dir,
		.segment_max = (uint64_t)conf_num(&conf_key_storage_segment_size),
		.reserve = (uint64_t)conf_num(&conf_key_storage_reserve) };
	int r = body_store_open(&opts, &shard->bodies, err);

	free(dir);
	return r;
}

static int open_index(struct shard *shard, struct err *err)
{
	char *dir = store_path(shard->dir, "index");
	struct kv_opts opts = { .dir = dir,
		.cache = (size_t)conf_num(&conf_key_storage_cache),
		.reserve = (uint64_t)conf_num(&conf_key_storage_reserve) / 4,
		.before_commit = body_store_sync,
		.arg = shard->bodies };
	int r = kv_env_open(&opts, &shard->env, err);

	free(dir);
	return r;
}

/* Trees that belong together: an empty one in the place of one that is lost would say
   that there is no mail. */
struct tree {
	const char *name;
	struct kv **kv;
};

static bool is_there(const struct shard *shard, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "index/%s.db", name);
	char *whole = store_path(shard->dir, path);
	bool there = access(whole, F_OK) == 0;
	free(whole);
	return there;
}

static int holds_something(struct kv *kv)
{
	struct buf key = { 0 }, value = { 0 };
	int found = kv_last(kv, NULL, (struct slice){ 0 }, &key, &value);

	buf_done(&key);
	buf_done(&value);
	return found;
}

/* First those that are there. One that is not is made, unless another has something:
   a first start may have been cut short, and nothing was in any of them then. */
static int open_together(struct shard *shard, const struct tree *trees, size_t n, struct err *err)
{
	const char *missing = NULL;
	int full = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_there(shard, trees[i].name))
			missing = trees[i].name;
		else if (kv_open(shard->env, trees[i].name, trees[i].kv, err) < 0)
			return -1;
		else if (full == 0)
			full = holds_something(*trees[i].kv);
	}
	if (full < 0)
		return err_set(err, ERR_TEMP, "%s: the index cannot be read", shard->dir);
	if (missing && full)
		return err_set(err, ERR_TEMP, "%s/index/%s.db is missing: restore a backup",
		    shard->dir, missing);
	for (size_t i = 0; i < n; i++)
		if (!*trees[i].kv && kv_open(shard->env, trees[i].name, trees[i].kv, err) < 0)
			return -1;
	return 0;
}

static int open_trees(struct shard *shard, struct err *err)
{
	struct kv *body = NULL, *segment = NULL;
	const struct tree trees[] = {
		{ "box", &shard->box },
		{ "entry", &shard->entry },
		{ "message", &shard->message },
		{ "body", &body },
		{ "segment", &segment },
	};

	if (open_together(shard, trees, sizeof(trees) / sizeof(*trees), err) < 0 ||
	    kv_open(shard->env, "queue", &shard->queue, err) < 0 ||
	    kv_open(shard->env, "queue-due", &shard->queue_due, err) < 0)
		return -1;
	if (body_store_index(shard->bodies, shard->env, body, segment) < 0)
		return err_set(err, ERR_TEMP, "%s: the index of bodies cannot be read", shard->dir);
	return 0;
}

static int open_shard(struct shard *shard, struct err *err)
{
	if (mkdir(shard->dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "%s", shard->dir);
	if (open_bodies(shard, err) < 0 || open_index(shard, err) < 0)
		return -1;
	return open_trees(shard, err);
}

/* --- all --- */

static struct shard *add_shard(char *dir)
{
	struct shard *shard = mem_get(sizeof(*shard));

	shard->id = n_shards++;
	shard->dir = dir;
	shards = mem_resize(shards, n_shards * sizeof(*shards));
	shards[shard->id] = shard;
	return shard;
}

static char *nth_dir(const char *folder, uint32_t n)
{
	char name[16];

	snprintf(name, sizeof(name), "%04u", (unsigned)n);
	return store_path(folder, name);
}

static int open_all(const char *folder, struct err *err)
{
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "%s", folder);
	for (;;) {
		char *dir = nth_dir(folder, n_shards);
		if (n_shards > 0 && access(dir, F_OK) < 0) {
			free(dir);
			return 0;
		}
		struct shard *shard = add_shard(dir);
		if (open_shard(shard, err) < 0)
			return -1;
	}
}

static int resume_all(struct err *err)
{
	for (uint32_t i = 0; i < n_shards; i++)
		if (shard_resume(shards[i], err) < 0)
			return -1;
	return shard_resume_queue(shards[0], err);
}

int shards_open(const char *data, struct err *err)
{
	char *folder = store_path(data, "shards");
	int r = open_all(folder, err);

	free(folder);
	if (r == 0)
		r = resume_all(err);
	if (r < 0)
		shards_close();
	return r;
}

void shards_close(void)
{
	for (uint32_t i = 0; i < n_shards; i++) {
		shard_forget_views(shards[i]);
		kv_env_close(&shards[i]->env);
		body_store_close(&shards[i]->bodies);
		free(shards[i]->dir);
		free(shards[i]);
	}
	free(shards);
	shards = NULL;
	n_shards = 0;
}
