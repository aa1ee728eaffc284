/* sess_job.c - work for a session on a worker, and what its result means */
#include "core/hash.h"
#include "core/sess_private.h"

static void start_tls(struct sess *s)
{
	/* What came in the clear behind the upgrade command was not sent by a
	   peer that we know: it must not be read as if it were secured
	   (RFC 3207 §4.2 and the like). */
	size_t dropped = s->view.n + io_sock_drop_input(s->io);

	if (dropped)
		log_event(LOG_WARN, "dropped-before-tls", log_n("bytes", (int64_t)dropped));
	s->view = (struct slice){ 0 };
	sess_keep_input(s);
	s->secured = true;
	sess_flush_then(s, PHASE_HANDSHAKE);
}

/* What is in the output goes out as it is. A peer that has sent more behind the
   command did not wait for the answer, and what it sent can't be told apart. */
static void start_deflate(struct sess *s)
{
	io_hold(s->io);
	if (s->view.n > 0 || io_write(s->io, buf_slice(&s->out)) == IO_FAIL) {
		sess_flush_then(s, PHASE_LINGER);
		return;
	}
	buf_done(&s->out);
	io_push(&s->io, io_deflate_new());
}

void sess_take_timeout(struct sess *s)
{
	if (s->rearm && s->phase == PHASE_OPEN)
		sess_wait_time(s);
	s->rearm = false;
}

/* A command ran: what now? */
void sess_obey(struct sess *s, enum sess_next next)
{
	s->more = next == SESS_MORE;
	if (next == SESS_STARTTLS)
		start_tls(s);
	else if (next == SESS_DEFLATE)
		start_deflate(s);
	else if (next == SESS_CLOSE)
		sess_flush_then(s, s->view.n ? PHASE_LINGER : PHASE_OVER);
	sess_take_timeout(s);
	if (s->delay_ms) {
		s->delayed = true;
		sess_set_timer(s, s->delay_ms);
		s->delay_ms = 0;
	}
}

/* Frame what is there. */
enum frame sess_next_frame(struct sess *s)
{
	for (;;) {
		size_t used = 0;
		enum frame frame = s->proto->frame(s, s->view, &used);

		s->view = slice_from(s->view, used);
		if (frame != FRAME_MORE || used == 0 || s->view.n == 0)
			return frame;
	}
}

enum sess_next sess_run(struct sess *s)
{
	enum sess_next next = s->proto->run(s);

	if (next != SESS_MORE && next != SESS_LATER && next != SESS_NETWORK && next != SESS_WAIT)
		pool_reset(&s->cmd);
	return next;
}

/* On a worker: run the command, and those behind it that have come whole, so
   that a peer that sends ahead is not passed between threads for each. */
static enum sess_next run_commands(struct sess *s)
{
	for (;;) {
		enum sess_next next = sess_run(s);
		if (next != SESS_NEXT || s->delay_ms || s->view.n == 0 || sess_full(s))
			return next;
		if (sess_next_frame(s) == FRAME_MORE)
			return SESS_NEXT;
	}
}

static void job_done(struct task *task)
{
	struct sess *s = sess_of(task);

	log_context_set(&s->context);
	s->busy = false;
	if (s->job != JOB_HANDSHAKE)
		sess_obey(s, s->next);
	sess_drive(s);
	log_context_set(NULL);
}

/* What was begun is over: the command is run again, here if it need not wait. */
static void run_resumed(struct task *task)
{
	struct sess *s = sess_of(task);

	log_context_set(&s->context);
	s->busy = false;
	enum sess_next next = sess_run(s);
	if (!sess_post_later(s, JOB_RUN, next)) {
		sess_obey(s, next);
		sess_drive(s);
	}
	log_context_set(NULL);
}

/* The thread has left the session, or it was resumed: the second to come passes it on. */
static void meet(struct sess *s)
{
	if (atomic_fetch_add(&s->met, 1) == 0)
		return;
	atomic_store(&s->met, 0);
	s->task.run = run_resumed;
	loop_post(s->loop, &s->task);
}

void sess_resume(struct sess *s)
{
	meet(s);
}

static void run_job(struct task *task)
{
	struct sess *s = sess_of(task);

	log_context_set(&s->context);
	switch (s->job) {
	case JOB_OPEN:
		s->next = s->proto->open(s);
		break;
	case JOB_RUN:
		s->next = run_commands(s);
		break;
	case JOB_WAKE:
		s->next = s->proto->wake(s);
		break;
	case JOB_HANDSHAKE:
		s->next = (enum sess_next)tls_handshake(s->tls, true);
		break;
	}
	log_context_set(NULL);
	if (s->next == SESS_NETWORK && !network_thread()) {
		network_post(&s->task);
		return;
	}
	if (s->next == SESS_WAIT) {
		log_flush(); /* what follows is said by another thread */
		meet(s);
		return;
	}
	s->task.run = job_done;
	loop_post(s->loop, &s->task);
}

static void take_from_loop(struct sess *s, enum job job)
{
	sess_keep_input(s);
	s->busy = true;
	s->job = job;
	s->task.run = run_job;
}

void sess_post_job(struct sess *s, enum job job)
{
	take_from_loop(s, job);
	worker_post(&s->task);
}

/* Of one account, else of one address. */
static uint64_t lane_of(const struct sess *s)
{
	if (s->account)
		return hash_bytes(slice_str(s->account));
	return hash_bytes(slice_of((const char *)s->address_key, s->address_key_n));
}

void sess_post_turn(struct sess *s)
{
	take_from_loop(s, JOB_RUN);
	worker_post_turn(&s->task, lane_of(s));
}

bool sess_post_later(struct sess *s, enum job job, enum sess_next next)
{
	if (next != SESS_LATER && next != SESS_NETWORK)
		return false;
	take_from_loop(s, job);
	if (next == SESS_NETWORK)
		network_post(&s->task);
	else
		worker_post(&s->task);
	return true;
}
