/* user.h - who is there: accounts in use, their resources, and what waits for each
 *
 * One table for the process. An account is in it while a session is bound to
 * it, may be resumed, or a worker does something for it. Its `lock` is held for
 * moments and never while anything waits, so loops take it; nobody holds the
 * locks of two accounts. `edit` is for workers, who hold it while they change
 * the account's records. */
#ifndef PROTOCOLS_XMPP_USER_H
#define PROTOCOLS_XMPP_USER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"
#include "core/sess.h"
#include "protocols/xmpp/queue.h"
#include "protocols/xmpp/roster.h"

struct xmpp_user {
	struct slice jid; /* bare, canonical */
	uint64_t id;
	uint32_t shard;

	struct xmpp_user *next; /* in the table, as is refs */
	unsigned refs;

	pthread_mutex_t edit;
	pthread_mutex_t lock; /* of all below */
	struct xmpp_res *first;
	unsigned resources;
	struct roster *roster; /* NULL: not read yet */
};

/* XEP-0198: what is kept so that a stream can be taken up again. */
struct xmpp_sm {
	bool on, resumable;
	bool asked;	/* <r/> is out */
	uint32_t in;	/* stanzas handled */
	uint32_t acked; /* of ours: the first `acked` are with the client */
	struct xmpp_queue unacked;
	unsigned char id[16]; /* secret: who knows it may take the stream up */
};

/* A resource: what a client is bound to. All is under the user's lock. */
struct xmpp_res {
	struct xmpp_user *user; /* a reference */
	struct slice name, jid; /* the resource, the full JID */
	struct xmpp_res *next;
	unsigned refs;
	bool gone; /* not in the user's list any more */

	/* The session that has it: NULL when the stream may be resumed, another one
	   when it was. */
	const void *owner;
	struct sess_handle *handle;
	uint64_t until; /* loop_now() at which nobody can resume any more */
	struct xmpp_res *next_asleep;

	struct xmpp_queue inbox;
	bool pressed; /* the inbox was full: said once in the log, not for each stanza */

	bool available, interested, carbons;
	bool took; /* the message that is being delivered */
	int8_t priority;
	struct xmpp_stanza *presence; /* the last one, when available */
	struct slice *directed;	      /* heap: who was sent presence directly */
	unsigned directed_n;
	struct xmpp_sm sm;
};

/* --- accounts --- */

/* Of one in use, a reference; else NULL. jid: bare, canonical. Any thread. */
struct xmpp_user *xmpp_user_get(struct slice jid);

/* Of any account, by its address or one of its domain's aliases. Worker. 1, 0: no
   such account, -1. */
int xmpp_user_open(struct slice jid, struct xmpp_user **out);
struct xmpp_user *xmpp_user_ref(struct xmpp_user *user);
void xmpp_user_close(struct xmpp_user **user);

/* Have the roster read. Worker. 0 or -1. */
int xmpp_user_roster(struct xmpp_user *user);

/* --- resources; with the user's lock held where it says so --- */

/* Locked. NULL: none of that name. */
struct xmpp_res *xmpp_res_find(struct xmpp_user *user, struct slice name);
/* Locked. Makes one, which takes over the caller's reference to the user; the list
   and the caller have a reference each to the resource. */
struct xmpp_res *xmpp_res_add(struct xmpp_user *user, struct slice name);
/* Locked. Out of the list. */
void xmpp_res_remove(struct xmpp_res *res);
/* Locks. Gives a reference back; frees what waits for it with the last one. */
void xmpp_res_unref(struct xmpp_res **res);
/* Locked. Its session has something to do. */
void xmpp_res_wake(struct xmpp_res *res);

/* Locked. Put a stanza into its inbox and wake its session. False: it is full. */
bool xmpp_res_push(struct xmpp_res *res, struct xmpp_stanza *stanza);

/* --- delivering; each locks --- */

enum xmpp_fate {
	XMPP_TAKEN,
	XMPP_NOBODY, /* no such resource, or none that is available */
	XMPP_FULL,   /* too much waits there */
};

struct xml;

/* A message: to the resource of that name, or (empty) to those that want
   messages most. el: the message, for copies to others. */
enum xmpp_fate xmpp_user_message(struct xmpp_user *user, struct slice resource,
    const struct xml *el, struct xmpp_stanza *stanza);
/* A headline: to all that are available and not of negative priority. */
enum xmpp_fate xmpp_user_headline(struct xmpp_user *user, struct xmpp_stanza *stanza);
/* To that resource, whatever it is. */
enum xmpp_fate xmpp_user_exactly(
    struct xmpp_user *user, struct slice resource, struct xmpp_stanza *stanza);
/* To each available resource but one (NULL: to all). */
void xmpp_user_available(
    struct xmpp_user *user, const struct xmpp_res *but, struct xmpp_stanza *stanza);
/* To each resource that asked for the roster; locked already. */
void xmpp_user_interested(struct xmpp_user *user, struct xmpp_stanza *stanza);

#endif
