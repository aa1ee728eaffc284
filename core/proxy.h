/* proxy.h - the PROXY protocol, versions 1 and 2: who a load balancer speaks for
 *
 * What stands in front of a connection (haproxy's proxy-protocol.txt), read
 * strictly: whoever may send it may say anything about where it comes from. */
#ifndef CORE_PROXY_H
#define CORE_PROXY_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/buf.h"

struct proxy {
	bool own; /* it speaks for itself, or cannot say: keep the real ones */
	struct sockaddr_storage peer, local; /* else: whom it serves, and where he came to */
};

enum proxy_result {
	PROXY_MORE, /* give it proxy_wants() bytes more */
	PROXY_DONE,
	PROXY_BAD, /* *why says in plain words */
};

enum { PROXY_MAX = 4096 }; /* longest header that is taken */

/* How many bytes of the header are still sure to come, after these; at least 1, and
   never one that is behind it. */
size_t proxy_wants(struct slice so_far);

/* Look at what has come. */
enum proxy_result proxy_read(struct slice header, struct proxy *out, const char **why);

#endif
