/* sess_private.h - what the files of the session share; no one else includes it */
#ifndef CORE_SESS_PRIVATE_H
#define CORE_SESS_PRIVATE_H

#include <stdatomic.h>
#include <stddef.h>

#include <uv.h>

#include "core/io.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/sess.h"

enum phase {
	PHASE_PROXY,	 /* a load balancer's header comes first */
	PHASE_HANDSHAKE, /* TLS */
	PHASE_OPEN,	 /* the protocol has the word */
	PHASE_FLUSH,	 /* send what is left, then `after_flush` */
	PHASE_LINGER, /* all is said: wait for the peer to close, so that it reads our last word */
	PHASE_OVER,
};

enum job { JOB_OPEN, JOB_RUN, JOB_WAKE, JOB_HANDSHAKE };

struct sess {
	const struct proto *proto;
	const struct listener *listener;
	struct loop *loop;
	struct io *io;	/* the top of the stack */
	struct io *tls; /* the layer of it that does TLS, or NULL */

	enum phase phase;
	enum phase after_flush; /* PHASE_HANDSHAKE, PHASE_LINGER, PHASE_OVER */
	bool busy;		/* a worker has it: the loop touches poll and timer only */
	bool more;		/* run() wants to be called again */
	bool secured;		/* TLS came by an upgrade */
	bool peer_done;		/* the peer will send no more */
	bool heard;		/* input came, and nothing was sent since */
	bool delayed;		/* replies are held back until the timer runs */
	bool bye_said;
	bool called; /* by a handle: the socket, which is watched, has said nothing */
	bool tls_ended;
	bool rested;	/* memory that only the handshake needed was given back */
	uint8_t polled; /* events that the poll handle waits for */

	struct slice view; /* input not yet taken: in `in`, or in the loop's scratch */
	struct buf in, out;
	struct pool pool, cmd;

	enum job job;
	enum sess_next next; /* what the job said */
	struct task task;

	uv_poll_t poll;
	uv_timer_t timer;
	_Atomic uint64_t active;  /* loop_now of the last bytes in either direction */
	_Atomic uint64_t timeout; /* ms */
	bool rearm;		  /* timeout was changed: the loop sets the timer */
	uint64_t started;
	unsigned delay_ms;

	struct log_context context;
	struct sockaddr_storage peer, local;
	char *peer_text;
	char *account;
	char *tls_target;
	const char *tls_version;
	unsigned char address_key[8];
	uint8_t address_key_n;
	bool counted;
	bool proxied; /* by a load balancer that is trusted */

	_Atomic unsigned met;	/* of SESS_WAIT: the thread has left it; it was resumed */
	_Atomic bool woken;	/* by a handle */
	_Atomic bool end_asked; /* drain, or an admin */
	enum sess_bye end_why;
	struct sess_handle *handle;

	struct sess *prev, *next_in_list;
	_Alignas(max_align_t) unsigned char state[];
};

static inline struct sess *sess_of(struct task *task)
{
	return (struct sess *)((char *)task - offsetof(struct sess, task));
}

/* All below: on the loop's thread, while no worker has the session, unless said
   otherwise. */

/* sess.c: take up a new session; go on as far as possible; what libuv calls. */
void sess_begin(struct sess *s);
void sess_take_up(struct sess *s); /* its peer is known: greet it */
void sess_drive(struct sess *s);
void sess_on_ready(uv_poll_t *poll, int status, int events);
void sess_on_timer(uv_timer_t *timer);

/* sess_io.c */
void sess_poll_for(struct sess *s, int events);
/* How long a session keeps what only its handshake needed: most are over by
   then, and the next one uses that memory again. */
enum { SESS_REST_MS = 200 };
void sess_wait_socket(struct sess *s, bool readable); /* writable: when much is unsent */
uint64_t sess_time_limit(const struct sess *s);
void sess_set_timer(struct sess *s, uint64_t ms);
void sess_wait_time(struct sess *s); /* until its time is over */
void sess_enter(struct sess *s, enum phase phase);

/* Before the thread turns to something else: input that is still wanted
   becomes the session's own. */
void sess_keep_input(struct sess *s);

/* Read what the socket has. IO_AGAIN, IO_END, IO_FAIL, or more than 0. */
ssize_t sess_fill(struct sess *s);

/* Hand output to the stack while the socket takes it. 0 all is sent, IO_AGAIN
   some is left, IO_FAIL. */
int sess_send_output(struct sess *s);

/* Is the connection over, both ways? */
bool sess_is_gone(const struct sess *s);

/* sess_job.c */
void sess_post_job(struct sess *s, enum job job);
/* Go on with a command that has had a turn (SESS_MORE). */
void sess_post_turn(struct sess *s);
/* What was begun on the loop must wait after all: SESS_LATER or SESS_NETWORK says
   where. False: it must not. */
bool sess_post_later(struct sess *s, enum job job, enum sess_next next);
enum sess_next sess_run(struct sess *s);	     /* one command; any thread */
void sess_obey(struct sess *s, enum sess_next next); /* a command ran: what now? */
void sess_take_timeout(struct sess *s);		     /* that sess_timeout() asked for */
enum frame sess_next_frame(struct sess *s);	     /* frame what is there; any thread */

/* sess_end.c */
void sess_end_tls(struct sess *s);
void sess_finish(struct sess *s); /* the connection is over; nothing is sent any more */
void sess_flush_then(struct sess *s, enum phase after);
void sess_say_bye(struct sess *s, enum sess_bye why);

/* sess_list.c: all sessions. What a listing shows is changed under its lock. */
void sess_list_remove(struct sess *s);
void sess_list_account(struct sess *s, char *account);
void sess_list_tls(struct sess *s, const char *version);

/* Another peer, from now on. */
void sess_list_peer(struct sess *s, const struct sockaddr_storage *peer);
/* Is there room for one session more, and for one of this peer? He is counted then. */
bool sess_count_peer(struct sess *s);
void sess_uncount_peer(struct sess *s);

/* sess_proxy.c: must it begin with a header, and the phase in which that is read. True:
   there may be more to do now. */
bool sess_is_proxied(const struct sess *s);
bool sess_drive_proxy(struct sess *s);

/* sess_api.c: no handle wakes this session any more. */
void sess_handle_cut(struct sess *s);

#endif
