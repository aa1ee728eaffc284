/* xclient.h - the words of XCLIENT: whom a trusted client says that it serves */
#ifndef PROTOCOLS_SMTP_XCLIENT_H
#define PROTOCOLS_SMTP_XCLIENT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/pool.h"

enum xclient_word {
	XCLIENT_NAME,
	XCLIENT_ADDR,
	XCLIENT_PORT,
	XCLIENT_PROTO,
	XCLIENT_HELO,
	XCLIENT_LOGIN,
	XCLIENT_DESTADDR,
	XCLIENT_DESTPORT,
	XCLIENT_WORDS,
};
extern const char *const xclient_words[]; /* "NAME", ... */

struct xclient {
	/* NULL: was not said; "": it is not known. Printable ASCII, from pool. */
	const char *said[XCLIENT_WORDS];
	struct sockaddr_storage peer, local; /* AF_UNSPEC: of neither was an address said */
};

/* "ADDR=192.0.2.1 NAME=mx.example.org". NULL, or the reply by which it is refused. */
const char *xclient_read(struct slice args, struct pool *pool, struct xclient *out);

#endif
