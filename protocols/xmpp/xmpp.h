/* xmpp.h - XMPP (RFC 6120, RFC 6121): a session's state, and what its modules share
 *
 * A client's session cuts its stream into elements and reads each into a tree. It
 * runs them on its loop: rosters, presence and who is there are in memory. What
 * needs the disk says SESS_LATER before it has changed anything, and is run
 * again on a worker. What is for another session goes into that one's inbox,
 * and it is woken: no session touches another's connection. */
#ifndef PROTOCOLS_XMPP_XMPP_H
#define PROTOCOLS_XMPP_XMPP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/buf.h"
#include "core/conf.h"
#include "core/sess.h"
#include "core/table.h"
#include "core/xml.h"
#include "protocols/xmpp/jid.h"
#include "protocols/xmpp/user.h"

#define NS_CLIENT "jabber:client"
#define NS_STREAM "http://etherx.jabber.org/streams"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"

/* Settings that several files ask for. */
extern const struct conf_key conf_key_xmpp_keepalive, conf_key_xmpp_resume_time,
    conf_key_xmpp_max_waiting, conf_key_xmpp_max_waiting_bytes;

struct xmpp {
	struct sess *s;

	/* The stream. */
	struct xml_scan scan;
	enum xml_piece piece; /* what frame() found for run() ... */
	enum xml_fault fault;
	const struct xml *el;			/* ... in the command's pool */
	bool open;				/* the peer's header was answered */
	bool counted;				/* this element, for stream management */
	enum sess_next (*more)(struct xmpp *x); /* run() goes on here: SESS_MORE was said */
	bool closed;				/* by </stream:stream>, or an error */
	bool deaf;				/* it acknowledges nothing, and asks on */
	struct slice header;			/* the peer's start tag, in the command's pool */
	struct slice root;   /* heap: the same, kept; empty: it is the usual one */
	struct slice domain; /* heap: that the peer asked for, canonical ... */
	struct slice home;   /* heap: ... and whose accounts it has: an alias has another's */

	/* Who. */
	struct auth *auth;
	unsigned refused;     /* logins */
	struct slice account; /* heap: bare JID; empty: not logged in */
	struct xmpp_res *res; /* NULL: not bound */
};

/* --- modules --- */

enum xmpp_where {
	XMPP_AT_SERVER = 1, /* the domain */
	XMPP_AT_SELF = 2,   /* the sender's own account */
	XMPP_AT_OTHER = 4,  /* another account here */
};

enum xmpp_hook_kind {
	XMPP_HOOK_END,
	XMPP_NONZA,  /* an element of the stream that is no stanza */
	XMPP_IQ_GET, /* by the element that it has */
	XMPP_IQ_SET,
};

/* What a module wants to see, by namespace and name (NULL: any). */
struct xmpp_hook {
	enum xmpp_hook_kind kind;
	const char *ns, *name;
	unsigned where; /* enum xmpp_where, or-ed; of IQ */
	bool waits;	/* for the disk: always run on a worker */
	/* el: the stanza or nonza; payload: of an IQ, what is in it. */
	enum sess_next (*run)(struct xmpp *x, const struct xml *el, const struct xml *payload);
};

struct xmpp_module {
	const char *name;
	const char *const *server_features;  /* disco; NULL-ended */
	const char *const *account_features; /* of the sender's own account */
	struct xmpp_hook hooks[8];
	/* Write stream features that can be used now. */
	void (*offer)(struct xmpp *x, struct buf *out);
	/* The resource has become available. Worker. SESS_NEXT, or SESS_MORE with x->more
	   set. */
	enum sess_next (*online)(struct xmpp *x);
	/* The account sent a message: on the sender's thread. */
	void (*sent)(struct xmpp *x, const struct xml *message);
	/* The account got one, and those resources that `took` it have it. With the
	   user's lock held. */
	void (*received)(struct xmpp_user *user, const struct xml *message);
};

#define XMPP_MODULE(id) TABLE_ROW(xmpp_module, id)
TABLE_DECLARE(xmpp_module);

/* The hook for it, or NULL. where: 0 for nonzas. */
const struct xmpp_hook *xmpp_hook_find(
    enum xmpp_hook_kind kind, unsigned where, const struct xml *el);

/* --- output (reply.c) --- */

/* Output between these two is one stanza, or several nonzas (stanza false). */
size_t xmpp_begin(struct xmpp *x);
void xmpp_end(struct xmpp *x, size_t begun, bool stanza);

/* An IQ's result. payload: XML in the namespace jabber:client, or empty. */
enum sess_next xmpp_result(struct xmpp *x, const struct xml *iq, struct slice payload);

/* RFC 6120 8.3: an error for a stanza of the peer's. Nothing for what is an
   error or a result itself. text may be NULL. SESS_NEXT. */
enum sess_next xmpp_error(struct xmpp *x, const struct xml *stanza, const char *type,
    const char *condition, const char *text);
/* The same as text. */
void xmpp_write_error(struct buf *out, const struct xml *stanza, const char *type,
    const char *condition, const char *text);

/* RFC 6120 4.9: say why, end the stream, log a line. SESS_CLOSE. */
enum sess_next xmpp_stream_error(struct xmpp *x, const char *condition, const char *text);

/* --- the stream (stream.c) --- */

extern const struct xml_limits xmpp_limits;

enum sess_next xmpp_stream_open(struct xmpp *x, const struct xml *header);
/* The next element is a header again. */
void xmpp_stream_restart(struct xmpp *x);

/* --- stanzas (stanza.c, message.c, presence.c, subscribe.c) --- */

struct xmpp_to {
	bool given;
	struct jid jid; /* the sender's own bare JID when it was not given */
	unsigned where; /* enum xmpp_where; 0: another domain */
};

enum sess_next xmpp_stanza(struct xmpp *x, const struct xml *el);
enum sess_next xmpp_message(struct xmpp *x, const struct xml *el, const struct xmpp_to *to);
enum sess_next xmpp_presence(struct xmpp *x, const struct xml *el, const struct xmpp_to *to);
/* subscribe, subscribed, unsubscribe, unsubscribed. Worker. */
enum sess_next xmpp_subscription(struct xmpp *x, const struct xml *el, const struct xmpp_to *to);

/* What follows from removing a contact: both subscriptions end. Worker. */
void xmpp_unsubscribe_both(
    struct xmpp_user *user, struct slice contact, unsigned bits, struct pool *pool);

/* As it goes to others; its from was set. */
struct xmpp_stanza *xmpp_stanza_of(enum xmpp_kind kind, const struct xml *el);

/* --- presence (presence.c) --- */

/* A resource ends: tell those who saw it. Any thread. */
void xmpp_presence_gone(struct xmpp_res *res);
/* Show `to` what is available of the account, or (gone) that nothing is. */
void xmpp_presence_show(struct xmpp_user *user, struct slice to, bool gone);

/* --- resources that end (rest.c) --- */

/* The session is over: its resource sleeps, or ends. Any thread; waits for
   nothing. */
void xmpp_leave(struct xmpp *x);
/* Take a resource from its list and tell everybody. Any thread but under locks.
   The reference is the caller's still. What was not delivered goes elsewhere. */
void xmpp_res_end(struct xmpp_res *res);
/* It has a session again: sleep no more. */
void xmpp_rise(struct xmpp_res *res);

#endif
