/* sess_end.c - how a session ends: a last word, a flush, and its memory given back */
#include <stdlib.h>

#include "core/limit.h"
#include "core/sess_private.h"

enum { LAST_WORDS = 16 * 1024 };

static void free_session(uv_handle_t *handle)
{
	struct sess *s = handle->data;

	s->tls = NULL;
	io_close(&s->io);
	sess_uncount_peer(s);
	if (s->account)
		limit_leave(LIMIT_ACCOUNT, slice_str(s->account));
	pool_done(&s->cmd);
	pool_done(&s->pool);
	buf_wipe(&s->in); /* it may hold a password */
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

/* The last bytes and the end of TLS leave together. */
void sess_end_tls(struct sess *s)
{
	if (!sess_is_tls(s) || s->tls_ended || s->out.n > LAST_WORDS)
		return;
	s->tls_ended = true;
	io_hold(s->io);
	if (io_write(s->io, buf_slice(&s->out)) == 0 &&
	    (s->io == s->tls || io_flush(s->io) != IO_FAIL))
		tls_bye(s->tls);
	buf_done(&s->out);
}

/* The connection is over; nothing is sent any more. */
void sess_finish(struct sess *s)
{
	s->phase = PHASE_OVER;
	sess_poll_for(s, 0);
	uv_timer_stop(&s->timer);
	sess_handle_cut(s);
	if (io_unsent(s->io) == 0)
		sess_end_tls(s);
	if (s->proto->done)
		s->proto->done(s);
	log_event(LOG_INFO, "close");
	uv_close((uv_handle_t *)&s->poll, close_timer);
}

void sess_flush_then(struct sess *s, enum phase after)
{
	sess_enter(s, PHASE_FLUSH);
	s->after_flush = after;
}

void sess_say_bye(struct sess *s, enum sess_bye why)
{
	if (s->bye_said || s->phase == PHASE_FLUSH || s->phase >= PHASE_LINGER)
		return;
	if (why == SESS_BYE_DRAIN && s->more) /* let its command end first */
		return;
	s->bye_said = true;
	if (s->phase <= PHASE_HANDSHAKE) { /* nothing was said yet */
		sess_finish(s);
		return;
	}
	s->more = false;
	s->proto->bye(s, why);
	sess_flush_then(s, PHASE_LINGER);
}
