/* listen.c - bind, accept, hand each connection to a loop */
#include "core/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

#include "core/log.h"
#include "core/loop.h"

enum { BACKLOG = 1024, ACCEPT_AT_ONCE = 64, PAUSE_MS = 200 };

struct port {
	struct listener listener;
	int fd;
	uv_poll_t poll;
	uv_timer_t pause;
	struct port *next;
};

static struct port *ports, **last_port = &ports;

static struct listener copy_of(const struct listener *l)
{
	struct listener copy = *l;

	copy.name = mem_str(slice_str(l->name));
	copy.host = mem_str(slice_str(l->host));
	copy.role = mem_str(slice_str(l->role ? l->role : ""));
	return copy;
}

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

static void set_options(int fd, const struct sockaddr_storage *addr)
{
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	/* Connections inherit it: a reply is one write and waits for no neighbour. */
	if (addr->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (addr->ss_family == AF_INET6) /* 0.0.0.0 and :: are two listeners */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
}

int listen_add(const struct listener *listener, struct err *err)
{
	struct sockaddr_storage addr;
	socklen_t len = make_address(listener, &addr);

	if (len == 0)
		return err_set(err, ERR_INPUT, "listener %s: '%s' is no IP address and no path",
		    listener->name, listener->host);
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "listener %s", listener->name);
	set_options(fd, &addr);
	mode_t mask = umask(0177); /* a UNIX socket is for its owner */
	if (addr.ss_family == AF_UNIX)
		unlink(listener->host);
	int rc = bind(fd, (struct sockaddr *)&addr, len);
	umask(mask);
	if (rc != 0 || listen(fd, BACKLOG) != 0) {
		err_sys(err, "listener %s: cannot listen on %s port %u", listener->name,
		    listener->host, listener->port);
		close(fd);
		return -1;
	}
	struct port *port = mem_get(sizeof *port);
	port->listener = copy_of(listener);
	port->fd = fd;
	*last_port = port;
	last_port = &port->next;
	return 0;
}

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
	struct port *port = timer->data;

	uv_poll_start(&port->poll, UV_READABLE, on_connection);
}

/* No descriptors or memory: the connection stays in the kernel's queue until
   some session has ended. */
static void pause_port(struct port *port)
{
	log_event(LOG_ERROR, "cannot-accept", log_z("listener", port->listener.name),
	    log_z("reason", strerror(errno)));
	uv_poll_stop(&port->poll);
	uv_timer_start(&port->pause, on_pause_over, PAUSE_MS, 0);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct port *port = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof peer;
		int fd =
		    accept4(port->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			sess_start(&port->listener, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			pause_port(port);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void start_all(struct task *task)
{
	uv_loop_t *uv = loop_uv(loop_nth(0));

	for (struct port *port = ports; port; port = port->next) {
		uv_poll_init(uv, &port->poll, port->fd);
		uv_timer_init(uv, &port->pause);
		port->poll.data = port->pause.data = port;
		uv_poll_start(&port->poll, UV_READABLE, on_connection);
	}
	free(task);
}

/* "192.0.2.1:25", "[2001:db8::1]:25" or a path, as it is bound. */
static void bound_address(const struct port *port, char *out, size_t n)
{
	struct sockaddr_storage addr = { 0 };
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;
	socklen_t len = sizeof addr;
	char text[INET6_ADDRSTRLEN] = "";

	getsockname(port->fd, (struct sockaddr *)&addr, &len);
	if (addr.ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
		snprintf(out, n, "%s:%u", text, ntohs(in->sin_port));
	} else if (addr.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
		snprintf(out, n, "[%s]:%u", text, ntohs(in6->sin6_port));
	} else {
		snprintf(out, n, "%s", port->listener.host);
	}
}

void listen_each(
    void (*row)(void *arg, const struct listener *listener, const char *address), void *arg)
{
	char address[PATH_MAX];

	for (const struct port *port = ports; port; port = port->next) {
		bound_address(port, address, sizeof address);
		row(arg, &port->listener, address);
	}
}

static void announce(void *arg, const struct listener *listener, const char *address)
{
	(void)arg;
	printf("listening %s %s\n", listener->name, address);
}

void listen_go(void)
{
	struct task *task = mem_get(sizeof *task);

	listen_each(announce, NULL);
	fflush(stdout);
	task->run = start_all;
	loop_post(loop_nth(0), task);
}

/* --- the end: the loop closes the handles, then we the rest --- */

struct stop {
	struct task task;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool finished;
};

static void stop_all(struct task *task)
{
	struct stop *stop = (struct stop *)task;

	for (struct port *port = ports; port; port = port->next) {
		uv_close((uv_handle_t *)&port->poll, NULL);
		uv_close((uv_handle_t *)&port->pause, NULL);
		close(port->fd);
		if (port->listener.host[0] == '/')
			unlink(port->listener.host);
	}
	pthread_mutex_lock(&stop->lock);
	stop->finished = true;
	pthread_cond_signal(&stop->done);
	pthread_mutex_unlock(&stop->lock);
}

void listen_stop(void)
{
	struct stop stop = { .task.run = stop_all,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER };

	loop_post(loop_nth(0), &stop.task);
	pthread_mutex_lock(&stop.lock);
	while (!stop.finished)
		pthread_cond_wait(&stop.done, &stop.lock);
	pthread_mutex_unlock(&stop.lock);
}

void listen_free(void)
{
	while (ports) {
		struct port *port = ports;
		ports = port->next;
		free((char *)port->listener.name);
		free((char *)port->listener.host);
		free((char *)port->listener.role);
		free(port);
	}
	last_port = &ports;
}
