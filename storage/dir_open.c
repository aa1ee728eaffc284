/* dir_open.c - the directory's environment; reading by way of the cache */
#include <stdlib.h>

#include "core/conf.h"
#include "core/loop.h"
#include "storage/dir_private.h"
#include "storage/shard.h"

enum { CACHE = 3 << 20, RESERVE = 8 << 20 };

static struct kv_env *env;
static struct kv *trees[DIR_TREES];

static int open_trees(struct err *err)
{
	static const char *const names[DIR_TREES] = { "domain", "account", "secret", "alias",
		"meta", "record", "audit", "group", "member" };

	for (int i = 0; i < DIR_TREES; i++)
		if (kv_open(env, names[i], &trees[i], err) < 0)
			return -1;
	return 0;
}

int dir_open(const char *data, struct err *err)
{
	struct buf dir = { 0 };

	buf_printf(&dir, "%s/directory", data);
	struct kv_opts opts = { .dir = buf_z(&dir), .cache = CACHE, .reserve = RESERVE };
	int r = kv_env_open(&opts, &env, err);
	buf_done(&dir);
	if (r == 0)
		r = open_trees(err);
	if (r < 0)
		dir_close();
	return r;
}

void dir_close(void)
{
	kv_env_close(&env);
	dir_cache_clear();
}

struct kv_env *dir_env(void)
{
	return env;
}

struct kv *dir_kv(enum dir_tree tree)
{
	return trees[tree];
}

int dir_get(enum dir_tree tree, struct kv_txn *txn, struct slice key, struct buf *value)
{
	if (txn)
		return kv_get(trees[tree], txn, key, value);
	if (dir_cache_get(tree, key, value))
		return 1;
	if (loop_thread())
		return -1;
	uint64_t ticket = dir_cache_ticket(tree, key);
	int found = kv_get(trees[tree], NULL, key, value);
	if (found == 1)
		dir_cache_put(tree, key, buf_slice(value), ticket);
	return found;
}
