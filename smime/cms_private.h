/* cms_private.h - what the files of CMS share; no one else includes it */
#ifndef SMIME_CMS_PRIVATE_H
#define SMIME_CMS_PRIVATE_H

#include "smime/cms.h"

enum { CMS_KEY = 32, CMS_BLOCK = 16, CMS_NONCE = 12, CMS_TAG = 16 };

#define CMS_OID_DATA "1.2.840.113549.1.7.1"
#define CMS_OID_ENVELOPED "1.2.840.113549.1.7.3"
#define CMS_OID_AUTH_ENVELOPED "1.2.840.113549.1.9.16.1.23"
#define CMS_OID_AES_256_CBC "2.16.840.1.101.3.4.1.42"
#define CMS_OID_AES_256_GCM "2.16.840.1.101.3.4.1.46"
#define CMS_OID_AES_256_WRAP "2.16.840.1.101.3.4.1.45"
#define CMS_OID_RSA "1.2.840.113549.1.1.1"
#define CMS_OID_EC "1.2.840.10045.2.1"
#define CMS_OID_ECDH_SHA256 "1.3.132.1.11.1" /* dhSinglePass-stdDH-sha256kdf-scheme */

struct ecc_curve;
/* The curve of that OID (its contents), and how many bytes a coordinate has; NULL:
   not used. */
const struct ecc_curve *cms_curve(struct slice oid, size_t *coordinate);

/* Append the RecipientInfo that gives the content's key to the recipient. */
int cms_recipient_put(const struct cms_recipient *recipient, const unsigned char key[CMS_KEY],
    struct buf *out, struct err *err);
bool cms_recipient_agrees(const struct cms_recipient *recipient); /* by key agreement */

/* Append ECC-CMS-SharedInfo (RFC 5753 7.2) for a key that wraps by that
   AlgorithmIdentifier and has n bytes; ukm: NULL or user keying material. */
void cms_shared_info(struct buf *out, struct slice algorithm, const struct slice *ukm, size_t n);

#endif
