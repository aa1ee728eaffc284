/* cert_private.h - what the files that read certificates share; no one else includes it */
#ifndef PKI_CERT_PRIVATE_H
#define PKI_CERT_PRIVATE_H

#include "pki/cert.h"
#include "pki/der.h"

/* Fill in what the contents of Extensions say. False: malformed. */
bool cert_read_extensions(struct slice list, struct cert *c);

/* Append a character string of any type as UTF-8. False: it is no string, or not a
   good one. */
bool cert_string(const struct der *value, struct buf *out);

#endif
