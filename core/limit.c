/* limit.c - how many, and how often: counters by key
 *
 * A counter is found by what it counts and for whom. One that counts users is
 * there while there are users, so there are never more than sessions. Those of
 * failed logins fade; when there are too many the one used longest ago goes. */
#include "core/limit.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/ban.h"
#include "core/conf.h"
#include "core/hash.h"
#include "core/loop.h"
#include "core/metric.h"

CONF_KEY(auth_failure_delay) = {
	.name = "auth.failure-delay",
	.type = CONF_DURATION,
	.def = "500ms",
	.max = 60000,
	.help =
	    "how long the answer to a first wrong password is held back; doubled by each further one",
};

CONF_KEY(auth_failure_delay_max) = {
	.name = "auth.failure-delay-max",
	.type = CONF_DURATION,
	.def = "15s",
	.max = 300000,
	.help = "longest time that the answer to a wrong password is held back",
};

enum { LOGIN_GOOD, LOGIN_BAD };

METRIC(logins) = {
	.name = "signet_logins_total",
	.type = METRIC_COUNTER,
	.help = "logins of all protocols",
	.label = "result",
	.values = METRIC_VALUES("good", "bad"),
	.cells = METRIC_CELLS(2),
};

enum {
	BUCKETS = 16384,
	FAILURES_MAX = 16384, /* counters of failed logins */
	FADE_MS = 60000,      /* in which one failure is forgiven */
	SCORE_MAX = 20,
	LOGIN_BYTES = 256, /* of a login that are looked at */
};

enum what {
	WHAT_ADDRESS = LIMIT_ADDRESS,
	WHAT_ACCOUNT = LIMIT_ACCOUNT,
	WHAT_POLICY = LIMIT_POLICY, /* of a mail flow policy, from an address */
	WHAT_FAILED_FROM,
	WHAT_FAILED_LOGIN
};

struct counter {
	struct counter *next;	       /* in its bucket */
	struct counter *newer, *older; /* failures only: by time of last use */
	uint64_t hash;
	enum what what;
	unsigned count;
	uint64_t at; /* when the last failure was counted */
	size_t key_n;
	char key[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct counter *buckets[BUCKETS];
static struct counter *newest, *oldest;
static size_t failures;

/* --- the table; with the lock held --- */

/* The place that points to the counter, or to NULL at the end of its bucket. */
static struct counter **find(enum what what, struct slice key, uint64_t hash)
{
	struct counter **at = &buckets[hash % BUCKETS];

	while (*at &&
	    ((*at)->hash != hash || (*at)->what != what ||
		!slice_eq(slice_of((*at)->key, (*at)->key_n), key)))
		at = &(*at)->next;
	return at;
}

static struct counter *add(struct counter **at, enum what what, struct slice key, uint64_t hash)
{
	struct counter *c = mem_get(sizeof *c + key.n);

	c->what = what;
	c->hash = hash;
	c->key_n = key.n;
	if (key.n > 0)
		memcpy(c->key, key.p, key.n);
	return *at = c;
}

static void take_out(struct counter **at)
{
	struct counter *c = *at;

	*at = c->next;
	free(c);
}

/* --- users --- */

bool limit_enter(enum limit_kind kind, struct slice key, unsigned max)
{
	uint64_t hash = hash_bytes(key);

	pthread_mutex_lock(&lock);
	struct counter **at = find((enum what)kind, key, hash);
	struct counter *c = *at;
	bool room = (c ? c->count : 0) < max;
	if (room) {
		if (!c)
			c = add(at, (enum what)kind, key, hash);
		c->count++;
	}
	pthread_mutex_unlock(&lock);
	return room;
}

void limit_leave(enum limit_kind kind, struct slice key)
{
	pthread_mutex_lock(&lock);
	struct counter **at = find((enum what)kind, key, hash_bytes(key));
	if (*at && --(*at)->count == 0)
		take_out(at);
	pthread_mutex_unlock(&lock);
}

size_t limit_address_key(const struct sockaddr *addr, unsigned char out[8])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)addr;

	switch (addr->sa_family) {
	case AF_INET:
		memcpy(out, &((const struct sockaddr_in *)addr)->sin_addr, 4);
		return 4;
	case AF_INET6:
		if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
			memcpy(out, six->sin6_addr.s6_addr + 12, 4);
			return 4;
		}
		memcpy(out, &six->sin6_addr, 8);
		return 8;
	default:
		return 0; /* all of this machine count as one */
	}
}

/* --- failed logins; with the lock held --- */

static void unlink_by_time(struct counter *c)
{
	*(c->newer ? &c->newer->older : &newest) = c->older;
	*(c->older ? &c->older->newer : &oldest) = c->newer;
}

static void link_newest(struct counter *c)
{
	c->newer = NULL;
	c->older = newest;
	*(newest ? &newest->newer : &oldest) = c;
	newest = c;
}

static void forget(struct counter **at)
{
	unlink_by_time(*at);
	take_out(at);
	failures--;
}

static void forget_oldest(void)
{
	forget(find(oldest->what, slice_of(oldest->key, oldest->key_n), oldest->hash));
}

/* What is left of the failures counted. */
static unsigned faded(const struct counter *c, uint64_t now)
{
	uint64_t forgiven = (now - c->at) / FADE_MS;

	return forgiven < c->count ? c->count - (unsigned)forgiven : 0;
}

static unsigned count_failure(enum what what, struct slice key, uint64_t now)
{
	uint64_t hash = hash_bytes(key);
	struct counter **at = find(what, key, hash), *c = *at;

	if (c) {
		unlink_by_time(c);
		c->count = faded(c, now);
	} else {
		c = add(at, what, key, hash);
		failures++;
	}
	link_newest(c);
	c->at = now;
	if (c->count < SCORE_MAX)
		c->count++;
	if (failures > FAILURES_MAX)
		forget_oldest();
	return c->count;
}

static void forgive(enum what what, struct slice key)
{
	struct counter **at = find(what, key, hash_bytes(key));

	if (*at)
		forget(at);
}

/* --- the header's functions --- */

/* Of so many failures, at least one. */
static unsigned delay_of(unsigned score)
{
	int64_t delay = conf_num(&conf_key_auth_failure_delay) << (score - 1);
	int64_t max = conf_num(&conf_key_auth_failure_delay_max);

	return (unsigned)(delay < max ? delay : max);
}

unsigned limit_fail(const struct sockaddr *peer, struct slice login)
{
	unsigned char network[8];
	uint64_t now = loop_now();
	unsigned score = 0;

	metric_add(&metric_logins, LOGIN_BAD, 1);
	pthread_mutex_lock(&lock);
	if (peer)
		score = count_failure(
		    WHAT_FAILED_FROM, slice_of(network, limit_address_key(peer, network)), now);
	unsigned of_login = count_failure(WHAT_FAILED_LOGIN, slice_head(login, LOGIN_BYTES), now);
	pthread_mutex_unlock(&lock);
	if (peer)
		ban_offence(peer, BAN_LOGIN);
	return delay_of(of_login > score ? of_login : score);
}

unsigned limit_wait(struct slice login)
{
	struct slice key = slice_head(login, LOGIN_BYTES);
	uint64_t now = loop_now(), past = 0;
	unsigned score = 0;

	pthread_mutex_lock(&lock);
	struct counter *c = *find(WHAT_FAILED_LOGIN, key, hash_bytes(key));
	if (c) {
		score = faded(c, now);
		past = now - c->at;
	}
	pthread_mutex_unlock(&lock);
	unsigned delay = score > 0 ? delay_of(score) : 0;
	return past < delay ? delay - (unsigned)past : 0;
}

/* The address is not forgiven: who has one account should not try others the
   faster for it. */
void limit_succeed(const struct sockaddr *peer, struct slice login)
{
	(void)peer;
	metric_add(&metric_logins, LOGIN_GOOD, 1);
	pthread_mutex_lock(&lock);
	forgive(WHAT_FAILED_LOGIN, slice_head(login, LOGIN_BYTES));
	pthread_mutex_unlock(&lock);
}
