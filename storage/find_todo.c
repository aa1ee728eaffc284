/* find_todo.c - accounts that have something for the index to do
 *
 * New mail goes into it when somebody searches: who does not, pays nothing for it. Only
 * in memory: whoever is forgotten, at a start or because there are too many, is found by
 * the next search. */
#include <pthread.h>

#include "core/conf.h"
#include "core/loop.h"
#include "core/lru.h"
#include "storage/find.h"
#include "storage/find_build.h"
#include "storage/find_index.h"

enum {
	ACCOUNTS_MAX = 10000,
	IDS_MAX = 10000,
	QUIET_MS = 3000,
	LATE_MS = 30000,
};

CONF_KEY(search_index_all) = {
	.name = "search.index-all",
	.type = CONF_BOOL,
	.def = "off",
	.help = "index the mail of every account when it comes, not when somebody searches",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct lru *todo;

static void drop(void *payload)
{
	struct find_todo *it = payload;

	buf_done(&it->ids);
}

static struct find_todo *mark(struct shard *shard, uint64_t account)
{
	uint64_t now = loop_now();
	struct find_key key;

	if (!todo)
		todo = lru_new(ACCOUNTS_MAX, sizeof(struct find_todo), drop);
	struct find_todo *it = lru_put(todo, find_key_of(&key, shard, account));
	if (!it->shard)
		*it = (struct find_todo){ .shard = shard, .account = account, .first = now };
	it->last = now;
	return it;
}

void find_mark(struct shard *shard, uint64_t account, bool lost)
{
	bool all = conf_on(&conf_key_search_index_all);

	if (!all && !lost)
		return;
	pthread_mutex_lock(&lock);
	mark(shard, account)->adds |= all;
	pthread_mutex_unlock(&lock);
}

void find_want(struct shard *shard, uint64_t account, const uint64_t *ids, size_t n)
{
	pthread_mutex_lock(&lock);
	struct find_todo *it = mark(shard, account);
	it->wanted = it->adds = true;
	if (it->ids.n + n * sizeof(*ids) <= IDS_MAX * sizeof(*ids))
		buf_add(&it->ids, ids, n * sizeof(*ids));
	pthread_mutex_unlock(&lock);
}

/* Changes come in bursts: many in one batch cost less than many batches. */
static bool is_due(const struct find_todo *it, uint64_t now)
{
	return it->wanted || now - it->last >= QUIET_MS || now - it->first >= LATE_MS;
}

bool find_todo_take(struct find_todo *out, uint64_t now)
{
	struct find_todo *it;

	pthread_mutex_lock(&lock);
	for (it = todo ? lru_oldest(todo) : NULL; it && !is_due(it, now);)
		it = lru_younger(todo, it);
	if (it) {
		*out = *it;
		it->ids = (struct buf){ 0 };
		lru_drop(todo, lru_key(it));
	}
	pthread_mutex_unlock(&lock);
	return it != NULL;
}

void find_todo_drop(struct shard *shard, uint64_t account)
{
	struct find_key key;

	pthread_mutex_lock(&lock);
	if (todo)
		lru_drop(todo, find_key_of(&key, shard, account));
	pthread_mutex_unlock(&lock);
}

void find_todo_forget_all(void)
{
	pthread_mutex_lock(&lock);
	lru_free(&todo);
	pthread_mutex_unlock(&lock);
}

size_t find_todo_count(void)
{
	pthread_mutex_lock(&lock);
	size_t n = todo ? lru_count(todo) : 0;
	pthread_mutex_unlock(&lock);
	return n;
}
