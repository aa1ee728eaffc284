/* sess.c - the way of a session on its loop: read, frame, run, write, end
 *
 * sess_drive() is called whenever something happened (the socket is ready, a
 * worker is done, time is over) and goes on until it must wait. It is never
 * called while a worker has the session. */
#include "core/sess_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/limit.h"

CONF_KEY(session_handshake_time) = {
	.name = "session.handshake-time",
	.type = CONF_DURATION,
	.def = "30s",
	.min = 1000,
	.max = 600000,
	.help = "time within which a TLS handshake must be complete",
};

enum {
	SCRATCH_BYTES = 64 * 1024,
	OUT_HIGH = 128 * 1024, /* sess_full() above this */
	OUT_LOW = 32 * 1024,   /* SESS_MORE is called again below this */
	WRITE_PIECE = 16 * 1024,
	LINGER_MS = 2000,
	LINGER_BYTES = 1024 * 1024,
	CLOSE_MS = 30000,
};

/* Input is read into memory of the loop's thread; what a session leaves of it
   is copied to its own. */
static _Thread_local char scratch[SCRATCH_BYTES];

static void on_ready(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);
static void run_job(struct task *task);

static struct sess *sess_of(struct task *task)
{
	return (struct sess *)((char *)task - offsetof(struct sess, task));
}

/* --- waiting --- */

static void poll_for(struct sess *s, int events)
{
	if (s->polled == events)
		return;
	s->polled = (uint8_t)events;
	if (events)
		uv_poll_start(&s->poll, events, on_ready);
	else
		uv_poll_stop(&s->poll);
}

static void wait_socket(struct sess *s, bool readable)
{
	poll_for(s, (readable ? UV_READABLE : 0) | (io_unsent(s->io) ? UV_WRITABLE : 0));
}

static uint64_t time_limit(const struct sess *s)
{
	switch (s->phase) {
	case PHASE_HANDSHAKE:
		return (uint64_t)conf_num(&conf_key_session_handshake_time);
	case PHASE_LINGER:
		return LINGER_MS;
	case PHASE_FLUSH:
		return CLOSE_MS;
	default:
		return s->timeout;
	}
}

static void set_timer(struct sess *s, uint64_t ms)
{
	uv_timer_start(&s->timer, on_timer, ms ? ms : 1, 0);
}

static void enter(struct sess *s, enum phase phase)
{
	s->phase = phase;
	s->active = loop_now();
	set_timer(s, time_limit(s));
}

/* --- input --- */

/* Before the thread turns to something else: input that is still wanted
   becomes the session's own. */
static void keep_input(struct sess *s)
{
	if (s->view.n == 0) {
		buf_done(&s->in);
	} else if (s->view.p < s->in.p || s->view.p >= s->in.p + s->in.n) {
		buf_clear(&s->in);
		buf_adds(&s->in, s->view);
	} else {
		buf_drop(&s->in, (size_t)(s->view.p - s->in.p));
	}
	s->view = buf_slice(&s->in);
}

/* Read what the socket has. IO_AGAIN, IO_END, IO_FAIL, or more than 0. */
static ssize_t fill(struct sess *s)
{
	ssize_t got;

	if (s->view.n == 0) {
		got = io_read(s->io, scratch, SCRATCH_BYTES);
		if (got > 0)
			s->view = slice_of(scratch, (size_t)got);
	} else {
		keep_input(s);
		got = io_read(s->io, buf_room(&s->in, WRITE_PIECE), WRITE_PIECE);
		if (got > 0)
			s->in.n += (size_t)got;
		s->view = buf_slice(&s->in);
	}
	if (got > 0)
		s->active = loop_now();
	return got;
}

/* --- output --- */

/* Hand output to the stack while the socket takes it. 0 all is sent, IO_AGAIN
   some is left, IO_FAIL. */
static int send_output(struct sess *s)
{
	size_t sent = 0;
	int rc = io_unsent(s->io) ? io_flush(s->io) : 0;

	while (rc == 0 && sent < s->out.n) {
		struct slice piece = slice_head(slice_from(buf_slice(&s->out), sent), WRITE_PIECE);

		rc = io_write(s->io, piece);
		sent += piece.n;
		if (rc == 0 && io_unsent(s->io))
			rc = IO_AGAIN;
	}
	if (sent > 0)
		s->active = loop_now();
	if (sent == s->out.n)
		buf_done(&s->out);
	else
		buf_drop(&s->out, sent);
	return rc;
}

/* --- the end --- */

static void free_session(uv_handle_t *handle)
{
	struct sess *s = handle->data;

	io_close(&s->io);
	if (s->counted)
		limit_leave(LIMIT_ADDRESS, slice_of(s->address_key, s->address_key_n));
	if (s->account)
		limit_leave(LIMIT_ACCOUNT, slice_str(s->account));
	pool_done(&s->cmd);
	pool_done(&s->pool);
	buf_done(&s->in);
	buf_done(&s->out);
	free(s->peer_text);
	free(s->tls_target);
	sess_list_remove(s);
	free(s->account);
	free(s);
}

static void close_timer(uv_handle_t *handle)
{
	struct sess *s = handle->data;

	uv_close((uv_handle_t *)&s->timer, free_session);
}

static void close_handles(struct sess *s)
{
	uv_close((uv_handle_t *)&s->poll, close_timer);
}

static void post_job(struct sess *s, enum job job)
{
	keep_input(s);
	s->busy = true;
	s->job = job;
	s->task.run = run_job;
	worker_post(&s->task);
}

/* The connection is over; nothing is sent any more. */
static void finish(struct sess *s)
{
	s->phase = PHASE_OVER;
	poll_for(s, 0);
	uv_timer_stop(&s->timer);
	sess_handle_cut(s);
	if (sess_is_tls(s) && io_unsent(s->io) == 0)
		tls_bye(s->io);
	log_event(LOG_INFO, "close");
	if (s->proto->done)
		post_job(s, JOB_DONE);
	else
		close_handles(s);
}

static void flush_then(struct sess *s, enum phase after)
{
	enter(s, PHASE_FLUSH);
	s->after_flush = after;
}

static void say_bye(struct sess *s, enum sess_bye why)
{
	if (s->bye_said || s->phase == PHASE_FLUSH || s->phase >= PHASE_LINGER)
		return;
	if (why == SESS_BYE_DRAIN && s->more) /* let its command end first */
		return;
	s->bye_said = true;
	if (s->phase == PHASE_HANDSHAKE) {
		finish(s);
		return;
	}
	s->more = false;
	s->proto->bye(s, why);
	flush_then(s, PHASE_LINGER);
}

/* --- running --- */

static void start_tls(struct sess *s)
{
	/* What came in the clear behind the upgrade command was not sent by a
	   peer that we know: it must not be read as if it were secured
	   (RFC 3207 §4.2 and the like). */
	size_t dropped = s->view.n + io_sock_drop_input(s->io);

	if (dropped)
		log_event(LOG_WARN, "dropped-before-tls", log_n("bytes", (int64_t)dropped));
	s->view = (struct slice){ 0 };
	keep_input(s);
	s->secured = true;
	flush_then(s, PHASE_HANDSHAKE);
}

/* A command ran: what now? */
static void obey(struct sess *s, enum sess_next next)
{
	s->more = next == SESS_MORE;
	if (!s->more)
		pool_reset(&s->cmd);
	if (next == SESS_STARTTLS)
		start_tls(s);
	else if (next == SESS_CLOSE)
		flush_then(s, s->view.n ? PHASE_LINGER : PHASE_OVER);
	if (s->delay_ms) {
		s->delayed = true;
		set_timer(s, s->delay_ms);
		s->delay_ms = 0;
	}
}

/* Frame what is there. */
static enum frame next_frame(struct sess *s)
{
	for (;;) {
		size_t used = 0;
		enum frame frame = s->proto->frame(s, s->view, &used);

		s->view = slice_from(s->view, used);
		if (frame != FRAME_MORE || used == 0 || s->view.n == 0)
			return frame;
	}
}

/* On a worker: run the command, and those behind it that have come whole, so
   that a peer that sends ahead is not passed between threads for each. */
static enum sess_next run_commands(struct sess *s)
{
	for (;;) {
		enum sess_next next = s->proto->run(s);
		if (next != SESS_NEXT || s->delay_ms || s->view.n == 0 || sess_full(s))
			return next;
		pool_reset(&s->cmd);
		if (next_frame(s) == FRAME_MORE)
			return SESS_NEXT;
	}
}

static void job_done(struct task *task)
{
	struct sess *s = sess_of(task);

	log_context_set(&s->context);
	s->busy = false;
	if (s->job == JOB_DONE) {
		close_handles(s);
		return;
	}
	if (s->job != JOB_HANDSHAKE)
		obey(s, s->next);
	sess_drive(s);
}

static void run_job(struct task *task)
{
	struct sess *s = sess_of(task);

	log_context_set(&s->context);
	switch (s->job) {
	case JOB_RUN:
		s->next = run_commands(s);
		break;
	case JOB_WAKE:
		s->next = s->proto->wake(s);
		break;
	case JOB_HANDSHAKE:
		s->next = (enum sess_next)tls_handshake(s->io, true);
		break;
	case JOB_DONE:
		s->proto->done(s);
		break;
	}
	log_context_set(NULL);
	s->task.run = job_done;
	loop_post(s->loop, &s->task);
}

/* --- phases: each goes on, and says whether there may be more to do now --- */

static bool drive_handshake(struct sess *s)
{
	if (!sess_is_tls(s))
		io_push(&s->io,
		    tls_accept_new(
			(struct sockaddr *)&s->local, slice_str(s->tls_target), s->proto->alpn));
	switch (tls_handshake(s->io, false)) {
	case TLS_AGAIN:
		wait_socket(s, true);
		return false;
	case TLS_LATER:
		post_job(s, JOB_HANDSHAKE);
		return false;
	case TLS_DONE:
		break;
	default:
		log_event(LOG_INFO, "tls-failed", log_z("reason", tls_reason(s->io)));
		flush_then(s, PHASE_LINGER); /* the alert */
		return true;
	}

	struct tls_info info;
	tls_info(s->io, &info);
	log_event(LOG_INFO, "tls", log_z("protocol", info.version), log_z("cipher", info.cipher),
	    log_z("domain", info.domain), log_s("sni", info.sni), log_n("resumed", info.resumed));
	sess_list_tls(s, info.version);
	enter(s, PHASE_OPEN);
	if (!s->secured)
		obey(s, s->proto->open(s));
	else if (s->proto->secured)
		s->proto->secured(s);
	return true;
}

/* Send, then go where after_flush says. */
static bool drive_flush(struct sess *s)
{
	switch (send_output(s)) {
	case 0:
		if (s->after_flush == PHASE_OVER) {
			finish(s);
			return false;
		}
		if (s->after_flush == PHASE_LINGER) {
			if (sess_is_tls(s))
				tls_bye(s->io);
			shutdown(io_fd(s->io), SHUT_WR);
			s->view = (struct slice){ 0 };
			keep_input(s);
		}
		enter(s, s->after_flush);
		return true;
	case IO_AGAIN:
		wait_socket(s, false);
		return false;
	default:
		finish(s);
		return false;
	}
}

/* Closing with unread input makes the kernel reset the connection, and the
   peer may never see why. So read for a while, and look at nothing. */
static bool drive_linger(struct sess *s)
{
	for (size_t n = 0; n < LINGER_BYTES;) {
		ssize_t got = recv(io_fd(s->io), scratch, SCRATCH_BYTES, MSG_DONTWAIT);
		if (got > 0) {
			n += (size_t)got;
		} else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			poll_for(s, UV_READABLE);
			return false;
		} else {
			break;
		}
	}
	finish(s);
	return false;
}

static void take_overlong(struct sess *s)
{
	size_t used = s->view.n;
	enum sess_next next = s->proto->overlong(s, s->view, &used);

	s->view = slice_from(s->view, used);
	log_event(LOG_INFO, "overlong");
	obey(s, next);
}

/* Nothing complete is in the input: answer, then read. */
static bool need_input(struct sess *s)
{
	if (send_output(s) == IO_FAIL) {
		finish(s);
		return false;
	}
	if (io_unsent(s->io) > OUT_LOW) { /* the peer does not read: nor do we */
		wait_socket(s, false);
		return false;
	}

	ssize_t got = s->peer_done ? IO_END : fill(s);
	if (got > 0)
		return true;
	if (got == IO_AGAIN) {
		wait_socket(s, true);
		return false;
	}
	if (got == IO_END && s->out.n + io_unsent(s->io) > 0) {
		s->peer_done = true;
		wait_socket(s, false);
		return false;
	}
	finish(s);
	return false;
}

static bool drive_open(struct sess *s)
{
	if (s->more) {
		if (send_output(s) == IO_FAIL) {
			finish(s);
			return false;
		}
		if (s->out.n + io_unsent(s->io) > OUT_LOW)
			wait_socket(s, false);
		else
			post_job(s, JOB_RUN);
		return false;
	}
	if (s->proto->wake && atomic_exchange(&s->woken, false)) {
		post_job(s, JOB_WAKE);
		return false;
	}

	switch (s->view.n ? next_frame(s) : FRAME_MORE) {
	case FRAME_INSTANT:
		obey(s, s->proto->run(s));
		return true;
	case FRAME_WORK:
		post_job(s, JOB_RUN);
		return false;
	case FRAME_MORE:
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
			say_bye(s, s->end_why);
		if (s->delayed) {
			poll_for(s, 0);
			break;
		}
		switch (s->phase) {
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
		keep_input(s);
}

/* --- events --- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct sess *s = poll->data;

	(void)status; /* the next read or write tells */
	(void)events;
	if (s->busy) {
		poll_for(s, 0); /* asked for again when the worker is done */
		return;
	}
	log_context_set(&s->context);
	sess_drive(s);
	log_context_set(NULL);
}

static void on_timer(uv_timer_t *timer)
{
	struct sess *s = timer->data;
	uint64_t limit = time_limit(s), idle = loop_now() - s->active;

	if (s->busy || (!s->delayed && idle < limit)) {
		set_timer(s, s->busy ? limit : limit - idle);
		return;
	}
	log_context_set(&s->context);
	if (s->delayed) {
		s->delayed = false;
		set_timer(s, limit);
	} else if (s->phase == PHASE_OPEN) {
		say_bye(s, SESS_BYE_IDLE);
	} else {
		if (s->phase == PHASE_HANDSHAKE)
			log_event(
			    LOG_INFO, "tls-failed", log_z("reason", "handshake took too long"));
		finish(s);
	}
	if (!s->busy)
		sess_drive(s);
	log_context_set(NULL);
}

/* --- the beginning --- */

static void begin(struct task *task)
{
	struct sess *s = sess_of(task);
	uv_loop_t *uv = loop_uv(s->loop);

	log_context_set(&s->context);
	uv_timer_init(uv, &s->timer);
	uv_poll_init(uv, &s->poll, io_fd(s->io));
	s->timer.data = s->poll.data = s;
	log_event(
	    LOG_INFO, "connect", log_z("peer", s->peer_text), log_z("listener", s->listener->name));
	if (s->listener->tls == LISTEN_TLS) {
		enter(s, PHASE_HANDSHAKE);
		if (!s->counted)
			finish(s);
	} else {
		enter(s, PHASE_OPEN);
		if (s->counted)
			obey(s, s->proto->open(s));
		else
			say_bye(s, SESS_BYE_LIMIT);
	}
	if (s->phase != PHASE_OVER)
		sess_drive(s);
	log_context_set(NULL);
}

void sess_begin(struct sess *s)
{
	s->task.run = begin;
	loop_post(s->loop, &s->task);
}

bool sess_full(struct sess *s)
{
	return s->out.n >= OUT_HIGH;
}
