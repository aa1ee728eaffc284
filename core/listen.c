/* listen.c - all that listens: begun together, changed, ended together
 *
 * A port that is given up may have sessions: it is kept until the last of them has
 * gone, and until its loops have let go of it. */
#include "core/listen.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/listen_private.h"
#include "core/log.h"

static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;
static bool serving; /* under change_lock */

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER; /* for a moment only */
static struct port *ports;				      /* changed under both locks */

static struct port *given_up; /* under change_lock */

void listen_spread(unsigned loops)
{
	port_spread = loops;
}

static struct port **end_of(struct port **list)
{
	while (*list)
		list = &(*list)->next;
	return list;
}

void ports_lock(void)
{
	pthread_mutex_lock(&list_lock);
}

void ports_unlock(void)
{
	pthread_mutex_unlock(&list_lock);
}

/* By name, and those of one name as they came. */
static void insert(struct port *port)
{
	struct port **at = &ports;

	while (*at && strcmp((*at)->listener.name, port->listener.name) <= 0)
		at = &(*at)->next;
	port->next = *at;
	*at = port;
}

int listen_add(const struct listener *listener, struct err *err)
{
	struct port *port = port_bind(listener, err);

	if (port)
		insert(port);
	return port ? 0 : -1;
}

/* --- changing --- */

bool listen_lock(void)
{
	pthread_mutex_lock(&change_lock);
	return serving;
}

void listen_unlock(void)
{
	pthread_mutex_unlock(&change_lock);
}

struct port *ports_listening(void)
{
	return ports;
}

static void say(const struct port *list, const char *event)
{
	char address[PATH_MAX];

	for (const struct port *port = list; port; port = port->next) {
		port_address(port, address, sizeof address);
		log_event(LOG_INFO, event, log_z("listener", port->listener.name),
		    log_z("address", address));
	}
}

void ports_begin(struct port *list)
{
	say(list, "listening");
	doors_open(list);
	pthread_mutex_lock(&list_lock);
	while (list) {
		struct port *port = list;
		list = port->next;
		insert(port);
	}
	pthread_mutex_unlock(&list_lock);
}

/* What nobody knows any more goes. */
static void sweep(void)
{
	for (struct port **at = &given_up; *at;) {
		struct port *port = *at;
		if (atomic_load(&port->handles) > 0 || sess_at(&port->listener)) {
			at = &port->next;
			continue;
		}
		*at = port->next;
		port_free(port);
	}
}

static struct port *take_out(
    bool (*ends)(const struct port *port, const void *arg), const void *arg)
{
	struct port *out = NULL;

	pthread_mutex_lock(&list_lock);
	for (struct port **at = &ports; *at;) {
		struct port *port = *at;
		if (!ends(port, arg)) {
			at = &port->next;
			continue;
		}
		*at = port->next;
		port->next = out;
		out = port;
	}
	pthread_mutex_unlock(&list_lock);
	return out;
}

struct port *ports_end(bool (*ends)(const struct port *port, const void *arg), const void *arg)
{
	sweep();
	struct port *out = take_out(ends, arg);
	say(out, "no-longer-listening");
	doors_close(out);
	*end_of(&given_up) = out;
	return out;
}

/* --- for main --- */

void listen_each(
    void (*row)(void *arg, const struct listener *listener, const char *address), void *arg)
{
	char address[PATH_MAX];

	pthread_mutex_lock(&list_lock);
	for (const struct port *port = ports; port; port = port->next) {
		port_address(port, address, sizeof address);
		row(arg, &port->listener, address);
	}
	pthread_mutex_unlock(&list_lock);
}

unsigned listen_port(const char *name)
{
	unsigned n = 0;

	pthread_mutex_lock(&list_lock);
	for (const struct port *port = ports; port && n == 0; port = port->next)
		if (strcmp(port->listener.name, name) == 0)
			n = port->bound;
	pthread_mutex_unlock(&list_lock);
	return n;
}

static void announce(void *arg, const struct listener *listener, const char *address)
{
	(void)arg;
	printf("listening %s %s\n", listener->name, address);
}

static void announce_missing(void *arg, const struct listen_missing *missing)
{
	(void)arg;
	printf("not listening: %s\n", missing->why);
}

void listen_go(void)
{
	listen_each(announce, NULL);
	listen_missing(announce_missing, NULL);
	fflush(stdout);
	doors_open(ports);
	listen_lock();
	serving = true;
	missing_watch();
	listen_unlock();
}

static bool any(const struct port *port, const void *arg)
{
	(void)port;
	(void)arg;
	return true;
}

/* Out of the list first: mail that goes out still asks where we listen. */
void listen_stop(void)
{
	listen_lock();
	serving = false;
	struct port *all = take_out(any, NULL);
	doors_close(all);
	for (struct port *port = all; port; port = port->next)
		if (port->listener.host[0] == '/')
			unlink(port->listener.host);
	*end_of(&given_up) = all;
	listen_unlock();
}

static void free_list(struct port **list)
{
	while (*list) {
		struct port *port = *list;
		*list = port->next;
		port_free(port);
	}
}

void listen_free(void)
{
	free_list(&ports);
	free_list(&given_up);
	missing_replace(NULL, NULL);
}
