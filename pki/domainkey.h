/* domainkey.h - the keys by which a domain signs its mail (DKIM), and their way from new to old
 *
 * A key waits until its record is published; then it signs, and the one of its kind that
 * signed before is old: it stays published until what it signed has arrived everywhere.
 * A key of a rotation has a time from which on the server looks for its record, and
 * begins to sign with it once it is there. */
#ifndef PKI_DOMAINKEY_H
#define PKI_DOMAINKEY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

enum domainkey_state { DOMAINKEY_WAITING, DOMAINKEY_ACTIVE, DOMAINKEY_OLD };
extern const char *const domainkey_state_names[]; /* "waiting", "active", "old", NULL */

enum domainkey_kind { DOMAINKEY_RSA, DOMAINKEY_ED25519 };
extern const char *const domainkey_kind_names[]; /* "rsa", "ed25519", NULL */

struct domainkey {
	struct slice domain, selector;
	enum domainkey_kind kind;
	enum domainkey_state state;
	int64_t made, since; /* when; since when in this state; unix seconds */
	int64_t due;	     /* of one that waits: from when on it may begin; 0: by hand */
	struct slice public; /* SubjectPublicKeyInfo in DER, or the 32 bytes of Ed25519 */
	struct slice sealed;
};

enum { DOMAINKEYS_MAX = 20 }; /* of one domain */

/* All of these: any thread but a loop's. */

/* Visit the keys of a domain (empty: of all), by selector; slices live that long. */
int domainkey_each(
    struct slice domain, bool (*visit)(void *arg, const struct domainkey *key), void *arg);
/* From pool. 1, 0, -1. */
int domainkey_get(
    struct slice domain, struct slice selector, struct pool *pool, struct domainkey *out);

/* Make a key that waits, until `due` (0: until domainkey_activate). ERR_EXISTS, ERR_LIMIT. */
int domainkey_add(struct slice domain, struct slice selector, enum domainkey_kind kind, int64_t due,
    struct err *err);
/* Sign with it from now on; the one of its kind that did is old. */
int domainkey_activate(struct slice domain, struct slice selector, struct err *err);
int domainkey_remove(struct slice domain, struct slice selector, struct err *err);
/* All of a domain that is gone. */
void domainkey_drop(struct slice domain);

/* Begin to sign with keys that waited long enough and whose records are published. Called
   now and then by a thread that may wait for the network. */
void domainkey_due(void);

/* --- what is published --- */

/* "SELECTOR._domainkey.DOMAIN", and the text of its TXT record; appended. */
void domainkey_name(const struct domainkey *key, struct buf *out);
void domainkey_text(const struct domainkey *key, struct buf *out);

/* Does the DNS have it? Waits for the network. 1; 0 and what is there instead; -1. */
int domainkey_published(const struct domainkey *key, struct pool *pool, struct err *err);

/* --- signing --- */

/* Append the signature of data by the key, as DKIM has it. */
int domainkey_sign(
    const struct domainkey *key, struct slice data, struct buf *signature, struct err *err);

/* Sign what goes through deliver(). At start. */
void domainkey_start(void);

#endif
