/* sess_api.c - what a protocol asks of its session, and how others wake one */
#include "core/sess.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/conf.h"
#include "core/limit.h"
#include "core/sess_private.h"

CONF_KEY(session_max_account) = {
	.name = "session.max-per-account",
	.type = CONF_INT,
	.def = "1000",
	.min = 1,
	.max = 1000000,
	.help = "sessions that one account may have at a time",
};

void *sess_state(struct sess *s)
{
	return s->state;
}

struct pool *sess_pool(struct sess *s)
{
	return &s->pool;
}

struct pool *sess_cmd_pool(struct sess *s)
{
	return &s->cmd;
}

struct buf *sess_out(struct sess *s)
{
	return &s->out;
}

void sess_printf(struct sess *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&s->out, fmt, ap);
	va_end(ap);
}

void sess_delay(struct sess *s, unsigned ms)
{
	s->delay_ms = ms;
}

void sess_timeout(struct sess *s, uint64_t ms)
{
	s->timeout = ms;
	s->rearm = true; /* by the loop */
}

void sess_mid(struct sess *s, uint64_t mid)
{
	s->context.mid = mid;
}

const struct listener *sess_listener(const struct sess *s)
{
	return s->listener;
}

const struct sockaddr *sess_peer(const struct sess *s)
{
	return (const struct sockaddr *)&s->peer;
}

const struct sockaddr *sess_local(struct sess *s)
{
	socklen_t len = sizeof s->local;

	if (s->local.ss_family == AF_UNSPEC) /* asked for when first wanted */
		getsockname(io_fd(s->io), (struct sockaddr *)&s->local, &len);
	return (const struct sockaddr *)&s->local;
}

const char *sess_peer_text(const struct sess *s)
{
	return s->peer_text;
}

bool sess_set_peer(
    struct sess *s, const struct sockaddr_storage *peer, const struct sockaddr_storage *local)
{
	sess_uncount_peer(s);
	sess_list_peer(s, peer);
	if (local->ss_family != AF_UNSPEC)
		s->local = *local;
	s->counted = sess_count_peer(s);
	return s->counted;
}

bool sess_peer_uid(const struct sess *s, uid_t *uid)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (s->peer.ss_family != AF_UNIX ||
	    getsockopt(io_fd(s->io), SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	*uid = peer.uid;
	return true;
}

bool sess_is_tls(const struct sess *s)
{
	return s->tls != NULL;
}

bool sess_is_compressed(const struct sess *s)
{
	return s->io != s->tls && s->io->below;
}

bool sess_tls_info(const struct sess *s, struct tls_info *info)
{
	if (!sess_is_tls(s))
		return false;
	tls_info(s->tls, info);
	return true;
}

bool sess_offers_tls(struct sess *s)
{
	struct tls_hello hello = { .target = slice_str(s->tls_target),
		.local = sess_local(s),
		.listener = s->listener->name };

	return s->listener->tls == LISTEN_STARTTLS && !sess_is_tls(s) && tls_offered(&hello);
}

bool sess_tls_peer(const struct sess *s, struct tls_peer *out)
{
	*out = (struct tls_peer){ .accounts = "", .verdict = "" };
	if (sess_is_tls(s))
		tls_peer(s->tls, out);
	return out->chain.n > 0;
}

bool sess_channel_binding(struct sess *s, unsigned char out[32])
{
	return sess_is_tls(s) && tls_channel_binding(s->tls, out);
}

void sess_tls_target(struct sess *s, struct slice domain)
{
	free(s->tls_target);
	s->tls_target = mem_str(domain);
}

bool sess_account(struct sess *s, struct slice account)
{
	if (!limit_enter(LIMIT_ACCOUNT, account, (unsigned)conf_num(&conf_key_session_max_account)))
		return false;
	if (s->account)
		limit_leave(LIMIT_ACCOUNT, slice_str(s->account));
	sess_list_account(s, mem_str(account));
	return true;
}

void sess_account_end(struct sess *s)
{
	if (s->account)
		limit_leave(LIMIT_ACCOUNT, slice_str(s->account));
	sess_list_account(s, NULL);
}

/* --- output from a worker while run() goes on --- */

struct push {
	struct task task;
	struct sess *s;
	struct buf data;
};

static void run_push(struct task *task)
{
	struct push *push = (struct push *)task;

	/* The job that pushed has not been reported done, so the session lives.
	   A failure shows when the rest is sent. */
	if (io_write(push->s->io, buf_slice(&push->data)) == 0)
		push->s->active = loop_now();
	buf_done(&push->data);
	free(push);
}

void sess_push(struct sess *s)
{
	struct push *push = mem_get(sizeof *push);

	*push = (struct push){ .task.run = run_push, .s = s, .data = s->out };
	s->out = (struct buf){ 0 };
	loop_post(s->loop, &push->task);
}

/* --- handles --- */

struct sess_handle {
	pthread_mutex_t lock;
	struct sess *s; /* NULL: the session is over */
	unsigned refs;
	bool posted;
	struct task task;
};

static void handle_unref(struct sess_handle *h)
{
	pthread_mutex_lock(&h->lock);
	bool last = --h->refs == 0;
	pthread_mutex_unlock(&h->lock);
	if (last) {
		pthread_mutex_destroy(&h->lock);
		free(h);
	}
}

static void run_wake(struct task *task)
{
	struct sess_handle *h =
	    (struct sess_handle *)((char *)task - offsetof(struct sess_handle, task));

	pthread_mutex_lock(&h->lock);
	struct sess *s = h->s;
	h->posted = false;
	pthread_mutex_unlock(&h->lock);
	/* Only this thread ends the session, so it is still there. */
	if (s) {
		atomic_store(&s->woken, true);
		if (!s->busy) {
			log_context_set(&s->context);
			s->called = s->polled & UV_READABLE;
			sess_drive(s);
			s->called = false; /* a session that ended is freed later */
			log_context_set(NULL);
		}
	}
	handle_unref(h);
}

struct sess_handle *sess_handle(struct sess *s)
{
	if (!s->handle) {
		s->handle = mem_get(sizeof *s->handle);
		pthread_mutex_init(&s->handle->lock, NULL);
		s->handle->s = s;
		s->handle->refs = 1;
		s->handle->task.run = run_wake;
	}
	pthread_mutex_lock(&s->handle->lock);
	s->handle->refs++;
	pthread_mutex_unlock(&s->handle->lock);
	return s->handle;
}

void sess_handle_free(struct sess_handle **h)
{
	if (*h)
		handle_unref(*h);
	*h = NULL;
}

void sess_wake(struct sess_handle *h)
{
	pthread_mutex_lock(&h->lock);
	if (h->s && !h->posted) {
		h->posted = true;
		h->refs++;
		loop_post(h->s->loop, &h->task);
	}
	pthread_mutex_unlock(&h->lock);
}

void sess_handle_cut(struct sess *s)
{
	if (!s->handle)
		return;
	pthread_mutex_lock(&s->handle->lock);
	s->handle->s = NULL;
	pthread_mutex_unlock(&s->handle->lock);
	sess_handle_free(&s->handle);
}
