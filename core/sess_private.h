/* sess_private.h - what the files of the session share; no one else includes it */
#ifndef CORE_SESS_PRIVATE_H
#define CORE_SESS_PRIVATE_H

#include <stdatomic.h>

#include <uv.h>

#include "core/io.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/sess.h"

enum phase {
	PHASE_HANDSHAKE, /* TLS */
	PHASE_OPEN,	 /* the protocol has the word */
	PHASE_FLUSH,	 /* send what is left, then `after_flush` */
	PHASE_LINGER, /* all is said: wait for the peer to close, so that it reads our last word */
	PHASE_OVER,
};

enum job { JOB_RUN, JOB_WAKE, JOB_HANDSHAKE, JOB_DONE };

struct sess {
	const struct proto *proto;
	const struct listener *listener;
	struct loop *loop;
	struct io *io;

	enum phase phase;
	enum phase after_flush; /* PHASE_HANDSHAKE, PHASE_LINGER, PHASE_OVER */
	bool busy;		/* a worker has it: the loop touches poll and timer only */
	bool more;		/* run() wants to be called again */
	bool secured;		/* TLS came by an upgrade */
	bool peer_done;		/* the peer will send no more */
	bool delayed;		/* replies are held back until the timer runs */
	bool bye_said;
	uint8_t polled; /* events that the poll handle waits for */

	struct slice view; /* input not yet taken: in `in`, or in the loop's scratch */
	struct buf in, out;
	struct pool pool, cmd;

	enum job job;
	enum sess_next next; /* what the job said */
	struct task task;

	uv_poll_t poll;
	uv_timer_t timer;
	_Atomic uint64_t active; /* loop_now of the last bytes in either direction */
	uint64_t timeout;	 /* ms */
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

	_Atomic bool woken;	/* by a handle */
	_Atomic bool end_asked; /* drain, or an admin */
	enum sess_bye end_why;
	struct sess_handle *handle;

	struct sess *prev, *next_in_list;
	_Alignas(max_align_t) unsigned char state[];
};

/* sess.c: go on as far as possible; the loop's thread, not busy. */
void sess_drive(struct sess *s);

/* sess.c: take up a new session on its loop. */
void sess_begin(struct sess *s);

/* sess_list.c: all sessions. What a listing shows is changed under its lock. */
void sess_list_add(struct sess *s);
void sess_list_remove(struct sess *s);
void sess_list_account(struct sess *s, char *account);
void sess_list_tls(struct sess *s, const char *version);

/* sess_api.c: no handle wakes this session any more. */
void sess_handle_cut(struct sess *s);

#endif
