/* crl_fetch.c - lists of revoked certificates, fetched from where certificates name them
 *
 * Places are learned from certificates that were found good, so nobody but the authorities
 * that a domain asks for can name one. They are kept in memory; the lists are stored. */
#include "pki/crl_fetch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/fetch.h"
#include "core/log.h"
#include "core/loop.h"
#include "pki/crl.h"
#include "pki/der.h"
#include "pki/ocsp.h"
#include "pki/pki_private.h"
#include "pki/trust.h"

enum { PLACES_MAX = 256, LIST_BYTES = 1 << 20, FETCH_MS = 30 * 1000 };
enum { AGAIN = 3600, LATEST = 24 * 3600, SOONEST = 60 };

CONF_KEY(pki_crl_fetch) = {
	.name = "pki.crl.fetch",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "off",
	.help = "fetch the lists of revoked certificates that certificates of clients name",
};

struct place {
	struct place *next;
	char *domain, *url;
	int64_t due; /* unix seconds */
};

static struct {
	pthread_mutex_t lock;
	struct place *first;
	size_t n;
} places = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- where --- */

/* The first http URL of its CRL distribution points (RFC 5280 4.2.1.13). */
static bool crl_url(const struct cert *cert, struct slice *url)
{
	struct slice value, list, point, name, full;

	if (!cert_extension(cert, "2.5.29.31", &value) || !der_want(&value, DER_SEQUENCE, &list))
		return false;
	while (der_want(&list, DER_SEQUENCE, &point))
		if (der_want(&point, DER_CONTEXT_CONSTRUCTED | 0, &name) &&
		    der_want(&name, DER_CONTEXT_CONSTRUCTED | 0, &full) &&
		    der_want(&full, DER_CONTEXT | 6, url) && slice_istarts(*url, SLICE("http://")))
			return true;
	return false;
}

/* With the lock held. */
static bool is_known(const char *domain, struct slice url)
{
	for (const struct place *p = places.first; p; p = p->next)
		if (strcmp(p->domain, domain) == 0 && slice_eq(slice_str(p->url), url))
			return true;
	return false;
}

void crl_want(const char *domain, const struct cert *leaf)
{
	struct conf_at at = { .domain = domain };
	struct slice url;

	if (!conf_num_at(&conf_key_pki_crl_fetch, &at) || !crl_url(leaf, &url))
		return;
	pthread_mutex_lock(&places.lock);
	if (places.n < PLACES_MAX && !is_known(domain, url)) {
		struct place *place = mem_get(sizeof(*place));
		place->domain = mem_str(slice_str(domain));
		place->url = mem_str(url);
		place->next = places.first;
		places.first = place;
		places.n++;
	}
	pthread_mutex_unlock(&places.lock);
}

/* --- fetch --- */

/* Halfway to its next issue, within a day. */
static int64_t due_after(struct slice der)
{
	int64_t now = time(NULL), wait = LATEST;
	struct crl crl;

	if (crl_next(&der, &crl) && crl.next_update)
		wait = (crl.next_update - now) / 2;
	return now + (wait < SOONEST ? SOONEST : wait > LATEST ? LATEST : wait);
}

/* As DER, which it should be (RFC 5280 4.2.1.13), or as PEM. */
static void as_pem(struct buf *list)
{
	struct buf pem = { 0 };

	if (slice_find(buf_slice(list), SLICE("-----BEGIN")) >= 0)
		return;
	pem_put("X509 CRL", buf_slice(list), &pem);
	buf_done(list);
	*list = pem;
}

static int64_t fetch_one(const char *domain, const char *url)
{
	struct fetch_spec spec = { .url = slice_str(url), .max = LIST_BYTES, .ms = FETCH_MS };
	struct buf list = { 0 };
	struct err err = { 0 };
	int64_t due = time(NULL) + AGAIN;
	int rc = fetch(&spec, &list, &err);

	if (rc == 0) {
		int64_t next = due_after(buf_slice(&list));
		as_pem(&list);
		rc = trust_add_lists(slice_str(domain), buf_slice(&list), &err);
		if (rc == 0)
			due = next;
	}
	log_event(rc == 0 ? LOG_INFO : LOG_WARN, rc == 0 ? "crl-fetched" : "crl-not-fetched",
	    log_z("domain", domain), log_z("url", url), log_z("reason", rc == 0 ? "" : err.text));
	buf_done(&list);
	return due;
}

/* The next that is due, or NULL. Places are never dropped while the server
   runs. */
static struct place *next_due(void)
{
	int64_t now = time(NULL);

	pthread_mutex_lock(&places.lock);
	struct place *p = places.first;
	while (p && p->due > now)
		p = p->next;
	pthread_mutex_unlock(&places.lock);
	return p;
}

void crl_fetch_due(void)
{
	struct place *place;

	while (!threads_ending() && (place = next_due()) != NULL) {
		int64_t due = fetch_one(place->domain, place->url);
		pthread_mutex_lock(&places.lock);
		place->due = due;
		pthread_mutex_unlock(&places.lock);
	}
}

void crl_fetch_stop(void)
{
	while (places.first) {
		struct place *place = places.first;
		places.first = place->next;
		free(place->domain);
		free(place->url);
		free(place);
	}
	places.n = 0;
}
