/* sess.h - sessions: a connection, the protocol that it speaks, and whose turn it is
 *
 * A session lives on one loop. The loop reads, does TLS, asks the protocol to
 * frame, and writes. A complete command is run on a worker, or on the loop
 * when the protocol says that it is instant. At any time one thread at most
 * works for a session, so protocol code takes no locks.
 *
 * An idle session costs this struct, its connection and what the protocol
 * keeps: input, output and pools give their memory back. */
#ifndef CORE_SESS_H
#define CORE_SESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "core/table.h"
#include "core/tls.h"

struct sess;
struct listener;

enum frame {
	FRAME_MORE,    /* needs more bytes */
	FRAME_INSTANT, /* call run() here, on the loop: it waits for nothing */
	FRAME_WORK,    /* call run() on a worker */
};

enum sess_next {
	SESS_NEXT,     /* go on with the next command */
	SESS_LATER,    /* of an instant command: it must wait after all; run() again on a worker */
	SESS_NETWORK,  /* it must wait for another machine: run() again on a network thread */
	SESS_MORE,     /* call run() again when the output has drained */
	SESS_WAIT,     /* of a command on a worker or network thread: what it began goes on without
			  a thread; run() again, on the loop, once sess_resume() was called */
	SESS_STARTTLS, /* flush, drop what came in the clear, shake hands, call secured() */
	SESS_DEFLATE,  /* compress all that follows, both ways */
	SESS_CLOSE,    /* flush and close */
};

enum sess_bye {
	SESS_BYE_IDLE,	/* its time is over */
	SESS_BYE_DRAIN, /* the server ends */
	SESS_BYE_LIMIT, /* too many connections; nothing else was said yet */
	SESS_BYE_ENDED, /* an admin ended it */
};

/* One protocol. Every function may be NULL where the comment says so. */
struct proto {
	const char *name;  /* "imap": listeners, settings and log lines use it */
	const char *alpn;  /* RFC 7301 name, or NULL */
	size_t state_size; /* of the protocol's own struct; zeroed at start */
	size_t line_max;   /* most input that frame() may leave untaken */
	bool admin;	   /* an admin's: there is always room for one session more */

	/* A new connection, in the clear or secured: write the greeting. SESS_CLOSE
	   refuses. Waits for nothing; SESS_LATER or SESS_NETWORK: call it again on
	   a worker or a network thread. */
	enum sess_next (*open)(struct sess *s);

	/* Take bytes of `in`: set *used to how many. Keep what run() will need.
	   Waits for nothing. Called again and again while it takes something and
	   returns FRAME_MORE. It may write replies (a literal's "+"). When `in`
	   holds line_max bytes and it takes none, overlong() is called. */
	enum frame (*frame)(struct sess *s, struct slice in, size_t *used);

	/* Do what frame() gathered. The command's pool is reset afterwards
	   unless SESS_MORE or SESS_WAIT is returned. */
	enum sess_next (*run)(struct sess *s);

	/* Before a handshake: is the client asked for a certificate, also where its domain
	   asks for none? Waits for nothing. Of a connection in TLS from its first byte on
	   open() was not called yet. May be NULL: no. */
	bool (*asks)(struct sess *s);

	/* After STARTTLS: forget what was learned before. May be NULL. */
	void (*secured)(struct sess *s);

	/* Input grew beyond line_max with no command in it: write the error.
	   `*used` bytes are dropped. SESS_CLOSE or SESS_NEXT. */
	enum sess_next (*overlong)(struct sess *s, struct slice in, size_t *used);

	/* Woken by sess_wake() while no command runs. On the loop: where it would have
	   to wait it does nothing but say SESS_LATER, and is called again on a worker.
	   The command's pool may hold the beginning of a command. May be NULL. */
	enum sess_next (*wake)(struct sess *s);

	/* Its time is over: instead of bye(SESS_BYE_IDLE) write something that shows
	   whether the peer is there, and SESS_NEXT; SESS_CLOSE ends with bye() all
	   the same. Waits for nothing. May be NULL. */
	enum sess_next (*idle)(struct sess *s);

	/* Write a last word. The session is flushed and closed afterwards. */
	void (*bye)(struct sess *s, enum sess_bye why);

	/* Release what the state holds; waits for nothing. May be NULL. Of a
	   session that never came to open() the state is still zeroes. */
	void (*done)(struct sess *s);
};

#define PROTOCOL(id) TABLE_ROW(proto, id)
TABLE_DECLARE(proto);

/* For the protocol, from within the functions above. */
void *sess_state(struct sess *s);
struct pool *sess_pool(struct sess *s);	    /* lives as long as the session */
struct pool *sess_cmd_pool(struct sess *s); /* lives as long as the command */

/* Output. Written to the peer when no complete command waits in the input, or
   when there is much of it. */
struct buf *sess_out(struct sess *s);
void sess_printf(struct sess *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The output is above its high-water mark: return SESS_MORE soon. */
bool sess_full(struct sess *s);

/* The peer will send no more. It may wait for answers still; one that is gone is
   noticed when something is sent to it, and then its session ends. Any thread that
   has the session. */
bool sess_is_left(const struct sess *s);

/* Send what is in the output now, while run() goes on: progress lines. Worker
   only. */
void sess_push(struct sess *s);

/* Hold back this reply and all that follows for ms milliseconds: wrong
   passwords. */
void sess_delay(struct sess *s, unsigned ms);

/* What a command that returned, or is about to return, SESS_WAIT waited for is there. Once
   for each; any thread. */
void sess_resume(struct sess *s);

/* Idle time after which bye(SESS_BYE_IDLE) is called; 5 minutes when not set. */
void sess_timeout(struct sess *s, uint64_t ms);

void sess_mid(struct sess *s, uint64_t mid); /* message in the log context */
const struct listener *sess_listener(const struct sess *s);
const struct sockaddr *sess_peer(const struct sess *s);
const struct sockaddr *sess_local(struct sess *s);
const char *sess_peer_text(const struct sess *s); /* "192.0.2.1", "2001:db8::1" */
/* The peer speaks for somebody else: that one counts from now on, for limits and in
   lists, and came to `local`, unless that is of no family. False: he has his most
   sessions already. */
bool sess_set_peer(
    struct sess *s, const struct sockaddr_storage *peer, const struct sockaddr_storage *local);
bool sess_peer_uid(const struct sess *s, uid_t *uid); /* of a UNIX socket; else false */
bool sess_is_tls(const struct sess *s);
bool sess_is_compressed(const struct sess *s);
bool sess_tls_info(const struct sess *s, struct tls_info *info);

/* May an upgrade to TLS be offered now? Where the listener wants one, the
   connection is still in the clear, and there is a certificate to show for where
   the peer came to, or for the domain that it named. */
bool sess_offers_tls(struct sess *s);

/* The certificate that the peer showed, judged; false: none. Lives as long as the
   session. */
bool sess_tls_peer(const struct sess *s, struct tls_peer *out);

/* Channel binding of this connection's TLS. False when there is none. */
bool sess_channel_binding(struct sess *s, unsigned char out[32]);

/* The domain named before TLS (XMPP); copied. */
void sess_tls_target(struct sess *s, struct slice domain);

/* Who is logged in, for log lines, limits and `signet session list`; copied.
   False: this account has its most sessions already. */
bool sess_account(struct sess *s, struct slice account);

/* Nobody is logged in any more. */
void sess_account_end(struct sess *s);

/* A handle by which another thread may wake the session; it may outlive the
   session, waking is then without effect. */
struct sess_handle;
struct sess_handle *sess_handle(struct sess *s); /* a reference */
void sess_handle_free(struct sess_handle **h);
void sess_wake(struct sess_handle *h); /* any thread */

/* Is there a session that came by this listener? Any thread. */
bool sess_at(const struct listener *listener);

/* For the listener: a connection was accepted. Owns fd. The session lives on
   the loop that calls, else on one of them. */
void sess_start(const struct listener *listener, int fd, const struct sockaddr_storage *peer);

/* Let every session finish its command, say goodbye and end. Waits at most
   ms; false when some are left. */
bool sess_drain(uint64_t ms);

/* Has sess_drain() begun? */
bool sess_draining(void);

/* One row per session, for `signet session list`. Copies made under a lock. */
struct sess_row {
	uint64_t icid;
	const char *proto, *listener, *peer, *account, *tls;
	uint64_t age_ms, idle_ms;
};
void sess_each(void (*row)(void *arg, const struct sess_row *row), void *arg);

/* End the session of that id: false when there is none. */
bool sess_end(uint64_t icid);

#endif
