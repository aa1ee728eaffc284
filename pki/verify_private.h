/* verify_private.h - what the files that judge certificates share; no one else includes it */
#ifndef PKI_VERIFY_PRIVATE_H
#define PKI_VERIFY_PRIVATE_H

#include "pki/verify.h"

/* --- verify_link.c: one certificate, and one with the next --- */

/* May it be used for the purpose, now? Everything but who signed it. */
int verify_leaf(const struct verify_spec *spec, const struct cert *leaf, struct err *err);

/* May it have issued a certificate below which there are `below` authorities,
   not counting those that renew themselves? */
int verify_authority(
    const struct verify_spec *spec, const struct cert *ca, unsigned below, struct err *err);

/* Did ca's key sign it? */
int verify_signature(const struct cert *cert, const struct cert *ca, struct err *err);

/* RFC 5280 6.1: of the same name, such as one that has a new key. */
bool verify_self_issued(const struct cert *cert);

/* --- verify_constraints.c --- */

/* Do the names in cert keep to ca's name constraints (RFC 5280 4.2.1.10)?
 *budget is what comparisons may still be made, for the whole path. */
int verify_names(const struct cert *ca, const struct cert *cert, unsigned *budget, struct err *err);

#endif
