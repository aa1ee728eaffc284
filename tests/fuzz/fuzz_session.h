/* fuzz_session.h - whole sessions of a protocol on a store: framed and run as the kernel does it,
 * in this thread, without a network */
#ifndef TESTS_FUZZ_FUZZ_SESSION_H
#define TESTS_FUZZ_FUZZ_SESSION_H

#include <sys/socket.h>

#include "core/sess_private.h"
#include "tests/fuzz/fuzz_store.h"

/* Who wakes it finds that it is over: its wake() is called by hand. */
static struct sess *fuzz_session(const struct proto *proto)
{
	static struct listener listener = { .name = "fuzz", .tls = LISTEN_CLEAR };
	struct sess *s = mem_get(sizeof *s + proto->state_size);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	s->proto = proto;
	s->listener = &listener;
	s->phase = PHASE_OPEN;
	s->peer.ss_family = AF_UNIX;
	s->io = io_sock_new(fd, 0);
	struct sess_handle *handle = sess_handle(s);
	sess_handle_cut(s);
	s->handle = handle;
	fuzz_need(proto->open(s) == SESS_NEXT);
	buf_clear(&s->out);
	return s;
}

static void fuzz_session_end(struct sess *s)
{
	s->proto->done(s);
	sess_handle_free(&s->handle);
	io_close(&s->io);
	pool_done(&s->pool);
	pool_done(&s->cmd);
	buf_done(&s->out);
	free(s->account);
	free(s->tls_target);
	free(s);
}

/* What was said, whenever a command ends. */
typedef void fuzz_heard(void *arg, struct slice said);

static bool fuzz_session_run(struct sess *s, fuzz_heard *heard, void *arg)
{
	struct buf said = { 0 };
	enum sess_next next;

	do {
		next = s->proto->run(s);
		buf_adds(&said, buf_slice(&s->out));
		buf_clear(&s->out);
	} while (next == SESS_MORE || next == SESS_LATER || next == SESS_NETWORK);
	if (s->proto->wake && next != SESS_CLOSE)
		next = s->proto->wake(s);
	buf_adds(&said, buf_slice(&s->out));
	buf_clear(&s->out);
	pool_reset(&s->cmd);
	heard(arg, buf_slice(&said));
	buf_done(&said);
	return next != SESS_CLOSE;
}

/* All that came. False: the session is over. */
static bool fuzz_session_feed(struct sess *s, struct slice in, fuzz_heard *heard, void *arg)
{
	while (in.n > 0) {
		size_t used = 0;
		enum frame frame = s->proto->frame(s, in, &used);

		fuzz_need(used <= in.n);
		in = slice_from(in, used);
		if (frame != FRAME_MORE) {
			if (!fuzz_session_run(s, heard, arg))
				return false;
		} else if (used == 0) {
			return true;
		}
	}
	return true;
}

#endif
