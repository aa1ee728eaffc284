/* pkcs12_private.h - what pki/pkcs12*.c share; no one else includes it */
#ifndef PKI_PKCS12_PRIVATE_H
#define PKI_PKCS12_PRIVATE_H

#include "pki/pkcs12.h"

#define PKCS12_DATA "1.2.840.113549.1.7.1"
#define PKCS12_ENCRYPTED "1.2.840.113549.1.7.6"
#define PKCS12_KEY_BAG "1.2.840.113549.1.12.10.1.1"
#define PKCS12_LOCKED_KEY_BAG "1.2.840.113549.1.12.10.1.2"
#define PKCS12_CERT_BAG "1.2.840.113549.1.12.10.1.3"
#define PKCS12_X509 "1.2.840.113549.1.9.22.1"
#define PKCS12_NAME "1.2.840.113549.1.9.20"
#define PKCS12_KEY_ID "1.2.840.113549.1.9.21"

/* --- pkcs12_mac.c: MacData (RFC 7292 4) --- */

/* Append it for those bytes: with SHA-256, or with SHA-1. */
int pkcs12_put_mac(
    struct slice bytes, struct slice password, bool older, struct buf *out, struct err *err);

/* mac: its contents. ERR_DENIED: wrong password, or the file was changed. */
int pkcs12_check_mac(struct slice mac, struct slice bytes, struct slice password, struct err *err);

#endif
