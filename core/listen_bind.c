/* listen_bind.c - sockets that listen: one port, a socket for each loop
 *
 * With SO_REUSEPORT each loop accepts for itself: a connection is never handed
 * from one thread to another. The kernel would let a second server of the same
 * user share the port as well, so a socket without that option asks first
 * whether the port is free. */
#include "core/listen_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/privilege.h"

static socklen_t make_address(const struct listener *l, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_un *un = (struct sockaddr_un *)addr;

	memset(addr, 0, sizeof *addr);
	if (l->host[0] == '/') {
		un->sun_family = AF_UNIX;
		if (strlen(l->host) >= sizeof un->sun_path)
			return 0;
		memcpy(un->sun_path, l->host, strlen(l->host));
		return sizeof *un;
	}
	if (inet_pton(AF_INET, l->host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)l->port);
		return sizeof *in;
	}
	if (inet_pton(AF_INET6, l->host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)l->port);
		return sizeof *in6;
	}
	return 0;
}

static void set_options(int fd, int family, bool share)
{
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (family == AF_UNIX)
		return;
	if (share)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
	/* Connections inherit it: a reply is one write and waits for no neighbour. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (family == AF_INET6) /* 0.0.0.0 and :: are two listeners */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
}

/* What a server that is gone left behind is removed; nothing else is. */
static bool make_room(const struct sockaddr_storage *addr, socklen_t len)
{
	const char *path = ((const struct sockaddr_un *)addr)->sun_path;
	struct stat there;

	if (lstat(path, &there) != 0)
		return true;
	errno = EEXIST;
	if (!S_ISSOCK(there.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool answers =
	    fd >= 0 && (connect(fd, (const struct sockaddr *)addr, len) == 0 || errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	errno = EADDRINUSE;
	return !answers && unlink(path) == 0;
}

/* A bound socket, or -1. */
static int bind_one(
    const struct listener *l, const struct sockaddr_storage *addr, socklen_t len, bool share)
{
	if (addr->ss_family == AF_UNIX && !make_room(addr, len))
		return -1;
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	set_options(fd, addr->ss_family, share);
	mode_t mask = umask(0777 & ~(l->mode ? l->mode : 0600));
	struct privilege_held held = privilege_raise();
	int rc = bind(fd, (const struct sockaddr *)addr, len), why = errno;
	privilege_lower(held);
	umask(mask);
	if (rc == 0)
		return fd;
	close(fd);
	errno = why;
	return -1;
}

/* Bind and give up again; the kernel's choice of a port is kept in *addr. */
static int find_free(const struct listener *l, struct sockaddr_storage *addr, socklen_t len)
{
	int fd = bind_one(l, addr, len, false);

	if (fd < 0)
		return -1;
	getsockname(fd, (struct sockaddr *)addr, &len);
	close(fd);
	return 0;
}

static int bind_all(const struct listener *l, int *fds, unsigned n)
{
	struct sockaddr_storage addr;
	socklen_t len = make_address(l, &addr);
	bool share = addr.ss_family != AF_UNIX && n > 1;

	if (share && find_free(l, &addr, len) < 0)
		return -1;
	for (unsigned i = 0; i < (share ? n : 1); i++) {
		fds[i] = bind_one(l, &addr, len, share);
		if (fds[i] >= 0 && listen(fds[i], LISTEN_BACKLOG) == 0)
			continue;
		int why = errno;
		for (unsigned k = 0; k <= i; k++)
			if (fds[k] >= 0)
				close(fds[k]);
		errno = why;
		return -1;
	}
	return share ? (int)n : 1;
}

void listen_defer(const struct listener *l, int fd)
{
	int seconds = l->tls == LISTEN_TLS ? 1 : 0;

	if (l->host[0] != '/')
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

static int refused(const struct listener *l, int why, struct err *err)
{
	if (l->host[0] == '/')
		return err_set(err, why == EACCES ? ERR_DENIED : ERR_INPUT,
		    "listener %s: cannot listen at %s: %s%s", l->name, l->host, strerror(why),
		    why == EACCES ? ". Its folder has to let the server's user make files" : "");
	if (why == EADDRINUSE)
		return err_set(err, ERR_BUSY,
		    "listener %s: cannot listen on %s port %u: %s. `ss -ltnp sport = :%u` tells who has "
		    "it",
		    l->name, l->host, l->port, strerror(why), l->port);
	if (why == EADDRNOTAVAIL || why == EAFNOSUPPORT)
		return err_set(err, ERR_ABSENT,
		    "listener %s: cannot listen on %s port %u: %s. `ip address` tells which addresses "
		    "this machine has",
		    l->name, l->host, l->port, strerror(why));
	if (why == EACCES)
		return err_set(err, ERR_DENIED,
		    "listener %s: cannot listen on %s port %u: %s. A port below 1024 can be had by a "
		    "server that root has started",
		    l->name, l->host, l->port, strerror(why));
	return err_set(err, ERR_TEMP, "listener %s: cannot listen on %s port %u: %s", l->name,
	    l->host, l->port, strerror(why));
}

int listen_bind(const struct listener *l, int *fds, unsigned n, struct err *err)
{
	struct sockaddr_storage addr;

	if (make_address(l, &addr) == 0)
		return err_set(err, ERR_INPUT, "listener %s: '%s' is no IP address and no path",
		    l->name, l->host);
	int made = bind_all(l, fds, n);
	return made < 0 ? refused(l, errno, err) : made;
}

unsigned listen_bound(const struct listener *l, int fd, char *out, size_t n)
{
	struct sockaddr_storage addr = { 0 };
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;
	socklen_t len = sizeof addr;
	char text[INET6_ADDRSTRLEN] = "";

	getsockname(fd, (struct sockaddr *)&addr, &len);
	if (addr.ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
		snprintf(out, n, "%s:%u", text, ntohs(in->sin_port));
		return ntohs(in->sin_port);
	}
	if (addr.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
		snprintf(out, n, "[%s]:%u", text, ntohs(in6->sin6_port));
		return ntohs(in6->sin6_port);
	}
	snprintf(out, n, "%s", l->host);
	return 0;
}
