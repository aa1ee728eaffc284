/* listen.c - listen, accept, begin sessions: each loop at a socket of its own */
#include "core/listen.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "core/ban.h"
#include "core/listen_private.h"
#include "core/log.h"
#include "core/num.h"
#include "core/loop.h"

enum { ACCEPT_AT_ONCE = 64, PAUSE_MS = 200 };

struct port;

/* One socket of a port, polled by one loop. */
struct door {
	const struct port *port;
	int fd;
	uv_poll_t poll;
	uv_timer_t pause;
};

struct port {
	struct listener listener;
	struct door *doors; /* the nth is the nth loop's */
	unsigned n_doors;
	struct port *next;
};

static struct port *ports, **last_port = &ports;
static unsigned spread = 1;

void listen_spread(unsigned loops)
{
	spread = loops;
}

static struct listener copy_of(const struct listener *l)
{
	struct listener copy = *l;

	copy.name = mem_str(slice_str(l->name));
	copy.host = mem_str(slice_str(l->host));
	copy.role = mem_str(slice_str(l->role ? l->role : ""));
	return copy;
}

static void add_port(const struct listener *listener, const int *fds, unsigned n)
{
	struct port *port = mem_get(sizeof *port);

	port->listener = copy_of(listener);
	port->doors = mem_get(n * sizeof *port->doors);
	port->n_doors = n;
	for (unsigned i = 0; i < n; i++)
		port->doors[i] = (struct door){ .port = port, .fd = fds[i] };
	*last_port = port;
	last_port = &port->next;
}

int listen_add(const struct listener *listener, struct err *err)
{
	int *fds = mem_get(spread * sizeof *fds);
	int made = listen_bind(listener, fds, spread, err);

	if (made > 0)
		add_port(listener, fds, (unsigned)made);
	free(fds);
	return made > 0 ? 0 : -1;
}

/* --- accepting, on the loop --- */

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
	struct door *door = timer->data;

	uv_poll_start(&door->poll, UV_READABLE, on_connection);
}

/* No descriptors or memory: the connection stays in the kernel's queue until
   some session has ended. */
static void pause_door(struct door *door)
{
	log_event(LOG_ERROR, "cannot-accept", log_z("listener", door->port->listener.name),
	    log_z("reason", strerror(errno)));
	uv_poll_stop(&door->poll);
	uv_timer_start(&door->pause, on_pause_over, PAUSE_MS, 0);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct door *door = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof peer;
		int fd =
		    accept4(door->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0 && ban_refuses((const struct sockaddr *)&peer)) {
			close(fd);
		} else if (fd >= 0) {
			sess_start(&door->port->listener, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			pause_door(door);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* --- all loops do something with their doors --- */

struct round {
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned left;
	void (*visit)(struct door *door, uv_loop_t *uv);
};

struct turn {
	struct task task;
	struct round *round;
	unsigned i;
};

static void take_turn(struct task *task)
{
	struct turn *turn = (struct turn *)task;
	struct round *round = turn->round;

	for (struct port *port = ports; port; port = port->next)
		if (turn->i < port->n_doors)
			round->visit(&port->doors[turn->i], loop_uv(loop_nth(turn->i)));
	pthread_mutex_lock(&round->lock);
	if (--round->left == 0)
		pthread_cond_signal(&round->done);
	pthread_mutex_unlock(&round->lock);
}

/* Waits until all have done it. */
static void each_door(void (*visit)(struct door *door, uv_loop_t *uv))
{
	struct round round = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER,
		.left = loops_count(),
		.visit = visit };
	struct turn *turns = mem_get(round.left * sizeof *turns);

	for (unsigned i = 0, n = loops_count(); i < n; i++) {
		turns[i] = (struct turn){ .task.run = take_turn, .round = &round, .i = i };
		loop_post(loop_nth(i), &turns[i].task);
	}
	pthread_mutex_lock(&round.lock);
	while (round.left > 0)
		pthread_cond_wait(&round.done, &round.lock);
	pthread_mutex_unlock(&round.lock);
	free(turns);
}

static void open_door(struct door *door, uv_loop_t *uv)
{
	uv_poll_init(uv, &door->poll, door->fd);
	uv_timer_init(uv, &door->pause);
	door->poll.data = door->pause.data = door;
	uv_poll_start(&door->poll, UV_READABLE, on_connection);
}

static void close_door(struct door *door, uv_loop_t *uv)
{
	(void)uv;
	uv_close((uv_handle_t *)&door->poll, NULL);
	uv_close((uv_handle_t *)&door->pause, NULL);
	close(door->fd);
}

/* --- for main --- */

void listen_each(
    void (*row)(void *arg, const struct listener *listener, const char *address), void *arg)
{
	char address[PATH_MAX];

	for (const struct port *port = ports; port; port = port->next) {
		listen_bound(&port->listener, port->doors[0].fd, address, sizeof address);
		row(arg, &port->listener, address);
	}
}

unsigned listen_port(const char *name)
{
	const struct port *port = ports;
	char address[PATH_MAX];
	uint32_t n = 0;

	while (port && strcmp(port->listener.name, name) != 0)
		port = port->next;
	if (!port)
		return 0;
	listen_bound(&port->listener, port->doors[0].fd, address, sizeof address);
	struct slice text = slice_str(address);
	num_u32(slice_from(text, (size_t)(slice_rchr(text, ':') + 1)), &n);
	return n;
}

static void announce(void *arg, const struct listener *listener, const char *address)
{
	(void)arg;
	printf("listening %s %s\n", listener->name, address);
}

void listen_go(void)
{
	listen_each(announce, NULL);
	fflush(stdout);
	each_door(open_door);
}

void listen_stop(void)
{
	each_door(close_door);
	for (struct port *port = ports; port; port = port->next)
		if (port->listener.host[0] == '/')
			unlink(port->listener.host);
}

void listen_free(void)
{
	while (ports) {
		struct port *port = ports;
		ports = port->next;
		free((char *)port->listener.name);
		free((char *)port->listener.host);
		free((char *)port->listener.role);
		free(port->doors);
		free(port);
	}
	last_port = &ports;
}
