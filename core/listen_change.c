/* listen_change.c - listeners change while the server runs
 *
 * What is to listen is compared with what does. New sockets are bound before anything is
 * given up or stored, so that a change is made as a whole or not at all. Only where the
 * system lets an old socket and a new one not stand beside each other (all addresses and
 * one of them, at the same port) the old one gives way first, and is bound again if the
 * new one cannot be had. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/listen_private.h"
#include "core/log.h"

struct change {
	const char *name; /* of the listener; NULL: all */
	struct listen_wanted wanted;
	struct port *come; /* bound, not yet accepting */
	struct port *gave_way;
	struct missing *missing;
	unsigned port; /* that something has to give way at */
};

static bool concerns(const struct change *change, const struct port *port)
{
	return !change->name || strcmp(change->name, port->listener.name) == 0;
}

static void come(struct change *change, struct port *port)
{
	struct port **end = &change->come;

	while (*end)
		end = &(*end)->next;
	*end = port;
}

/* --- what stays as it is, and what keeps its sockets --- */

static struct port *find(const struct listener *l)
{
	for (struct port *port = ports_listening(); port; port = port->next)
		if (port->fate == PORT_LEAVES && port_is_at(port, l))
			return port;
	return NULL;
}

/* 1: done; 0: it has to be bound; -1 */
static int keep(struct change *change, const struct listener *l, struct err *err)
{
	struct port *port = find(l);
	char address[PATH_MAX];

	if (!port)
		return 0;
	if (!concerns(change, port)) {
		port_address(port, address, sizeof address);
		return err_set(err, ERR_EXISTS, "listener %s: %s listens on %s already", l->name,
		    port->listener.name, address);
	}
	if (port_is(port, l)) {
		port->fate = PORT_STAYS;
		return 1;
	}
	struct port *taken = port_take(port, l, err);
	if (!taken)
		return -1;
	port->fate = PORT_TAKEN;
	come(change, taken);
	return 1;
}

/* --- what is new --- */

static bool gives_way(const struct port *port, const void *arg)
{
	const struct change *change = arg;

	return port->fate == PORT_LEAVES && concerns(change, port) && port->bound == change->port;
}

/* What an admin asks for is had or refused; what was missing before may be so for longer. */
static bool may_miss(const struct change *change, const struct listener *l, const struct err *why)
{
	return missing_has(l) || (!change->name && missing_may(l, why));
}

static int bind_new(struct change *change, const struct listener *l, struct err *err)
{
	struct err why = { 0 };
	struct port *port = port_bind(l, &why);

	change->port = l->port;
	if (!port && why.kind == ERR_BUSY && l->port > 0 && !change->gave_way) {
		change->gave_way = ports_end(gives_way, change);
		port = change->gave_way ? port_bind(l, &why) : NULL;
	}
	if (port)
		come(change, port);
	else if (may_miss(change, l, &why))
		missing_add(&change->missing, l, &why);
	else
		return err_set(err, why.kind, "%s", why.text);
	return 0;
}

static int prepare(struct change *change, struct err *err)
{
	bool *bind = pool_get(&change->wanted.pool, (change->wanted.n + 1) * sizeof(*bind));
	int rc = 0;

	for (struct port *port = ports_listening(); port; port = port->next)
		port->fate = PORT_LEAVES;
	for (size_t i = 0; rc >= 0 && i < change->wanted.n; i++) {
		rc = keep(change, &change->wanted.list[i], err);
		bind[i] = rc == 0;
	}
	for (size_t i = 0; rc >= 0 && i < change->wanted.n; i++)
		if (bind[i])
			rc = bind_new(change, &change->wanted.list[i], err);
	return rc < 0 ? -1 : 0;
}

/* --- back, or on --- */

/* As it was: a port of the kernel's choice is the same once more. */
static void bind_again(const struct port *old)
{
	struct listener again = old->listener;
	struct err err = { 0 };

	again.port = old->bound;
	struct port *port = port_bind(&again, &err);
	if (port) {
		port->listener.port = old->listener.port;
		ports_begin(port);
	} else {
		log_event(LOG_ERROR, "cannot-listen-again", log_z("reason", err.text));
	}
}

static void undo(struct change *change)
{
	while (change->come) {
		struct port *port = change->come;
		change->come = port->next;
		port_free(port);
	}
	for (const struct port *port = change->gave_way; port; port = port->next)
		bind_again(port);
	missing_free(&change->missing);
}

static bool leaves(const struct port *port, const void *arg)
{
	return port->fate != PORT_STAYS && concerns(arg, port);
}

static bool is_wanted(const struct change *change, const char *path)
{
	for (size_t i = 0; i < change->wanted.n; i++)
		if (strcmp(change->wanted.list[i].host, path) == 0)
			return true;
	return false;
}

static void proceed(struct change *change)
{
	struct port *old = ports_end(leaves, change);

	ports_begin(change->come);
	for (; old; old = old->next)
		if (old->listener.host[0] == '/' && !is_wanted(change, old->listener.host))
			unlink(old->listener.host);
	missing_replace(change->name, change->missing);
	missing_watch();
}

static int make(struct change *change, const struct conf_change *changes, size_t n, struct err *err)
{
	int rc = listen_want(&change->wanted, change->name, changes, n, err);

	if (rc == 0)
		rc = prepare(change, err);
	if (rc == 0)
		rc = conf_set_all(changes, n, err);
	if (rc == 0)
		proceed(change);
	else
		undo(change);
	listen_wanted_done(&change->wanted);
	return rc;
}

/* --- for admins --- */

int listen_change(const char *name, const struct conf_change *changes, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (changes[i].value.n > 0)
			rc = conf_check(changes[i].key, changes[i].value, NULL, err);
	if (rc != 0)
		return -1;
	rc = listen_lock() ? make(&(struct change){ .name = name }, changes, n, err)
			   : conf_set_all(changes, n, err);
	listen_unlock();
	return rc;
}

int listen_attempt(const struct conf_change *change, struct err *err)
{
	struct buf name = { 0 };

	buf_adds(&name, change->place);
	int rc = listen_change(buf_z(&name), change, 1, err);
	buf_done(&name);
	return rc;
}

void listen_again(void)
{
	struct err err = { 0 };

	if (listen_lock() && make(&(struct change){ 0 }, NULL, 0, &err) != 0)
		log_event(LOG_ERROR, "cannot-listen", log_z("reason", err.text));
	listen_unlock();
}
