/* listen_port.c - a port: one listener at one address, a socket for each loop */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/listen_private.h"

unsigned port_spread = 1;

static struct listener copy_of(const struct listener *l)
{
	struct listener copy = *l;

	copy.name = mem_str(slice_str(l->name));
	copy.host = mem_str(slice_str(l->host));
	copy.role = mem_str(slice_str(l->role ? l->role : ""));
	return copy;
}

static struct port *port_new(const struct listener *listener, const int *fds, unsigned n)
{
	struct port *port = mem_get(sizeof *port);
	char address[PATH_MAX];

	port->listener = copy_of(listener);
	port->doors = mem_get(n * sizeof *port->doors);
	port->n_doors = n;
	for (unsigned i = 0; i < n; i++) {
		port->doors[i] = (struct door){ .port = port, .fd = fds[i] };
		listen_defer(listener, fds[i]);
	}
	port->bound = listen_bound(listener, fds[0], address, sizeof address);
	return port;
}

struct port *port_bind(const struct listener *listener, struct err *err)
{
	int *fds = mem_get(port_spread * sizeof *fds);
	int made = listen_bind(listener, fds, port_spread, err);
	struct port *port = made > 0 ? port_new(listener, fds, (unsigned)made) : NULL;

	free(fds);
	return port;
}

struct port *port_take(const struct port *old, const struct listener *listener, struct err *err)
{
	int *fds = mem_get(old->n_doors * sizeof *fds);
	struct port *port = NULL;
	unsigned n = 0;

	while (n < old->n_doors && (fds[n] = fcntl(old->doors[n].fd, F_DUPFD_CLOEXEC, 0)) >= 0)
		n++;
	if (n == old->n_doors) {
		port = port_new(listener, fds, n);
		if (listener->host[0] == '/')
			chmod(listener->host, listener->mode ? listener->mode : 0600);
	} else {
		err_sys(err, "listener %s", listener->name);
		while (n > 0)
			close(fds[--n]);
	}
	free(fds);
	return port;
}

/* One at a port that the kernel chose is told by its name. */
bool port_is_at(const struct port *port, const struct listener *l)
{
	const struct listener *own = &port->listener;

	if (strcmp(own->host, l->host) != 0)
		return false;
	return l->host[0] == '/' ||
	    (l->port ? port->bound == l->port : own->port == 0 && strcmp(own->name, l->name) == 0);
}

bool port_is(const struct port *port, const struct listener *l)
{
	const struct listener *own = &port->listener;

	return port_is_at(port, l) && strcmp(own->name, l->name) == 0 && own->proto == l->proto &&
	    own->tls == l->tls && own->mode == l->mode &&
	    strcmp(own->role, l->role ? l->role : "") == 0;
}

void port_free(struct port *port)
{
	for (unsigned i = 0; i < port->n_doors; i++)
		if (port->doors[i].fd >= 0)
			close(port->doors[i].fd);
	free((char *)port->listener.name);
	free((char *)port->listener.host);
	free((char *)port->listener.role);
	free(port->doors);
	free(port);
}

void port_address(const struct port *port, char *out, size_t n)
{
	listen_bound(&port->listener, port->doors[0].fd, out, n);
}
