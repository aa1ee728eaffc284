/* listen_door.c - accepting: each loop at a socket of its own */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/ban.h"
#include "core/listen_private.h"
#include "core/log.h"
#include "core/loop.h"

enum { ACCEPT_AT_ONCE = 64, PAUSE_MS = 200, LAST_ROUNDS = LISTEN_BACKLOG / ACCEPT_AT_ONCE };

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

static bool is_scarce(int why)
{
	return why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM;
}

/* Whoever waits, up to a bound. Are there perhaps more? */
static bool accept_some(struct door *door)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof peer;
		int fd =
		    accept4(door->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0 && ban_refuses((const struct sockaddr *)&peer)) {
			close(fd);
		} else if (fd >= 0) {
			sess_start(&door->port->listener, fd, &peer);
		} else if (is_scarce(errno)) {
			pause_door(door);
			return false;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return false;
		}
	}
	return true;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	accept_some(poll->data);
}

static void open_door(struct door *door, uv_loop_t *uv)
{
	uv_poll_init(uv, &door->poll, door->fd);
	uv_timer_init(uv, &door->pause);
	door->poll.data = door->pause.data = door;
	atomic_fetch_add(&door->port->handles, 2);
	uv_poll_start(&door->poll, UV_READABLE, on_connection);
}

static void on_closed(uv_handle_t *handle)
{
	struct door *door = handle->data;

	atomic_fetch_sub(&door->port->handles, 1);
}

/* Who came before it closed is served: to him it would be a connection that breaks. */
static void close_door(struct door *door, uv_loop_t *uv)
{
	(void)uv;
	for (int i = 0; i < LAST_ROUNDS && accept_some(door); i++)
		;
	uv_close((uv_handle_t *)&door->poll, on_closed);
	uv_close((uv_handle_t *)&door->pause, on_closed);
	close(door->fd);
	door->fd = -1;
}

/* --- all loops do something with their doors --- */

struct round {
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned left;
	struct port *ports;
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

	for (struct port *port = round->ports; port; port = port->next)
		if (turn->i < port->n_doors)
			round->visit(&port->doors[turn->i], loop_uv(loop_nth(turn->i)));
	pthread_mutex_lock(&round->lock);
	if (--round->left == 0)
		pthread_cond_signal(&round->done);
	pthread_mutex_unlock(&round->lock);
}

static void each_door(struct port *ports, void (*visit)(struct door *door, uv_loop_t *uv))
{
	struct round round = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER,
		.left = loops_count(),
		.ports = ports,
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

void doors_open(struct port *ports)
{
	if (ports)
		each_door(ports, open_door);
}

void doors_close(struct port *ports)
{
	if (ports)
		each_door(ports, close_door);
}
