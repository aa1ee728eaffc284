/* key.h - key pairs: made, read, written; never kept */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

/* What is known of a private key. */
struct key_info {
	const char *type; /* "P-256", "RSA-2048", "RSA" of another size */
	int bits;
	bool rsa;
	struct buf public_info; /* SubjectPublicKeyInfo, DER */
};

enum key_kind { KEY_P256, KEY_P384, KEY_RSA_2048, KEY_RSA_3072, KEY_RSA_4096 };
extern const char *const key_kind_names[]; /* "P-256", ..., NULL */

/* Append a new key as DER: PKCS#8, PKCS#1 for RSA, which may take seconds. Wipe
 *der. */
int key_make(enum key_kind kind, struct buf *der, struct err *err);

/* Append the only private key of a PEM text (PKCS#8, SEC 1 or PKCS#1; not encrypted)
   as DER. ERR_INPUT says what is there instead. Wipe *der. What comes in other forms
   is read by pki/shape.h. */
int key_from_pem(struct slice pem, struct buf *der, struct err *err);

/* What kind of key that is, and its public half: P-256, P-384, or RSA of 1024 to 4096
   bits; others are refused by name. Its numbers are not proved: key_check does. */
int key_look(struct slice der, struct key_info *out, struct err *err);

/* Append the key with its public half inside, so that it signs. RFC 5915 3 lets those
   who write EC keys leave it out, as Java does; other keys are appended as they are.
   Wipe *whole. */
int key_complete(struct slice der, struct buf *whole, struct err *err);

/* Is it as large as keys that are brought must be (pki.rsa-bits-min)? */
int key_allowed(const struct key_info *info, struct err *err);

/* Do its parts belong together, are its primes some? 0, or -1 with the reason. Takes
   some milliseconds. */
int key_check(struct slice der, struct err *err);

void key_info_done(struct key_info *info);

#endif
