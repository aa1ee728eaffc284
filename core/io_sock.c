/* io_sock.c - the bottom layer: a socket
 *
 * TLS asks for five bytes, then for a record: a small read is served from a
 * buffer that is filled by one system call and given back when it is empty, so
 * an idle connection holds none. */
#include "core/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/loop.h"

enum { FILL_BYTES = 16 * 1024, SMALL_READ = 4 * 1024 };

struct io_sock {
	struct io io;
	int fd;
	int timeout_ms;
	uint64_t deadline; /* in loop_now()'s time, 0: none */
	bool held;	   /* writes wait for io_flush */
	bool drained;	   /* the last read got less than it asked for */
	size_t taken;	   /* of in */
	struct buf in;
	size_t sent; /* of out */
	struct buf out;
};

static struct io_sock *sock_of(const struct io *io)
{
	while (io->below)
		io = io->below;
	return (struct io_sock *)(uintptr_t)io;
}

/* Milliseconds to wait for the peer. */
static int patience(const struct io_sock *sock)
{
	if (sock->deadline == 0)
		return sock->timeout_ms;
	uint64_t now = loop_now();
	if (now >= sock->deadline)
		return 0;
	uint64_t left = sock->deadline - now;
	return left < (uint64_t)sock->timeout_ms ? (int)left : sock->timeout_ms;
}

/* Blocking use: wait for the socket. True when it is ready. */
static bool wait_for(struct io_sock *sock, short events)
{
	struct pollfd p = { .fd = sock->fd, .events = events };
	int n;

	do
		n = poll(&p, 1, patience(sock));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}

/* After a read that got less than it asked for the next one would find nothing:
   it is not made. Should something have come meanwhile, the loop says so, since
   it is told of what is there, not of what is new. */
static ssize_t receive(struct io_sock *sock, void *buf, size_t n)
{
	bool waits = sock->timeout_ms > 0;

	if (sock->drained) {
		sock->drained = false;
		return IO_AGAIN;
	}
	for (;;) {
		ssize_t got = recv(sock->fd, buf, n, MSG_DONTWAIT);
		if (got >= 0) {
			sock->drained = !waits && got > 0 && (size_t)got < n;
			return got; /* 0 is IO_END */
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return IO_FAIL;
		if (!waits)
			return IO_AGAIN;
		if (!wait_for(sock, POLLIN))
			return IO_FAIL;
	}
}

static ssize_t take_buffered(struct io_sock *sock, void *buf, size_t n)
{
	size_t have = sock->in.n - sock->taken;

	if (n > have)
		n = have;
	memcpy(buf, sock->in.p + sock->taken, n);
	sock->taken += n;
	if (sock->taken == sock->in.n) {
		buf_done(&sock->in);
		sock->taken = 0;
	}
	return (ssize_t)n;
}

static ssize_t sock_read(struct io *io, void *buf, size_t n)
{
	struct io_sock *sock = (struct io_sock *)io;

	if (sock->in.n > 0)
		return take_buffered(sock, buf, n);
	if (n >= SMALL_READ)
		return receive(sock, buf, n);

	char fill[FILL_BYTES];
	ssize_t got = receive(sock, fill, sizeof fill);
	if (got <= 0)
		return got;
	buf_add(&sock->in, fill, (size_t)got);
	return take_buffered(sock, buf, n);
}

/* Bytes taken by the kernel, 0 when it takes none now, IO_FAIL. */
static ssize_t transmit(struct io_sock *sock, struct slice data)
{
	for (;;) {
		ssize_t put = send(sock->fd, data.p, data.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put >= 0)
			return put;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return IO_FAIL;
		if (sock->timeout_ms == 0)
			return 0;
		if (!wait_for(sock, POLLOUT))
			return IO_FAIL;
	}
}

static int sock_flush(struct io *io)
{
	struct io_sock *sock = (struct io_sock *)io;

	sock->held = false;
	while (sock->sent < sock->out.n) {
		ssize_t put = transmit(sock, slice_from(buf_slice(&sock->out), sock->sent));
		if (put < 0)
			return IO_FAIL;
		if (put == 0)
			return IO_AGAIN;
		sock->sent += (size_t)put;
	}
	buf_done(&sock->out);
	sock->sent = 0;
	return 0;
}

static int sock_write(struct io *io, struct slice data)
{
	struct io_sock *sock = (struct io_sock *)io;

	while (!sock->held && sock->out.n == 0 && data.n > 0) {
		ssize_t put = transmit(sock, data);
		if (put < 0)
			return IO_FAIL;
		if (put == 0)
			break;
		data = slice_from(data, (size_t)put);
	}
	buf_adds(&sock->out, data);
	return 0;
}

static void sock_free(struct io *io)
{
	struct io_sock *sock = (struct io_sock *)io;

	close(sock->fd);
	buf_done(&sock->in);
	buf_done(&sock->out);
	free(sock);
}

static const struct io_ops sock_ops = { .name = "socket",
	.read = sock_read,
	.write = sock_write,
	.flush = sock_flush,
	.free = sock_free };

struct io *io_sock_new(int fd, int timeout_ms)
{
	struct io_sock *sock = mem_get(sizeof *sock);

	sock->io.ops = &sock_ops;
	sock->fd = fd;
	sock->timeout_ms = timeout_ms;
	return &sock->io;
}

void io_deadline(struct io *io, uint64_t at)
{
	sock_of(io)->deadline = at;
}

size_t io_sock_drop_input(struct io *io)
{
	struct io_sock *sock = sock_of(io);
	size_t n = sock->in.n - sock->taken;

	buf_done(&sock->in);
	sock->taken = 0;
	return n;
}

void io_hold(struct io *io)
{
	sock_of(io)->held = true;
}

size_t io_unsent(const struct io *io)
{
	const struct io_sock *sock = sock_of(io);

	return sock->out.n - sock->sent;
}

void io_acknowledge(struct io *io)
{
	setsockopt(sock_of(io)->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
}

int io_fd(const struct io *io)
{
	return sock_of(io)->fd;
}
