/* dns_cache.c - answers that were just had, for as long as they live
 *
 * The resolver has a cache of its own, on a thread of its own: the way there and back costs
 * more than the answer. Judging one message asks for several records that thousands of
 * others ask for as well. What says that there is no record is kept, too, and never what
 * failed. */
#include "core/dns_private.h"

#include <pthread.h>
#include <string.h>

#include "core/loop.h"
#include "core/lru.h"

enum { ANSWERS_MAX = 4096, ANSWER_BYTES_MAX = 4096, LIFE_MAX_S = 3600 };

struct kept {
	uint64_t until; /* loop_now */
	enum dns_status status;
	bool secure;
	uint32_t name_n, n;
	struct buf bytes; /* the name, then each record behind its length in two bytes */
};

static struct {
	pthread_mutex_t lock;
	struct lru *answers;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void drop(void *payload)
{
	buf_done(&((struct kept *)payload)->bytes);
}

/* The type, then the name in lower case. */
static void put_key(struct slice name, enum dns_type type, struct buf *key)
{
	buf_addc(key, (char)type);
	buf_add_lower(key, name);
}

/* --- what is kept --- */

static void pack(const struct dns_answer *answer, struct buf *out)
{
	buf_adds(out, answer->name);
	for (size_t i = 0; i < answer->n; i++) {
		buf_addc(out, (char)(answer->rr[i].n >> 8));
		buf_addc(out, (char)answer->rr[i].n);
		buf_adds(out, answer->rr[i]);
	}
}

static void unpack(const struct kept *kept, struct pool *pool, struct dns_answer *out)
{
	struct slice rest = pool_slice(pool, buf_slice(&kept->bytes));
	struct slice *rr = pool_get(pool, (kept->n + 1) * sizeof(*rr));

	*out = (struct dns_answer){ .secure = kept->secure,
		.name = slice_head(rest, kept->name_n),
		.rr = rr,
		.n = kept->n };
	rest = slice_from(rest, kept->name_n);
	for (size_t i = 0; i < kept->n; i++) {
		size_t n = (size_t)(unsigned char)rest.p[0] << 8 | (unsigned char)rest.p[1];
		rr[i] = slice_head(slice_from(rest, 2), n);
		rest = slice_from(rest, n + 2);
	}
}

void dns_cache_put(struct slice name, enum dns_type type, enum dns_status status,
    const struct dns_answer *answer, int life)
{
	struct buf key = { 0 }, bytes = { 0 };

	if (status == DNS_FAILED || life <= 0)
		return;
	pack(answer, &bytes);
	if (bytes.n > ANSWER_BYTES_MAX) {
		buf_done(&bytes);
		return;
	}
	put_key(name, type, &key);
	pthread_mutex_lock(&cache.lock);
	if (!cache.answers)
		cache.answers = lru_new(ANSWERS_MAX, sizeof(struct kept), drop);
	struct kept *kept = lru_put(cache.answers, buf_slice(&key));
	buf_done(&kept->bytes);
	*kept = (struct kept){ .until = loop_now() +
		    (uint64_t)(life < LIFE_MAX_S ? life : LIFE_MAX_S) * 1000,
		.status = status,
		.secure = answer->secure,
		.name_n = (uint32_t)answer->name.n,
		.n = (uint32_t)answer->n,
		.bytes = bytes };
	pthread_mutex_unlock(&cache.lock);
	buf_done(&key);
}

bool dns_known(struct slice name, enum dns_type type, struct pool *pool, struct dns_answer *out,
    enum dns_status *status)
{
	struct buf key = { 0 };
	bool found = false;

	if (!dns_is_current())
		return false;
	put_key(name, type, &key);
	pthread_mutex_lock(&cache.lock);
	struct kept *kept = cache.answers ? lru_find(cache.answers, buf_slice(&key)) : NULL;
	if (kept && loop_now() < kept->until) {
		unpack(kept, pool, out);
		*status = kept->status;
		found = true;
	} else if (kept) {
		lru_drop(cache.answers, buf_slice(&key));
	}
	pthread_mutex_unlock(&cache.lock);
	buf_done(&key);
	return found;
}

void dns_cache_clear(void)
{
	pthread_mutex_lock(&cache.lock);
	if (cache.answers)
		lru_free(&cache.answers);
	pthread_mutex_unlock(&cache.lock);
}
