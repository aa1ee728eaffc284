/* dns.c - libunbound, asked by many threads
 *
 * The library works on a thread of its own and says through a pipe that it has
 * answers. One of the threads that wait reads the pipe for all; when it has its
 * own answer another takes over. */
#include <poll.h>
#include <pthread.h>

#include <unbound.h>

#include "core/conf.h"
#include "core/dns_private.h"
#include "core/loop.h"

CONF_KEY(dns_timeout) = {
	.name = "dns.timeout",
	.type = CONF_DURATION,
	.def = "20s",
	.min = 100,
	.max = 120000,
	.help = "how long an answer of the DNS is waited for",
};

enum { LOOK_UP_MS = 250, CLASS_IN = 1 };

struct question {
	const char *name;
	enum dns_type type;
	struct dns_resolver *resolver;
	struct ub_result *result;
	int id, refused; /* of the library, when it was put */
	int error;
	bool done;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t news; /* an answer came, or nobody reads the pipe */
	struct dns_resolver *current;
} dns = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };

/* --- the resolver of today's settings --- */

void dns_stop(void)
{
	dns_cache_clear();
	pthread_mutex_lock(&dns.lock);
	if (dns.current)
		dns_resolver_leave(dns.current);
	dns.current = NULL;
	pthread_mutex_unlock(&dns.lock);
}

bool dns_is_current(void)
{
	struct err err = { 0 };

	pthread_mutex_lock(&dns.lock);
	struct dns_resolver *resolver = dns_resolver_use(&dns.current, &err);
	if (resolver)
		dns_resolver_leave(resolver);
	pthread_mutex_unlock(&dns.lock);
	return resolver != NULL;
}

/* --- a question --- */

/* Called inside ub_process(), by whoever reads the pipe. */
static void answered(void *arg, int error, struct ub_result *result)
{
	struct question *q = arg;

	pthread_mutex_lock(&dns.lock);
	q->error = error;
	q->result = result;
	q->done = true;
	pthread_cond_broadcast(&dns.news);
	pthread_mutex_unlock(&dns.lock);
}

/* With the lock held, which is given up meanwhile. */
static void read_pipe(struct dns_resolver *resolver)
{
	struct pollfd p = { .fd = ub_fd(resolver->ctx), .events = POLLIN };

	resolver->being_read = true;
	pthread_mutex_unlock(&dns.lock);
	if (poll(&p, 1, LOOK_UP_MS) > 0)
		ub_process(resolver->ctx);
	pthread_mutex_lock(&dns.lock);
	resolver->being_read = false;
	pthread_cond_broadcast(&dns.news);
}

/* With the lock held. */
static void await_news(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK_UP_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&dns.news, &dns.lock, &until);
}

/* With the lock held. A question that cannot be taken back has its answer on the
   way. */
static void await_answer(struct question *q, uint64_t until)
{
	bool waiting = true;

	while (!q->done && waiting) {
		if (q->resolver->being_read)
			await_news();
		else
			read_pipe(q->resolver);
		if (!q->done && (loop_now() >= until || threads_ending() || network_ending()) &&
		    ub_cancel(q->resolver->ctx, q->id) == 0)
			waiting = false;
	}
}

/* Put a question, which stays where it is until it was asked for its answer. */
static void put(struct question *q, const char *name, enum dns_type type, struct err *err)
{
	q->name = name;
	q->type = type;
	pthread_mutex_lock(&dns.lock);
	q->resolver = dns_resolver_use(&dns.current, err);
	pthread_mutex_unlock(&dns.lock);
	if (q->resolver)
		q->refused = ub_resolve_async(
		    q->resolver->ctx, name, (int)type, CLASS_IN, q, answered, &q->id);
}

/* Its answer; NULL with the reason, which put() may have given already. */
static struct ub_result *take(struct question *q, uint64_t until, struct err *err)
{
	if (!q->resolver)
		return NULL;
	pthread_mutex_lock(&dns.lock);
	if (q->refused == 0)
		await_answer(q, until);
	dns_resolver_leave(q->resolver);
	pthread_mutex_unlock(&dns.lock);
	if (q->refused != 0 || q->error != 0)
		err_set(err, ERR_TEMP, "%s", ub_strerror(q->refused ? q->refused : q->error));
	else if (!q->result)
		err_set(err, ERR_TEMP, "no answer in time");
	return q->result;
}

/* --- its answer --- */

static void take_records(const struct ub_result *result, struct pool *pool, struct dns_answer *out)
{
	struct slice *rr = pool_get(pool, DNS_RECORDS_MAX * sizeof(*rr));

	for (size_t i = 0; i < DNS_RECORDS_MAX && result->data[i]; i++)
		rr[out->n++] = pool_slice(pool, slice_of(result->data[i], (size_t)result->len[i]));
	out->rr = rr;
}

static enum dns_status judge(
    const struct ub_result *result, struct pool *pool, struct dns_answer *out, struct err *err)
{
	enum { SERVFAIL = 2 };

	if (result->bogus) {
		err_set(err, ERR_TEMP, "%s", result->why_bogus ? result->why_bogus : "bogus");
		return DNS_FAILED;
	}
	out->secure = result->secure;
	if (result->havedata) {
		take_records(result, pool, out);
		return DNS_FOUND;
	}
	if (result->nxdomain)
		return DNS_ABSENT;
	if (result->rcode == 0)
		return DNS_EMPTY;
	if (result->rcode == SERVFAIL)
		err_set(err, ERR_TEMP, "the servers of the name do not answer");
	else
		err_set(err, ERR_TEMP, "the servers answer with error %d", result->rcode);
	return DNS_FAILED;
}

static void take_name(const struct ub_result *result, struct pool *pool, struct dns_answer *out)
{
	if (!result->canonname || !result->canonname[0])
		return;
	struct slice canon = slice_str(result->canonname);
	if (canon.p[canon.n - 1] == '.')
		canon.n--;
	out->name = pool_slice(pool, canon);
}

static enum dns_status take_answer(
    struct question *q, uint64_t until, struct pool *pool, struct dns_answer *out, struct err *err)
{
	struct ub_result *result = take(q, until, err);

	if (!result)
		return DNS_FAILED;
	take_name(result, pool, out);
	enum dns_status status = judge(result, pool, out, err);
	dns_cache_put(slice_str(q->name), q->type, status, out, result->ttl);
	ub_resolve_free(result);
	return status;
}

enum dns_status dns_ask(struct slice name, enum dns_type type, struct pool *pool,
    struct dns_answer *out, struct err *err)
{
	uint64_t until = loop_now() + (uint64_t)conf_num(&conf_key_dns_timeout);
	struct question q = { 0 };
	char *z = pool_str(pool, name);
	enum dns_status known;

	if (dns_known(name, type, pool, out, &known))
		return known;
	*out = (struct dns_answer){ .name = slice_str(z) };
	put(&q, z, type, err);
	return take_answer(&q, until, pool, out, err);
}

void dns_ask_all(struct dns_question *questions, size_t n, uint64_t ms, struct pool *pool)
{
	struct question *q = pool_get(pool, n * sizeof(*q));
	uint64_t until = loop_now() + ms;
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct dns_question *asked = &questions[i];
		char *z = pool_str(pool, asked->name);

		if (dns_known(asked->name, asked->type, pool, &asked->answer, &asked->status))
			continue;
		asked->answer = (struct dns_answer){ .name = slice_str(z) };
		put(&q[i], z, asked->type, &err);
	}
	for (size_t i = 0; i < n; i++)
		if (q[i].name)
			questions[i].status =
			    take_answer(&q[i], until, pool, &questions[i].answer, &err);
}
