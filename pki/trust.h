/* trust.h - whom we believe: sets of certificates that a path may end at
 *
 * Three sets count together: the built-in one, which is a file and a folder of the
 * system's, that of the server, and that of a domain. Each is parsed once and shared. */
#ifndef PKI_TRUST_H
#define PKI_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"

/* Immutable and counted. */
struct trust_set;

/* Of DER one behind another; what cannot be read ends the set. */
struct trust_set *trust_set_new(struct slice certificates);
struct trust_set *trust_set_ref(struct trust_set *set);
void trust_set_unref(struct trust_set **set);
size_t trust_set_count(const struct trust_set *set);
const struct cert *trust_set_at(const struct trust_set *set, size_t i);

/* Lists of revoked certificates, DER one behind another, that go with a set; before
   it is shared. */
struct crl;
void trust_set_lists(struct trust_set *set, struct slice lists);
size_t trust_set_list_count(const struct trust_set *set);
const struct crl *trust_set_list(const struct trust_set *set, size_t i);

enum { TRUST_SETS = 3 };

/* Those that count for somebody. NULL: none. */
struct trust {
	struct trust_set *set[TRUST_SETS];
};

/* The next one whose subject has that canonical form, or NULL. *at is 0 at
   first. Lives as long as the sets. */
const struct cert *trust_next(const struct trust *trust, struct slice subject, size_t *at);

/* Is that very certificate among them? */
bool trust_has(const struct trust *trust, const struct cert *cert);

/* What counts for a domain; with an empty name for the server itself. References:
   give them back. May wait for the disk. */
void trust_take(struct slice domain, struct trust *out);
void trust_give_back(struct trust *trust);

/* --- changing what is stored; scope: a domain, or empty for the server's set --- */

enum { TRUST_MAX = 500 };

/* Add the certificates of a PEM text, all or none. ERR_EXISTS: it is there
   already. */
int trust_add(struct slice scope, struct slice pem, struct err *err);

/* Remove the one with that SHA-256 fingerprint (hex). */
int trust_remove(struct slice scope, struct slice fingerprint, struct err *err);

/* Add the lists of a PEM text, in place of older ones of the same authorities, who
   are trusted in that scope. */
int trust_add_lists(struct slice scope, struct slice pem, struct err *err);

/* Forget all lists of that scope. */
int trust_remove_lists(struct slice scope, struct err *err);

/* The set alone, a reference; NULL: nothing is in it. */
struct trust_set *trust_stored(struct slice scope);
struct trust_set *trust_builtin(void);

/* A domain is gone. */
void trust_drop(struct slice domain);

/* Read the system's files again when they are asked for next. */
void trust_reload(void);

void trust_stop(void);

#endif
