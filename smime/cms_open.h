/* cms_open.h - the content's key, taken out of a RecipientInfo; for smime/cms_*.c */
#ifndef SMIME_CMS_OPEN_H
#define SMIME_CMS_OPEN_H

#include "smime/cms_private.h"

/* Find the RecipientInfo of one of the certificates and open it: n bytes to
   *out. A key transported by PKCS #1 v1.5 is always "found": random bytes when
   the padding is wrong (RFC 3218 2.3.2). */
int cms_open_key(struct slice recipients, const struct cms_keys *keys, unsigned char *out, size_t n,
    struct err *err);

/* --- one way each; key: PKCS#8 DER. False: it does not open. --- */

bool cms_open_transport(
    struct slice key, struct slice algorithm, struct slice encrypted, unsigned char *out, size_t n);

struct cms_agreement {
	struct slice point; /* the sender's key: SubjectPublicKeyInfo's contents */
	const struct slice *ukm;
	struct slice algorithm; /* contents: key agreement scheme, and how the key is wrapped */
	struct slice wrapped;
};
bool cms_open_agreement(
    struct slice key, const struct cms_agreement *agreement, unsigned char *out, size_t n);

/* PrivateKeyInfo (RFC 5958): the OID, what is behind it, and the key's contents. */
bool cms_private_key(
    struct slice pkcs8, struct slice *oid, struct slice *parameters, struct slice *key);

#endif
