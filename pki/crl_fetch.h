/* crl_fetch.h - lists of revoked certificates, fetched from where certificates name them */
#ifndef PKI_CRL_FETCH_H
#define PKI_CRL_FETCH_H

#include "pki/cert.h"

/* A client showed that certificate to the domain, and it was good: where it says that its
   issuer lists revoked ones, the list is fetched in the background (pki.crl.fetch), and
   counts from then on as if an admin had given it. Waits for nothing. */
void crl_want(const char *domain, const struct cert *leaf);

/* Fetch what is due; now and then, by a thread that may wait. */
void crl_fetch_due(void);
void crl_fetch_stop(void);

#endif
