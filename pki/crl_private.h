/* crl_private.h - what the files that read lists share; no one else includes it */
#ifndef PKI_CRL_PRIVATE_H
#define PKI_CRL_PRIVATE_H

#include "pki/crl.h"

/* Can all entries be read? Notes what they say that is not known. */
bool crl_read_entries(struct crl *crl);

struct crl_entry {
	struct slice serial;
	struct slice issuer; /* a whole Name; empty: as the one before */
	unsigned reason;
	bool known; /* nothing critical that is not */
};

/* The next one of *rest, a part of crl.revoked. False: the end, or malformed. */
bool crl_next_entry(struct slice *rest, struct crl_entry *e);

/* By the list's index, which must be there. */
bool crl_index_find(const struct crl *crl, struct slice serial, unsigned *reason);

#endif
