/* cert_private.h - what the files that read certificates share; no one else includes it */
#ifndef PKI_CERT_PRIVATE_H
#define PKI_CERT_PRIVATE_H

#include "pki/cert.h"

/* Fill in what the contents of Extensions say. False: malformed. */
bool cert_read_extensions(struct slice list, struct cert *c);

#endif
