/* listen.h - listeners: an address, a port, a protocol, a TLS mode */
#ifndef CORE_LISTEN_H
#define CORE_LISTEN_H

#include <stdbool.h>

#include "core/err.h"
#include "core/sess.h"

enum listen_tls {
	LISTEN_CLEAR,	 /* no TLS at all: a UNIX socket */
	LISTEN_STARTTLS, /* clear, with an upgrade command */
	LISTEN_TLS,	 /* TLS from the first byte */
};

struct listener {
	const char *name; /* "submission" */
	const char *host; /* "0.0.0.0", "::", an address, or a path for a UNIX socket */
	unsigned port;	  /* 0: ask the kernel */
	const struct proto *proto;
	enum listen_tls tls;
	const char *role;   /* told apart by the protocol: smtp knows "mx" and "submission" */
	unsigned mode;	    /* of a UNIX socket; 0: for its owner, 0600 */
	const char *client; /* what mail programs call it, constant; NULL: not for them */
};

/* What a protocol listens on unless it is set otherwise; one row beside the
 * protocol:
 *
 *	LISTENER(imaps) = {
 *		.name = "imaps", .port = 993, .proto = &proto_imap, .tls = LISTEN_TLS};
 *
 * The setting listener.address, in the scope of the listener's name, moves it,
 * multiplies it or turns it off. */
struct listener_row {
	const char *name;
	unsigned port;
	const char *path; /* a UNIX socket in DATA, or NULL; with a port, too, it may be moved */
	const struct proto *proto;
	enum listen_tls tls;
	const char *role;
	const char *client; /* "IMAP": what mail programs are told of; NULL: nothing */
};

#define LISTENER(id) TABLE_ROW(listener_row, id)
TABLE_DECLARE(listener_row);

/* How many loops there will be: each gets a socket of its own at every port
   that is added from now on, and keeps the sessions that it accepts. */
void listen_spread(unsigned loops);

/* Add what listens in DATA, which lives until listen_stop; owned by who calls. */
int listen_add_paths(const char *data, struct err *err);

/* Then all the rest, each at the addresses that are set for it. Without
   a setting it listens on `host` ("*": all addresses, both families) at the
   row's port plus port_base; a negative port_base: at ports that the kernel
   chooses. `host` lives until listen_stop. An address that this machine does not have is
   passed over, logged and tried again later; -1 when it is required (listener.required), when
   nothing else could be had, or one for another reason. */
int listen_add_ports(const char *host, int port_base, struct err *err);

/* Is there a listener of that name, made by a row or by an admin, wherever it may be? */
bool listen_knows(const char *name);
bool listen_is_usual(const char *name); /* by a row */
bool listen_has_tls(const char *name);	/* and does it do TLS, one way or the other? */

/* The settings that make a listener what it is; NULL ends them. */
struct conf_key;
extern const struct conf_key *const listen_keys[];

/* Bind and listen; nothing is accepted before listen_go. The listener is
   copied. Prints nothing. */
int listen_add(const struct listener *listener, struct err *err);

/* Accept on all of them, and print "listening NAME ADDRESS:PORT" for each on
   standard output, and "not listening: WHY" for what is missing. */
void listen_go(void);

/* Visit them, each with the address that it is bound to. */
void listen_each(
    void (*row)(void *arg, const struct listener *listener, const char *address), void *arg);

/* Where one should listen, and cannot now. */
struct listen_missing {
	const char *name, *host;
	unsigned port;
	const char *protocol, *why;
};
/* Visit what is missing, row may be NULL; how many there are. */
unsigned listen_missing(void (*row)(void *arg, const struct listen_missing *missing), void *arg);

/* The port of the first listener of that name; 0: there is none. */
unsigned listen_port(const char *name);

/* Change settings of the listener `name`, its certificate not among them: sockets are bound
   first, then all is stored in one transaction, then it answers there, and no more where it
   did; its sessions go on. -1: nothing has changed, and err says which place cannot be had,
   why, and what to do. Before listen_go the settings are stored only. Any thread but a
   loop's. */
struct conf_change;
int listen_change(const char *name, const struct conf_change *changes, size_t n, struct err *err);

/* The settings were read again: the same for all listeners. What cannot be had is logged,
   and nothing changed then. */
void listen_again(void);

/* Accept nothing more and close. Sessions go on; listen_free when they are
   gone and the loops are stopped. */
void listen_stop(void);
void listen_free(void);

#endif
