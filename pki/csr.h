/* csr.h - signing requests (PKCS#10, RFC 2986) */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include "core/buf.h"
#include "core/err.h"
#include "pki/sign.h"
#include "pki/subject.h"

/* Append a request for the key, DER. subject: complete. */
int csr_make(const struct subject *subject, struct slice domain, const struct sign_key *key,
    struct buf *der, struct err *err);

#endif
