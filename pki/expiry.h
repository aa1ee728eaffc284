/* expiry.h - what expires when: over all domains, profiles, authorities, users
 *
 * The store's records are read once, in the background, and from then on as they change;
 * memory holds a line for each certificate, the soonest first. So neither a look at what
 * ends next nor the watch over it walks through all domains. */
#ifndef PKI_EXPIRY_H
#define PKI_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"

struct expiry_item {
	int64_t not_after;
	const char *kind;    /* "certificate", "chain", "trusted", "authority", ... */
	const char *owner;   /* a domain, a profile, "server", an address */
	const char *domain;  /* whose admins and postmaster it concerns; NULL: the server's */
	const char *subject; /* for people */
	const char *sha256;  /* of the certificate; "" when only its end is known */
	bool automatic;	     /* the server renews it by itself */
};

/* A room of store_record_* whose records have certificates: a row beside its code. */
struct expiry_put; /* of the record at hand */
struct expiry_source {
	const char *room;
	/* Call expiry_item for each. An empty value: the record is gone; nothing to be said
	   of it unless it spoke under another name (expiry_name). */
	void (*read)(struct slice key, struct slice value, struct expiry_put *put);
};
#define EXPIRY_SOURCE(id) TABLE_ROW(expiry_source, id)
TABLE_DECLARE(expiry_source);

/* From read(): texts are copied. */
void expiry_add(struct expiry_put *put, const struct expiry_item *item);
/* Several records have certificates in place of each other: the one that ends last counts
   for all with that name. */
void expiry_name(struct expiry_put *put, const char *name);
/* The record's certificate, which ends then, was revoked: it does not count any more for
   that name. */
void expiry_void(struct expiry_put *put, const char *name, int64_t not_after);

/* A thread: reads all, then warns in time. */
int expiry_start(struct err *err);
void expiry_stop(void);

/* Records were changed of which nobody was told: read all anew. May wait for the disk. */
void expiry_reload(void);

/* Visit the soonest first, until visit returns false; domain: only what concerns it, or
   NULL. The item is valid during the call, which must not wait. False: it is still being
   read. */
bool expiry_each(
    const char *domain, bool (*visit)(void *arg, const struct expiry_item *item), void *arg);

#endif
