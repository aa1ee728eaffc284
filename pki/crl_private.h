/* crl_private.h - what the files that read lists share; no one else includes it */
#ifndef PKI_CRL_PRIVATE_H
#define PKI_CRL_PRIVATE_H

#include "pki/crl.h"

/* Can all entries be read? Notes what they say that is not known. */
bool crl_read_entries(struct crl *crl);

#endif
