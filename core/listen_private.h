/* listen_private.h - private to listen*.c
 *
 * listen_wanted.c tells where a listener is to be, listen_port.c has a port's sockets,
 * listen_door.c accepts at them, listen.c keeps those that listen, listen_change.c
 * compares what listens with what is wanted, listen_missing.c knows what could not be had. */
#ifndef CORE_LISTEN_PRIVATE_H
#define CORE_LISTEN_PRIVATE_H

#include <stdatomic.h>

#include <uv.h>

#include "core/conf.h"
#include "core/listen.h"
#include "core/pool.h"

/* --- listen_rows.c --- */

extern const struct conf_key conf_key_listener_protocol, conf_key_listener_address,
    conf_key_listener_tls, conf_key_listener_role, conf_key_listener_socket;

/* "[2001:db8::1]:25", "192.0.2.1:25", "*:25", or without a port, which then stays. */
bool listen_split(struct slice word, struct slice *host, uint32_t *port);

/* --- listen_wanted.c --- */

/* Where something is to listen; all in memory of the pool. */
struct listen_wanted {
	struct pool pool;
	struct listener *list;
	size_t n;
};

/* What the settings say of one listener, or of all (name NULL); `changes` of its own
   settings go before them. */
int listen_want(struct listen_wanted *wanted, const char *name, const struct conf_change *changes,
    size_t n, struct err *err);
void listen_wanted_done(struct listen_wanted *wanted);

/* --- listen_port.c --- */

struct port;

/* One socket of a port, polled by one loop. */
struct door {
	struct port *port;
	int fd; /* -1: closed */
	uv_poll_t poll;
	uv_timer_t pause;
};

enum port_fate { PORT_LEAVES, PORT_STAYS, PORT_TAKEN };

struct port {
	struct listener listener;
	unsigned bound;	    /* the port, if the kernel chose it */
	struct door *doors; /* the nth is the nth loop's */
	unsigned n_doors;
	atomic_uint handles; /* that loops still have */
	enum port_fate fate; /* while a change is made */
	struct port *next;
};

/* How many sockets a port gets. */
extern unsigned port_spread;

/* Bound and listening, not yet accepting; copies the listener. NULL with errno's words
   and what to do. */
struct port *port_bind(const struct listener *listener, struct err *err);

/* Another listener at the sockets of an old one, which may be closed then. NULL: no
   descriptors. */
struct port *port_take(const struct port *old, const struct listener *listener, struct err *err);

bool port_is_at(const struct port *port, const struct listener *listener); /* its place */
bool port_is(const struct port *port, const struct listener *listener);	   /* in all */

/* Closes what is open yet. Nothing of loops or sessions may know it any more. */
void port_free(struct port *port);

/* "192.0.2.1:25", "[2001:db8::1]:25" or a path, as it is bound. */
void port_address(const struct port *port, char *out, size_t n);

/* --- listen_missing.c; but for missing_free with the lock of changes held --- */

/* An address of a listener that could not be had. */
struct missing {
	struct listen_missing is;
	struct missing *next;
};

bool missing_has(const struct listener *listener); /* was so before */
/* May the listener do without, for that reason? */
bool missing_may(const struct listener *listener, const struct err *why);
/* Add one to a list; logged when it is news. */
void missing_add(struct missing **list, const struct listener *listener, const struct err *why);
void missing_free(struct missing **list);
/* What is missing of that listener (NULL: of all) is that list, which is taken. */
void missing_replace(const char *name, struct missing *list);
/* See to it that what is missing is tried again. */
void missing_watch(void);

/* --- listen_change.c --- */
int listen_attempt(const struct conf_change *change, struct err *err);

/* --- listen_bind.c --- */

enum { LISTEN_BACKLOG = 1024 };

/* Bind n sockets to the listener's address and listen; the kernel shares
   connections out among them. A UNIX socket can't be shared: then only the
   first is made. How many, or -1. */
int listen_bind(const struct listener *listener, int *fds, unsigned n, struct err *err);

/* Where the client speaks first a connection is accepted with its first bytes, or a second
   or so later: it wakes a loop once instead of twice. For each socket, also when it goes
   on with other TLS than before. */
void listen_defer(const struct listener *listener, int fd);

/* The address as text; the port, 0 for a path. */
unsigned listen_bound(const struct listener *listener, int fd, char *out, size_t n);

/* --- listen_door.c: lists of ports; both wait until all loops have done it --- */
void doors_open(struct port *ports);
void doors_close(struct port *ports);

/* --- listen.c --- */

/* Ports of the list accept, and are told of. The list is taken. */
void ports_begin(struct port *list);

/* Those of which `ends` says so accept no more and are forgotten when their last session
   is over. The first of them, valid while the lock is held; NULL: there was none. */
struct port *ports_end(bool (*ends)(const struct port *port, const void *arg), const void *arg);

/* For a moment: nobody looks at what listens and what is missing. */
void ports_lock(void);
void ports_unlock(void);

/* The list itself, for who holds the lock of changes. */
struct port *ports_listening(void);

/* One change at a time. False: nothing can be changed, for the server begins or ends. */
bool listen_lock(void);
void listen_unlock(void);

#endif
