/* sess_io.c - a session's input and output, and what it waits for */
#include <poll.h>
#include <stdlib.h>

#include "core/conf.h"
#include "core/sess_private.h"

CONF_KEY(session_handshake_time) = {
	.name = "session.handshake-time",
	.type = CONF_DURATION,
	.def = "30s",
	.min = 1000,
	.max = 600000,
	.help =
	    "time within which a TLS handshake, or what a load balancer says first, must be complete",
};

enum {
	OUT_HIGH = 128 * 1024, /* sess_full() above this */
	PIECE = 16 * 1024,     /* a TLS record */
	BURST = 64 * 1024,     /* given to the kernel at once */
	LINGER_MS = 2000,
	CLOSE_MS = 30000,
};

/* Input is read into memory of the loop's thread; what a session leaves of it
   is copied to its own. */
static _Thread_local char scratch[64 * 1024];
static _Thread_local size_t scratch_used;

void sess_poll_for(struct sess *s, int events)
{
	if (s->polled == events)
		return;
	s->polled = (uint8_t)events;
	if (events)
		uv_poll_start(&s->poll, events, sess_on_ready);
	else
		uv_poll_stop(&s->poll);
}

void sess_wait_socket(struct sess *s, bool readable)
{
	sess_poll_for(s, (readable ? UV_READABLE : 0) | (io_unsent(s->io) ? UV_WRITABLE : 0));
}

/* poll.h: what happened at the socket, whether it was asked for or not. */
static int happened(const struct sess *s)
{
	struct pollfd p = { .fd = io_fd(s->io), .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

bool sess_is_gone(const struct sess *s)
{
	return happened(s) & (POLLHUP | POLLERR);
}

bool sess_is_left(const struct sess *s)
{
	return happened(s) & (POLLRDHUP | POLLHUP | POLLERR);
}

uint64_t sess_time_limit(const struct sess *s)
{
	switch (s->phase) {
	case PHASE_PROXY:
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

void sess_set_timer(struct sess *s, uint64_t ms)
{
	uv_timer_start(&s->timer, sess_on_timer, ms ? ms : 1, 0);
}

void sess_wait_time(struct sess *s)
{
	sess_set_timer(s, s->rested ? sess_time_limit(s) : SESS_REST_MS);
}

void sess_enter(struct sess *s, enum phase phase)
{
	s->phase = phase;
	s->active = loop_now();
	s->rested = phase != PHASE_OPEN || !sess_is_tls(s);
	sess_wait_time(s);
}

/* Passwords and keys come in commands; what is longer is mail, or an admin's. */
static void wipe_scratch(const struct sess *s)
{
	if (scratch_used <= PIECE || s->proto->admin)
		bytes_wipe(scratch, scratch_used);
	scratch_used = 0;
}

/* Before the thread turns to something else: input that is still wanted
   becomes the session's own. */
void sess_keep_input(struct sess *s)
{
	if (s->view.n == 0) {
		buf_wipe(&s->in); /* it may hold a password */
	} else if (s->view.p < s->in.p || s->view.p >= s->in.p + s->in.n) {
		buf_clear(&s->in);
		buf_adds(&s->in, s->view);
	} else {
		buf_drop(&s->in, (size_t)(s->view.p - s->in.p));
	}
	s->view = buf_slice(&s->in);
	wipe_scratch(s);
}

/* Read what the socket has. IO_AGAIN, IO_END, IO_FAIL, or more than 0. */
ssize_t sess_fill(struct sess *s)
{
	ssize_t got;

	if (s->view.n == 0) {
		got = io_read(s->io, scratch, sizeof(scratch));
		if (got > 0) {
			s->view = slice_of(scratch, (size_t)got);
			scratch_used = (size_t)got;
		}
	} else {
		sess_keep_input(s);
		got = io_read(s->io, buf_room(&s->in, PIECE), PIECE);
		if (got > 0)
			s->in.n += (size_t)got;
		s->view = buf_slice(&s->in);
	}
	if (got > 0) {
		s->active = loop_now();
		s->heard = true;
	}
	return got;
}

/* Hand output to the stack while the socket takes it. 0 all is sent, IO_AGAIN
   some is left, IO_FAIL. */
int sess_send_output(struct sess *s)
{
	size_t sent = 0;
	int rc = 0;

	do {
		io_hold(s->io);
		while (rc == 0 && sent < s->out.n && io_unsent(s->io) < BURST) {
			struct slice piece =
			    slice_head(slice_from(buf_slice(&s->out), sent), PIECE);

			rc = io_write(s->io, piece);
			sent += piece.n;
		}
		if (rc == 0)
			rc = io_flush(s->io);
	} while (rc == 0 && sent < s->out.n);
	if (sent > 0) {
		s->active = loop_now();
		s->heard = false;
	}
	if (sent == s->out.n)
		buf_done(&s->out);
	else
		buf_drop(&s->out, sent);
	return rc;
}

bool sess_full(struct sess *s)
{
	return s->out.n >= OUT_HIGH;
}
