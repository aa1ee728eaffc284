/* pkcs7.h - certificates in a SignedData that signs nothing (RFC 2315; RFC 5652 5): .p7b, .spc */
#ifndef PKI_PKCS7_H
#define PKI_PKCS7_H

#include <stdbool.h>

#include "core/buf.h"

/* Append its certificates, DER one behind another, as they come. What is in DER may
   have been BER. False: it is no such file, or malformed. */
bool pkcs7_certs(struct slice der, struct buf *certs);

#endif
