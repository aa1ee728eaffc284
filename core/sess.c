/* sess.c - the way of a session on its loop: read, frame, run, write, end
 *
 * sess_drive() is called whenever something happened (the socket is ready, a
 * worker is done, time is over) and goes on until it must wait. It is never
 * called while a worker has the session. */
#include "core/sess_private.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/client.h"

enum {
	OUT_LOW = 32 * 1024, /* SESS_MORE is called again below this */
	LINGER_BYTES = 1024 * 1024,
};

/* --- phases: each goes on, and says whether there may be more to do now --- */

static void put_tls_on(struct sess *s)
{
	s->tls = tls_accept_new(sess_local(s), slice_str(s->tls_target), s->proto->alpn);
	tls_accept_at(s->tls, s->listener->name);
	if (s->proto->asks && s->proto->asks(s))
		tls_accept_ask(s->tls);
	io_push(&s->io, s->tls);
}

static bool open_protocol(struct sess *s)
{
	enum sess_next next = s->proto->open(s);

	if (sess_post_later(s, JOB_OPEN, next))
		return false;
	sess_obey(s, next);
	return true;
}

static bool drive_handshake(struct sess *s)
{
	if (!sess_is_tls(s))
		put_tls_on(s);
	io_hold(s->io); /* the last of the handshake leaves with the greeting */
	switch (tls_handshake(s->tls, false)) {
	case TLS_AGAIN:
		if (io_flush(s->io) == IO_FAIL) {
			sess_finish(s);
			return false;
		}
		sess_wait_socket(s, true);
		return false;
	case TLS_LATER:
		sess_post_job(s, JOB_HANDSHAKE);
		return false;
	case TLS_DONE:
		break;
	default:
		tls_log_failed(s->tls, tls_reason(s->tls));
		log_event(LOG_INFO, "lost");
		sess_flush_then(s, PHASE_LINGER); /* the alert */
		return true;
	}

	struct tls_info info;
	tls_info(s->tls, &info);
	tls_log_open(s->tls, s->peer_text);
	sess_list_tls(s, info.version);
	sess_enter(s, PHASE_OPEN);
	if (!s->secured)
		return open_protocol(s);
	if (s->proto->secured)
		s->proto->secured(s);
	return true;
}

/* Send, then go where after_flush says. */
static bool drive_flush(struct sess *s)
{
	if (s->after_flush != PHASE_HANDSHAKE)
		sess_end_tls(s);
	switch (sess_send_output(s)) {
	case 0:
		if (s->after_flush == PHASE_OVER) {
			sess_finish(s);
			return false;
		}
		if (s->after_flush == PHASE_LINGER) {
			shutdown(io_fd(s->io), SHUT_WR);
			s->view = (struct slice){ 0 };
			sess_keep_input(s);
		}
		sess_enter(s, s->after_flush);
		return true;
	case IO_AGAIN:
		sess_wait_socket(s, false);
		return false;
	default:
		sess_finish(s);
		return false;
	}
}

/* Closing with unread input makes the kernel reset the connection, and the
   peer may never see why. So read for a while, and look at nothing. */
static bool drive_linger(struct sess *s)
{
	char unread[4096];

	for (size_t n = 0; n < LINGER_BYTES;) {
		ssize_t got = recv(io_fd(s->io), unread, sizeof(unread), MSG_DONTWAIT);
		if (got > 0) {
			n += (size_t)got;
		} else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			sess_poll_for(s, UV_READABLE);
			return false;
		} else {
			break;
		}
	}
	sess_finish(s);
	return false;
}

static void take_overlong(struct sess *s)
{
	size_t used = s->view.n;
	enum sess_next next = s->proto->overlong(s, s->view, &used);

	s->view = slice_from(s->view, used);
	sess_obey(s, next);
}

/* Nothing complete is in the input: answer, then read. */
static bool need_input(struct sess *s)
{
	if (sess_send_output(s) == IO_FAIL) {
		sess_finish(s);
		return false;
	}
	if (io_unsent(s->io) > OUT_LOW) { /* the peer does not read: nor do we */
		sess_wait_socket(s, false);
		return false;
	}

	ssize_t got = s->peer_done ? IO_END : s->called ? IO_AGAIN : sess_fill(s);
	if (got > 0)
		return true;
	if (got == IO_AGAIN) {
		if (s->heard) /* of a command, and no answer carries that it came */
			io_acknowledge(s->io);
		s->heard = false;
		sess_wait_socket(s, true);
		return false;
	}
	if (got == IO_END && s->out.n + io_unsent(s->io) > 0) {
		s->peer_done = true;
		sess_wait_socket(s, false);
		return false;
	}
	sess_finish(s);
	return false;
}

/* An instant command, which may find that it must wait. */
static bool run_here(struct sess *s)
{
	enum sess_next next = sess_run(s);

	if (sess_post_later(s, JOB_RUN, next))
		return false;
	sess_obey(s, next);
	return true;
}

/* A command that is not done. Nobody waits for it when the peer is gone. */
static void go_on(struct sess *s)
{
	if (sess_send_output(s) == IO_FAIL || sess_is_gone(s))
		sess_finish(s);
	else if (s->out.n + io_unsent(s->io) > OUT_LOW)
		sess_wait_socket(s, false);
	else
		sess_post_turn(s);
}

static bool drive_open(struct sess *s)
{
	if (s->more) {
		go_on(s);
		return false;
	}
	if (s->proto->wake && atomic_exchange(&s->woken, false)) {
		enum sess_next next = s->proto->wake(s);

		if (sess_post_later(s, JOB_WAKE, next))
			return false;
		sess_obey(s, next);
		return true;
	}

	switch (s->view.n ? sess_next_frame(s) : FRAME_MORE) {
	case FRAME_INSTANT:
		return run_here(s);
	case FRAME_WORK:
		sess_post_job(s, JOB_RUN);
		return false;
	case FRAME_MORE:
		sess_take_timeout(s);
		break;
	}
	if (s->view.n >= s->proto->line_max) {
		take_overlong(s);
		return true;
	}
	return need_input(s);
}

void sess_drive(struct sess *s)
{
	bool more = true;

	while (more) {
		if (atomic_load(&s->end_asked))
			sess_say_bye(s, s->end_why);
		if (s->delayed) {
			sess_poll_for(s, 0);
			break;
		}
		switch (s->phase) {
		case PHASE_PROXY:
			more = sess_drive_proxy(s);
			break;
		case PHASE_HANDSHAKE:
			more = drive_handshake(s);
			break;
		case PHASE_OPEN:
			more = drive_open(s);
			break;
		case PHASE_FLUSH:
			more = drive_flush(s);
			break;
		case PHASE_LINGER:
			more = drive_linger(s);
			break;
		case PHASE_OVER:
			return;
		}
	}
	/* A worker may have it by now, with its input kept already. */
	if (!s->busy && s->phase != PHASE_OVER)
		sess_keep_input(s);
}

/* --- events --- */

void sess_on_ready(uv_poll_t *poll, int status, int events)
{
	struct sess *s = poll->data;

	(void)status; /* the next read or write tells */
	(void)events;
	if (s->busy) {
		sess_poll_for(s, 0); /* asked for again when the worker is done */
		return;
	}
	log_context_set(&s->context);
	sess_drive(s);
	log_context_set(NULL);
}

/* Its time is over, and it goes on: what it wrote shows whether the peer is there. */
static bool stays_idle(struct sess *s)
{
	return !s->more && s->proto->idle && s->proto->idle(s) == SESS_NEXT;
}

void sess_on_timer(uv_timer_t *timer)
{
	struct sess *s = timer->data;
	uint64_t limit = sess_time_limit(s), idle = loop_now() - s->active;

	if (!s->rested && s->busy) {
		sess_set_timer(s, SESS_REST_MS);
		return;
	}
	if (!s->rested)
		tls_rest(s->tls);
	s->rested = true;
	if (s->busy || (!s->delayed && idle < limit)) {
		sess_set_timer(s, s->busy ? limit : limit - idle);
		return;
	}
	log_context_set(&s->context);
	if (s->delayed) {
		s->delayed = false;
		sess_set_timer(s, limit);
	} else if (s->phase == PHASE_OPEN && stays_idle(s)) {
		s->active = loop_now();
		sess_set_timer(s, limit);
	} else if (s->phase == PHASE_OPEN) {
		sess_say_bye(s, SESS_BYE_IDLE);
	} else {
		if (s->phase == PHASE_HANDSHAKE) {
			tls_log_failed(s->tls, "handshake took too long");
			log_event(LOG_INFO, "lost");
		}
		sess_finish(s);
	}
	if (!s->busy)
		sess_drive(s);
	log_context_set(NULL);
}

/* --- the beginning --- */

static void log_connect(struct sess *s)
{
	const struct sockaddr *local = sess_local(s);
	char address[64], interface[80] = "local";

	if (local->sa_family == AF_INET || local->sa_family == AF_INET6)
		snprintf(interface, sizeof interface, "%s:%u", client_address_text(local, address),
		    client_address_port(local));
	log_event(LOG_INFO, "connect", log_z("peer", s->peer_text), log_z("interface", interface),
	    log_z("listener", s->listener->name));
}

void sess_take_up(struct sess *s)
{
	log_connect(s);
	if (s->listener->tls == LISTEN_TLS) {
		sess_enter(s, PHASE_HANDSHAKE);
		if (!s->counted)
			sess_finish(s);
	} else {
		sess_enter(s, PHASE_OPEN);
		if (s->counted)
			open_protocol(s);
		else
			sess_say_bye(s, SESS_BYE_LIMIT);
	}
}

static void begin(struct task *task)
{
	struct sess *s = sess_of(task);
	uv_loop_t *uv = loop_uv(s->loop);

	log_context_set(&s->context);
	uv_timer_init(uv, &s->timer);
	uv_poll_init(uv, &s->poll, io_fd(s->io));
	s->timer.data = s->poll.data = s;
	if (s->proxied)
		sess_enter(s, PHASE_PROXY);
	else
		sess_take_up(s);
	if (s->phase != PHASE_OVER && !s->busy)
		sess_drive(s);
	log_context_set(NULL);
}

void sess_begin(struct sess *s)
{
	s->task.run = begin;
	if (s->loop == loop_here())
		begin(&s->task);
	else
		loop_post(s->loop, &s->task);
}
