/* listen_missing.c - addresses that this machine does not have now, tried again until it has them
 *
 * An interface that is down, or an address that comes later than the server, must not keep all
 * other doors shut. What is missing is known here; trying again is comparing what listens with what
 * is wanted once more (listen_again). */
#include <stdlib.h>
#include <string.h>

#include "core/listen_private.h"
#include "core/log.h"
#include "core/loop.h"

CONF_KEY(listener_required) = {
	.name = "listener.required",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_LISTENER,
	.def = "off",
	.help = "do not start when an address of the listener is not on this machine; off: start "
		"with the others, and listen there as soon as it is",
};

enum { TRY_AGAIN_MS = 5000 };

static struct missing *missing; /* changed under the locks of changes and of lists */
static bool trying;		/* a thread does; under the lock of changes */

static struct missing *find(const struct listener *l)
{
	for (struct missing *one = missing; one; one = one->next)
		if (strcmp(one->is.name, l->name) == 0 && strcmp(one->is.host, l->host) == 0 &&
		    one->is.port == l->port)
			return one;
	return NULL;
}

bool missing_has(const struct listener *l)
{
	return find(l) != NULL;
}

bool missing_may(const struct listener *l, const struct err *why)
{
	struct conf_at at = { .listener = l->name };

	return why->kind == ERR_ABSENT && !conf_num_at(&conf_key_listener_required, &at);
}

void missing_add(struct missing **list, const struct listener *l, const struct err *why)
{
	struct missing *one = mem_get(sizeof(*one)), *before = find(l);

	one->is = (struct listen_missing){ .name = mem_str(slice_str(l->name)),
		.host = mem_str(slice_str(l->host)),
		.port = l->port,
		.protocol = l->proto->name,
		.why = mem_str(slice_str(why->text)) };
	one->next = *list;
	*list = one;
	if (!before || strcmp(before->is.why, why->text) != 0)
		log_event(LOG_WARN, "address-missing", log_z("listener", l->name),
		    log_z("reason", why->text));
}

void missing_free(struct missing **list)
{
	while (*list) {
		struct missing *one = *list;
		*list = one->next;
		free((char *)one->is.name);
		free((char *)one->is.host);
		free((char *)one->is.why);
		free(one);
	}
}

void missing_replace(const char *name, struct missing *by)
{
	struct missing *gone = NULL, **end = &by;

	ports_lock();
	for (struct missing **at = &missing; *at;) {
		struct missing *one = *at;
		if (name && strcmp(one->is.name, name) != 0) {
			at = &one->next;
			continue;
		}
		*at = one->next;
		one->next = gone;
		gone = one;
	}
	while (*end)
		end = &(*end)->next;
	*end = missing;
	missing = by;
	ports_unlock();
	missing_free(&gone);
}

static void try_again(void *arg)
{
	(void)arg;
	while (!threads_sleep(TRY_AGAIN_MS))
		if (listen_missing(NULL, NULL) > 0)
			listen_again();
}

void missing_watch(void)
{
	struct err err = { 0 };

	if (!missing || trying)
		return;
	trying = thread_start("listen", try_again, NULL, &err) == 0;
	if (!trying)
		log_event(LOG_ERROR, "cannot-listen-again", log_z("reason", err.text));
}

unsigned listen_missing(void (*row)(void *arg, const struct listen_missing *missing), void *arg)
{
	unsigned n = 0;

	ports_lock();
	for (const struct missing *one = missing; one; one = one->next, n++)
		if (row)
			row(arg, &one->is);
	ports_unlock();
	return n;
}
