/* address.c - which domain a local address leads to, and whether TLS is offered there
 *
 * Kept in memory are the domains that addresses were given to, and the main one,
 * to which all other addresses lead: a few, even where there are many domains. A
 * change of a domain looks at that one anew. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#include "pki/pki_private.h"
#include "storage/dir.h"

struct place {
	struct place *next;
	char *domain;
	struct buf addresses; /* of 4 or 16 bytes, each behind its length */
	bool main, shows;
};

static struct {
	pthread_rwlock_t lock;
	struct place *first;
} places = { .lock = PTHREAD_RWLOCK_INITIALIZER };

/* --- the list; with the lock held --- */

static void drop(struct slice domain)
{
	struct place **at = &places.first;

	while (*at && !slice_ieq(slice_str((*at)->domain), domain))
		at = &(*at)->next;
	struct place *place = *at;
	if (!place)
		return;
	*at = place->next;
	free(place->domain);
	buf_done(&place->addresses);
	free(place);
}

/* There is one main domain. */
static void put(struct place *place)
{
	drop(slice_str(place->domain));
	for (struct place *other = places.first; place->main && other; other = other->next)
		other->main = false;
	place->next = places.first;
	places.first = place;
}

static bool has_address(const struct place *place, struct slice address)
{
	struct slice rest = buf_slice(&place->addresses);

	while (rest.n > 0) {
		size_t n = (unsigned char)rest.p[0];
		if (slice_eq(slice_head(slice_from(rest, 1), n), address))
			return true;
		rest = slice_from(rest, 1 + n);
	}
	return false;
}

/* --- looking at one domain --- */

struct slice address_bytes(const struct sockaddr *address)
{
	const struct sockaddr_in *in4 = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address && address->sa_family == AF_INET)
		return slice_of(&in4->sin_addr, sizeof(in4->sin_addr));
	if (!address || address->sa_family != AF_INET6)
		return (struct slice){ 0 };
	/* A socket for both kinds shows IPv4 addresses mapped. */
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return slice_of((const char *)&in6->sin6_addr + 12, 4);
	return slice_of(&in6->sin6_addr, sizeof(in6->sin6_addr));
}

static void add_address(struct buf *out, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	unsigned char n = 0;

	if (inet_pton(AF_INET, text, address) == 1)
		n = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, text, address) == 1)
		n = sizeof(struct in6_addr);
	if (n == 0)
		return;
	buf_addc(out, (char)n);
	buf_add(out, address, n);
}

static bool has_something(const char *domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct shown shown = { 0 };
	bool has = record_get(slice_str(domain), &bytes, &record) == 1 &&
	    shown_of(domain, &record, &shown) == 1;

	shown_done(&shown);
	buf_done(&bytes);
	return has;
}

static struct place *place_new(struct slice name, struct pool *pool)
{
	struct dir_domain domain;

	if (dir_domain(name, pool, &domain) != 1 || (!domain.main && !domain.addresses))
		return NULL;
	struct place *place = mem_get(sizeof(*place));
	struct slice rest = slice_str(domain.addresses);
	for (struct slice text; (text = slice_word(&rest)).n > 0;)
		add_address(&place->addresses, pool_str(pool, text));
	place->domain = mem_str(slice_str(domain.name));
	place->main = domain.main;
	place->shows = has_something(domain.name);
	return place;
}

static bool is_main(const char *domain)
{
	for (const struct place *p = places.first; p; p = p->next)
		if (p->main)
			return strcmp(p->domain, domain) == 0;
	return false;
}

/* With the lock held: what is read is not older than what is kept. */
static void look_at(struct slice domain)
{
	struct pool pool = { 0 };
	struct place *place = place_new(domain, &pool);

	if (place)
		put(place);
	else
		drop(domain);
	pool_done(&pool);
}

/* The main domain may have become it just now. */
void address_look(struct slice domain)
{
	struct pool pool = { 0 };
	struct dir_domain main_domain;

	pthread_rwlock_wrlock(&places.lock);
	look_at(domain);
	if (dir_main_domain(&pool, &main_domain) == 1 && !is_main(main_domain.name))
		look_at(slice_str(main_domain.name));
	pthread_rwlock_unlock(&places.lock);
	pool_done(&pool);
}

void address_stop(void)
{
	pthread_rwlock_wrlock(&places.lock);
	while (places.first)
		drop(slice_str(places.first->domain));
	pthread_rwlock_unlock(&places.lock);
}

/* --- asking; with the lock held --- */

static const struct place *place_at(const struct sockaddr *local)
{
	struct slice address = address_bytes(local);
	const struct place *otherwise = NULL;

	for (const struct place *p = places.first; p; p = p->next) {
		if (address.n > 0 && has_address(p, address))
			return p;
		if (p->main)
			otherwise = p;
	}
	return otherwise;
}

bool address_shows(const struct sockaddr *local)
{
	pthread_rwlock_rdlock(&places.lock);
	const struct place *place = place_at(local);
	bool shows = place && place->shows;
	pthread_rwlock_unlock(&places.lock);
	return shows;
}

const char *address_domain(const struct sockaddr *local, struct pool *pool)
{
	pthread_rwlock_rdlock(&places.lock);
	const struct place *place = place_at(local);
	const char *domain = place ? pool_str(pool, slice_str(place->domain)) : NULL;
	pthread_rwlock_unlock(&places.lock);
	return domain;
}
