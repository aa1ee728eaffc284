/* told.h - changes of keys and certificates, told to the audit trail by fingerprints
 *
 * All of this belongs to the operation that the thread runs (core/op.h). */
#ifndef PKI_TOLD_H
#define PKI_TOLD_H

#include "core/buf.h"

struct domain_record;

/* Something in DER that is in place of something else: a certificate, a public key, a
   list of those. `of` is a domain or an address, or NULL. Empty: nothing. */
void told_der(const char *what, const char *of, struct slice before, struct slice after);

/* A list of certificates, DER one behind another, in place of another: each that came or
   went. */
void told_certs(const char *what, const char *of, struct slice before, struct slice after);

/* What became of a domain's key, certificate and chain. */
void told_record(
    const char *domain, const struct domain_record *before, const struct domain_record *after);

#endif
