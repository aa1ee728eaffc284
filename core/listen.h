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
	const char *role; /* told apart by the protocol: smtp knows "mx" and "submission" */
};

/* Bind and listen; nothing is accepted before listen_go. The listener is
   copied. Prints nothing. */
int listen_add(const struct listener *listener, struct err *err);

/* Accept on all of them, and print "listening NAME ADDRESS:PORT" for each on
   standard output. */
int listen_go(struct err *err);

/* Accept nothing more and close. */
void listen_stop(void);

#endif
