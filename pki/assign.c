/* assign.c - certificates given to listeners, answered from memory
 *
 * The setting listener.certificate names a profile or a domain for a listener; or
 * for one of its addresses, when it is set for "LISTENER@ADDRESS" or
 * "LISTENER@ADDRESS:PORT". The nearest of them counts. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/client.h"
#include "core/log.h"
#include "core/num.h"
#include "pki/pki_private.h"

struct assigned {
	struct assigned *next;
	char *listener, *reference;
	struct slice address; /* 4 or 16 bytes; empty: any */
	unsigned port;	      /* 0: any */
	struct sockaddr_storage at;
};

static struct {
	pthread_rwlock_t lock;
	struct assigned *first;
} all = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static atomic_bool any;

/* --- the list --- */

static void free_list(struct assigned *list)
{
	for (struct assigned *next; list; list = next) {
		next = list->next;
		free(list->listener);
		free(list->reference);
		free(list);
	}
}

static unsigned port_of(const struct sockaddr *address)
{
	if (address && address->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
	if (address && address->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
	return 0;
}

/* "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]:443" */
static bool take_address(struct assigned *a, struct slice text)
{
	ptrdiff_t colon = slice_rchr(text, ':');
	bool has_port = colon > 0 && (slice_chr(text, ':') == colon || text.p[colon - 1] == ']');
	struct slice host = has_port ? slice_head(text, (size_t)colon) : text;
	uint32_t port = 0;
	socklen_t n;

	if (has_port && (!num_u32(slice_from(text, (size_t)colon + 1), &port) || port > 65535))
		return false;
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	if (!client_address(host, 0, &a->at, &n))
		return false;
	a->address = address_bytes((const struct sockaddr *)&a->at);
	a->port = port;
	return true;
}

bool assign_is_address(struct slice text)
{
	return take_address(&(struct assigned){ 0 }, text);
}

static void add(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	struct assigned **first = arg, *a = mem_get(sizeof(*a));
	struct slice address = slice_str(place), listener = slice_cut(&address, '@');

	(void)scope;
	a->listener = mem_str(listener);
	a->reference = mem_str(slice_str(text));
	a->next = *first;
	if (address.n == 0 || take_address(a, address)) {
		*first = a;
		return;
	}
	log_event(LOG_ERROR, "listener-certificate", log_z("listener", place),
	    log_z("reason", "no address"));
	a->next = NULL;
	free_list(a);
}

static void read_all(int64_t num);

CONF_KEY(listener_certificate) = {
	.name = "listener.certificate",
	.type = CONF_TEXT,
	.scopes = CONF_LISTENER,
	.def = "",
	.refers = "certificate",
	.help = "profile or domain whose certificate a listener shows, or one of its addresses "
		"(LISTENER@ADDRESS:PORT); empty: that of the domain that a client comes to",
	.changed = read_all,
};

static void read_all(int64_t num)
{
	struct assigned *first = NULL, *old;

	(void)num;
	conf_each(&conf_key_listener_certificate, add, &first);
	pthread_rwlock_wrlock(&all.lock);
	old = all.first;
	all.first = first;
	atomic_store(&any, first != NULL);
	pthread_rwlock_unlock(&all.lock);
	free_list(old);
}

/* --- asking --- */

/* How well it fits: 0 not at all. */
static int fit(const struct assigned *a, const struct tls_hello *hello, struct slice address)
{
	if (strcmp(a->listener, hello->listener) != 0)
		return 0;
	if (a->address.n == 0)
		return 1;
	if (!slice_eq(a->address, address))
		return 0;
	if (a->port == 0)
		return 2;
	return a->port == port_of(hello->local) ? 3 : 0;
}

bool assign_find(const struct tls_hello *hello, struct buf *reference)
{
	struct slice address = address_bytes(hello->local);
	const struct assigned *best = NULL;
	int best_fit = 0;

	if (!atomic_load_explicit(&any, memory_order_acquire) || !hello->listener)
		return false;
	pthread_rwlock_rdlock(&all.lock);
	for (const struct assigned *a = all.first; a; a = a->next)
		if (fit(a, hello, address) > best_fit) {
			best = a;
			best_fit = fit(a, hello, address);
		}
	if (best && reference)
		buf_addz(reference, best->reference);
	pthread_rwlock_unlock(&all.lock);
	return best != NULL;
}

/* --- what may be said --- */

static int check_certificate(const struct conf_key *key, struct slice value, struct err *err)
{
	struct pool pool = { 0 };
	struct slice owner;
	struct err why = { 0 };
	int rc = 0;

	if (strcmp(key->refers, "certificate") != 0 ||
	    (key != &conf_key_listener_certificate && slice_ieq(value, SLICE("none"))))
		return 0;
	if (owner_named(value, &pool, &owner, &why) != 0)
		rc = err_set(err, why.kind, "%s: %s; see signet profile list, signet domain list",
		    key->name, why.text);
	pool_done(&pool);
	return rc;
}

void assign_start(void)
{
	conf_refers_set(check_certificate);
}

void assign_stop(void)
{
	conf_refers_set(NULL);
	pthread_rwlock_wrlock(&all.lock);
	free_list(all.first);
	all.first = NULL;
	atomic_store(&any, false);
	pthread_rwlock_unlock(&all.lock);
}
