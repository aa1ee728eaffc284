/* tls_life.c - how long a TLS session lives: from the last of its connections on
 *
 * C-080: the time to live begins when the session's last connection is
 * closed; while one is open, it does not end. A session, whether it lies in a
 * ticket or in the cache, carries a number for its life, and all its connections
 * have the same. What is known of a life is in memory only, and of those that are
 * over the last are known: of any other, its session says when it was made. */
#include "core/tls_private.h"

#include <pthread.h>
#include <time.h>

#include "core/lru.h"
#include "core/random.h"

enum { OVER_MAX = 64 * 1024 };

static struct {
	pthread_mutex_t lock;
	struct lru *open; /* uint64_t: how many connections; as many as there are connections */
	struct lru *over; /* int64_t: when the last was closed */
} lives = { .lock = PTHREAD_MUTEX_INITIALIZER };

int64_t tls_life_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void tls_life_start(void)
{
	pthread_mutex_lock(&lives.lock);
	if (!lives.open) {
		lives.open = lru_new(SIZE_MAX, sizeof(uint64_t), NULL);
		lives.over = lru_new(OVER_MAX, sizeof(int64_t), NULL);
	}
	pthread_mutex_unlock(&lives.lock);
}

uint32_t tls_life_new(void)
{
	uint32_t life = 0;

	while (life == 0)
		random_bytes(&life, sizeof(life));
	return life;
}

static struct slice key_of(const uint32_t *life)
{
	return slice_of(life, sizeof(*life));
}

void tls_life_open(uint32_t life)
{
	if (life == 0)
		return;
	pthread_mutex_lock(&lives.lock);
	++*(uint64_t *)lru_put(lives.open, key_of(&life));
	lru_drop(lives.over, key_of(&life));
	pthread_mutex_unlock(&lives.lock);
}

void tls_life_close(uint32_t life)
{
	if (life == 0)
		return;
	pthread_mutex_lock(&lives.lock);
	uint64_t *open = lru_find(lives.open, key_of(&life));
	if (open && --*open == 0) {
		lru_drop(lives.open, key_of(&life));
		*(int64_t *)lru_put(lives.over, key_of(&life)) = tls_life_now();
	}
	pthread_mutex_unlock(&lives.lock);
}

int64_t tls_life_used(uint32_t life, int64_t made)
{
	int64_t used = made;

	pthread_mutex_lock(&lives.lock);
	int64_t *over = lru_find(lives.over, key_of(&life));
	if (lru_find(lives.open, key_of(&life)))
		used = tls_life_now();
	else if (over)
		used = *over;
	pthread_mutex_unlock(&lives.lock);
	return used;
}

bool tls_life_lasts(uint32_t life, int64_t made, int64_t ttl_s)
{
	int64_t now = tls_life_now();

	return made <= now && now - tls_life_used(life, made) < ttl_s * 1000;
}
