/* script_cache.c - active scripts, compiled, and who has none
 *
 * Parts with a lock, a table and a share of the memory each; in a part what was
 * used longest ago goes first. A script that goes while it runs lives until it
 * is released. */
#include <pthread.h>
#include <stdlib.h>

#include "core/conf.h"
#include "core/hash.h"
#include "storage/script_private.h"

CONF_KEY(sieve_cache) = {
	.name = "sieve.cache-size",
	.type = CONF_SIZE,
	.def = "32M",
	.min = 1 << 20,
	.max = INT64_C(1) << 40,
	.help = "memory for compiled active scripts, and for who has none",
};

enum { PARTS = 16, BUCKETS = 1024 };

struct cached {
	struct cached *next; /* in its bucket */
	struct cached *newer, *older;
	uint64_t hash;
	struct script *script; /* NULL: none */
	size_t bytes;
	size_t key_n;
	char key[];
};

struct part {
	pthread_mutex_t lock;
	struct cached *buckets[BUCKETS];
	struct cached *newest, *oldest;
	size_t bytes;
	uint64_t changes;
};

static struct part parts[PARTS] = { [0 ... PARTS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER } };

static struct part *lock_part(uint64_t hash)
{
	struct part *part = &parts[hash % PARTS];

	pthread_mutex_lock(&part->lock);
	return part;
}

/* --- with the lock held --- */

static struct cached **find(struct part *part, struct slice key, uint64_t hash)
{
	struct cached **at = &part->buckets[hash / PARTS % BUCKETS];

	while (*at && ((*at)->hash != hash || !slice_eq(slice_of((*at)->key, (*at)->key_n), key)))
		at = &(*at)->next;
	return at;
}

static void unlink_by_use(struct part *part, struct cached *c)
{
	*(c->newer ? &c->newer->older : &part->newest) = c->older;
	*(c->older ? &c->older->newer : &part->oldest) = c->newer;
}

static void link_newest(struct part *part, struct cached *c)
{
	c->newer = NULL;
	c->older = part->newest;
	*(part->newest ? &part->newest->newer : &part->oldest) = c;
	part->newest = c;
}

static void take_out(struct part *part, struct cached **at)
{
	struct cached *c = *at;

	*at = c->next;
	unlink_by_use(part, c);
	part->bytes -= c->bytes;
	script_release(&c->script);
	free(c);
}

static void shrink(struct part *part, size_t most)
{
	while (part->oldest && part->bytes > most) {
		struct cached *c = part->oldest;
		take_out(part, find(part, slice_of(c->key, c->key_n), c->hash));
	}
}

static struct script *reference(struct script *script)
{
	if (script)
		atomic_fetch_add(&script->users, 1);
	return script;
}

static void add(struct part *part, struct slice key, uint64_t hash, struct script *script)
{
	struct cached **at = find(part, key, hash);

	if (*at) /* another thread was faster */
		return;
	struct cached *c = mem_get(sizeof *c + key.n);
	c->hash = hash;
	c->script = reference(script);
	c->key_n = key.n;
	memcpy(c->key, key.p, key.n);
	c->bytes = sizeof *c + key.n + (script ? sieve_size(script->sieve) : 0);
	*at = c;
	link_newest(part, c);
	part->bytes += c->bytes;
	shrink(part, (size_t)conf_num(&conf_key_sieve_cache) / PARTS);
}

/* --- for script.c --- */

uint64_t script_cache_ticket(struct slice key)
{
	struct part *part = lock_part(hash_bytes(key));
	uint64_t changes = part->changes;

	pthread_mutex_unlock(&part->lock);
	return changes;
}

bool script_cache_get(struct slice key, struct script **script)
{
	uint64_t hash = hash_bytes(key);
	struct part *part = lock_part(hash);
	struct cached *c = *find(part, key, hash);

	if (c) {
		unlink_by_use(part, c);
		link_newest(part, c);
		*script = reference(c->script);
	}
	pthread_mutex_unlock(&part->lock);
	return c != NULL;
}

void script_cache_put(struct slice key, struct script *script, uint64_t ticket)
{
	uint64_t hash = hash_bytes(key);
	struct part *part = lock_part(hash);

	if (part->changes == ticket)
		add(part, key, hash, script);
	pthread_mutex_unlock(&part->lock);
}

void script_cache_drop(struct slice key)
{
	uint64_t hash = hash_bytes(key);
	struct part *part = lock_part(hash);
	struct cached **at = find(part, key, hash);

	part->changes++;
	if (*at)
		take_out(part, at);
	pthread_mutex_unlock(&part->lock);
}

void script_cache_clear(void)
{
	for (uint64_t i = 0; i < PARTS; i++) {
		struct part *part = lock_part(i);
		part->changes++;
		shrink(part, 0);
		pthread_mutex_unlock(&part->lock);
	}
}
