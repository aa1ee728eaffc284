/* listen_private.h - private to listen*.c */
#ifndef CORE_LISTEN_PRIVATE_H
#define CORE_LISTEN_PRIVATE_H

#include "core/listen.h"

/* Bind n sockets to the listener's address and listen; the kernel shares
   connections out among them. A UNIX socket can't be shared: then only the
   first is made. How many, or -1. */
int listen_bind(const struct listener *listener, int *fds, unsigned n, struct err *err);

/* "192.0.2.1:25", "[2001:db8::1]:25" or a path, as it is bound. */
void listen_bound(const struct listener *listener, int fd, char *out, size_t n);

#endif
