/* csr.h - signing requests (PKCS#10, RFC 2986) */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"
#include "pki/sign.h"
#include "pki/subject.h"

/* Append a request for the key, DER. subject: complete. */
int csr_make(const struct subject *subject, struct slice domain, const struct sign_key *key,
    struct buf *der, struct err *err);

/* What a request of somebody else says; slices point into its DER. */
struct csr {
	struct slice info, algorithm, signature; /* as struct cert has them */
	struct slice subject, public_info;	 /* a whole Name; SubjectPublicKeyInfo */
	struct cert asks; /* what the extensions that it asks for say; the rest is empty */
};

enum { CSR_MAX = 64 * 1024 };

/* Append the request in a text, which is PEM or DER, as DER. One, and no longer than
   CSR_MAX. ERR_INPUT. */
int csr_take(struct slice text, struct buf *der, struct err *err);

/* Read it; its key is one that may be used, and signed it. ERR_INPUT with the reason. */
int csr_read(struct slice der, struct csr *out, struct err *err);

#endif
