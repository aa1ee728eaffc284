/* sess_list.c - all sessions: start, listing, ending from outside, drain */
#include "core/sess.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/limit.h"
#include "core/metric.h"
#include "core/sess_private.h"

CONF_KEY(session_max) = {
	.name = "session.max",
	.type = CONF_INT,
	.def = "20000",
	.min = 10,
	.max = 10000000,
	.help = "sessions at a time, of all protocols and peers",
};

CONF_KEY(session_max_address) = {
	.name = "session.max-per-address",
	.type = CONF_INT,
	.def = "2000",
	.min = 1,
	.max = 10000000,
	.help = "sessions that one IPv4 address or IPv6 /64 network may have at a time",
};

METRIC(connections) = {
	.name = "signet_connections_total",
	.type = METRIC_COUNTER,
	.help = "connections accepted",
	.cells = METRIC_CELLS(1),
};

enum { DEFAULT_TIMEOUT_MS = 300 * 1000 };

static struct {
	pthread_mutex_t lock;
	struct sess *first;
	size_t n;
	unsigned turn; /* of the loops */
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void sess_list_add(struct sess *s)
{
	pthread_mutex_lock(&all.lock);
	s->next_in_list = all.first;
	if (all.first)
		all.first->prev = s;
	all.first = s;
	all.n++;
	if (!s->loop)
		s->loop = loop_nth(all.turn++);
	pthread_mutex_unlock(&all.lock);
}

void sess_list_remove(struct sess *s)
{
	pthread_mutex_lock(&all.lock);
	if (s->prev)
		s->prev->next_in_list = s->next_in_list;
	else
		all.first = s->next_in_list;
	if (s->next_in_list)
		s->next_in_list->prev = s->prev;
	all.n--;
	pthread_mutex_unlock(&all.lock);
}

void sess_list_account(struct sess *s, char *account)
{
	pthread_mutex_lock(&all.lock);
	free(s->account);
	s->account = account;
	pthread_mutex_unlock(&all.lock);
}

static char *address_text(const struct sockaddr_storage *addr)
{
	char text[INET6_ADDRSTRLEN] = "local";

	if (addr->ss_family == AF_INET)
		inet_ntop(
		    AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, text, sizeof text);
	else if (addr->ss_family == AF_INET6)
		inet_ntop(
		    AF_INET6, &((const struct sockaddr_in6 *)addr)->sin6_addr, text, sizeof text);
	return mem_str(slice_str(text));
}

void sess_list_peer(struct sess *s, const struct sockaddr_storage *peer)
{
	pthread_mutex_lock(&all.lock);
	s->peer = *peer;
	free(s->peer_text);
	s->peer_text = address_text(peer);
	pthread_mutex_unlock(&all.lock);
}

void sess_list_tls(struct sess *s, const char *version)
{
	pthread_mutex_lock(&all.lock);
	s->tls_version = version;
	pthread_mutex_unlock(&all.lock);
}

static size_t count(void)
{
	pthread_mutex_lock(&all.lock);
	size_t n = all.n;
	pthread_mutex_unlock(&all.lock);
	return n;
}

/* An admin at the machine always finds some. */
bool sess_count_peer(struct sess *s)
{
	if (s->proto->admin)
		return true;
	if (s->peer.ss_family == AF_UNIX) /* all of them are one peer */
		return count() < (size_t)conf_num(&conf_key_session_max);
	s->address_key_n = (uint8_t)limit_address_key(sess_peer(s), s->address_key);
	return count() < (size_t)conf_num(&conf_key_session_max) &&
	    limit_enter(LIMIT_ADDRESS, slice_of(s->address_key, s->address_key_n),
		(unsigned)conf_num(&conf_key_session_max_address));
}

void sess_uncount_peer(struct sess *s)
{
	if (s->counted && s->address_key_n)
		limit_leave(LIMIT_ADDRESS, slice_of(s->address_key, s->address_key_n));
	s->counted = false;
	s->address_key_n = 0;
}

void sess_start(const struct listener *listener, int fd, const struct sockaddr_storage *peer)
{
	struct sess *s = mem_get(sizeof *s + listener->proto->state_size);

	s->proto = listener->proto;
	s->listener = listener;
	s->loop = loop_here();
	s->io = io_sock_new(fd, 0);
	s->peer = *peer;
	s->peer_text = address_text(peer);
	s->timeout = DEFAULT_TIMEOUT_MS;
	s->started = loop_now();
	s->active = s->started;
	s->context.proto = s->proto->name;
	s->context.icid = log_id();
	s->proxied = sess_is_proxied(s);
	s->counted = !s->proxied && sess_count_peer(s);
	metric_add(&metric_connections, 0, 1);
	sess_list_add(s);
	sess_begin(s);
}

bool sess_at(const struct listener *listener)
{
	bool found = false;

	pthread_mutex_lock(&all.lock);
	for (const struct sess *s = all.first; s && !found; s = s->next_in_list)
		found = s->listener == listener;
	pthread_mutex_unlock(&all.lock);
	return found;
}

void sess_each(void (*row)(void *arg, const struct sess_row *row), void *arg)
{
	uint64_t now = loop_now();

	pthread_mutex_lock(&all.lock);
	for (struct sess *s = all.first; s; s = s->next_in_list) {
		struct sess_row r = {
			.icid = s->context.icid,
			.proto = s->proto->name,
			.listener = s->listener->name,
			.peer = s->peer_text,
			.account = s->account ? s->account : "",
			.tls = s->tls_version ? s->tls_version : "",
			.age_ms = now - s->started,
			.idle_ms = now - s->active,
		};
		row(arg, &r);
	}
	pthread_mutex_unlock(&all.lock);
}

/* --- ending from outside: ask, then let each loop look at its sessions --- */

struct round {
	struct task task;
	struct loop *loop;
};

/* Only the loop's own thread frees its sessions, so those found under the lock
   stay until this task returns. */
static void look_at_asked(struct task *task)
{
	struct round *round = (struct round *)task;

	pthread_mutex_lock(&all.lock);
	struct sess **asked = mem_get((all.n + 1) * sizeof *asked);
	size_t n = 0;
	for (struct sess *s = all.first; s; s = s->next_in_list)
		if (s->loop == round->loop && atomic_load(&s->end_asked))
			asked[n++] = s;
	pthread_mutex_unlock(&all.lock);

	for (size_t i = 0; i < n; i++) {
		if (asked[i]->busy || asked[i]->phase == PHASE_OVER)
			continue;
		log_context_set(&asked[i]->context);
		sess_drive(asked[i]);
		log_context_set(NULL);
	}
	free(asked);
	free(round);
}

static void ask(struct sess *s, enum sess_bye why)
{
	if (!atomic_load(&s->end_asked)) {
		s->end_why = why;
		atomic_store(&s->end_asked, true);
	}
}

static void look_everywhere(void)
{
	for (unsigned i = 0; i < loops_count(); i++) {
		struct round *round = mem_get(sizeof *round);

		*round = (struct round){ .task.run = look_at_asked, .loop = loop_nth(i) };
		loop_post(round->loop, &round->task);
	}
}

bool sess_end(uint64_t icid)
{
	bool found = false;

	pthread_mutex_lock(&all.lock);
	for (struct sess *s = all.first; s && !found; s = s->next_in_list) {
		found = s->context.icid == icid;
		if (found)
			ask(s, SESS_BYE_ENDED);
	}
	pthread_mutex_unlock(&all.lock);
	if (found)
		look_everywhere();
	return found;
}

static _Atomic bool draining;

bool sess_draining(void)
{
	return draining;
}

bool sess_drain(uint64_t ms)
{
	uint64_t end = loop_now() + ms;

	draining = true;
	while (count() > 0 && loop_now() < end) {
		pthread_mutex_lock(&all.lock);
		for (struct sess *s = all.first; s; s = s->next_in_list)
			ask(s, SESS_BYE_DRAIN);
		pthread_mutex_unlock(&all.lock);
		look_everywhere();
		nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000000 }, NULL);
	}
	if (count() > 0)
		log_event(LOG_WARN, "cut", log_n("sessions", (int64_t)count()));
	return count() == 0;
}
