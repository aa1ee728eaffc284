/* io.h - a stack of byte layers; the protocol sees only the top
 *
 * Bottom: a socket (io_sock.c). On it TLS (tls_wolfssl.c), deflate (io_deflate.c). A
 * layer is a struct with this one as its first member and four functions. The
 * same layers serve sessions on a loop, where nothing waits, and blocking
 * client code on a thread of its own: only the socket's timeout differs. */
#ifndef CORE_IO_H
#define CORE_IO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"

enum { IO_END = 0, IO_AGAIN = -1, IO_FAIL = -2 };

struct io;

struct io_ops {
	const char *name;
	ssize_t (*read)(struct io *io, void *buf, size_t n);
	int (*write)(struct io *io, struct slice data);
	int (*flush)(struct io *io);
	void (*free)(struct io *io);
};

struct io {
	const struct io_ops *ops;
	struct io *below; /* NULL for a socket */
};

/* Put a layer on top of *top. The stack now owns it. */
void io_push(struct io **top, struct io *layer);

/* Bytes read (1 to n), IO_END, IO_AGAIN (nothing now: wait until the socket is
   readable), or IO_FAIL (see errno). */
ssize_t io_read(struct io *io, void *buf, size_t n);

/* Take all of data: what the socket does not take now is kept in the stack.
   So give it no more while io_unsent() is not 0. 0 or IO_FAIL. */
int io_write(struct io *io, struct slice data);

/* Send what is kept: 0 when all is sent, IO_AGAIN (wait until the socket is
   writable), IO_FAIL. */
int io_flush(struct io *io);

/* Until the next io_flush all that is written is kept, so that it leaves
   together: each system call costs more than what it carries. */
void io_hold(struct io *io);

/* Bytes kept in the socket layer. */
size_t io_unsent(const struct io *io);

/* Free the whole stack, close the socket. *top becomes NULL. */
void io_close(struct io **top);

/* A socket layer over fd, which it owns. timeout_ms 0: fd is non-blocking and
   IO_AGAIN is returned; above 0: reads and writes wait that long, then fail
   with ETIMEDOUT. */
struct io *io_sock_new(int fd, int timeout_ms);

/* A layer that compresses. */
struct io *io_deflate_new(void);

/* Blocking use: from now on whatever must wait fails with ETIMEDOUT once loop_now()
   has passed `at`, however often the peer sends a byte; 0: no such bound. */
void io_deadline(struct io *io, uint64_t at);

/* Bytes read from the socket that no layer has taken: after STARTTLS they are
   an injection and must be dropped. Returns how many there were. */
size_t io_sock_drop_input(struct io *io);

/* Tell the peer at once that what it sent has come: a client that writes a command in
   two pieces may keep the second until it knows (RFC 896), and the system would wait for
   something to go with it (RFC 1122 4.2.3.2). */
void io_acknowledge(struct io *io);

/* The descriptor at the bottom of the stack. */
int io_fd(const struct io *io);

#endif
