/* key_private.h - what the files that read private keys share; no one else includes it */
#ifndef PKI_KEY_PRIVATE_H
#define PKI_KEY_PRIVATE_H

#include "pki/key.h"

/* The form of a private key, before any number in it is looked at. */
struct key_form {
	enum { KEY_FORM_EC, KEY_FORM_RSA } kind;
	struct slice inside; /* ECPrivateKey or RSAPrivateKey, DER */
};

/* PKCS#8, SEC 1 or PKCS#1, of a kind and on a curve that is used. 0, or -1 with what it
   is instead. */
int key_form(struct slice der, struct key_form *out, struct err *err);

/* Append a key of the library that has both halves as PKCS#8, the public one inside
   (RFC 5915 3). Wipe *der. */
struct ecc_key;
int key_write_ec(struct ecc_key *key, struct buf *der, struct err *err);

#endif
