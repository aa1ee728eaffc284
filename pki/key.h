/* key.h - key pairs: made, read, written; never kept */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include "core/buf.h"
#include "core/err.h"

/* What is known of a private key. */
struct key_info {
	const char *type; /* "P-256", "RSA-2048", "RSA" of another size */
	int bits;
	struct buf public_info; /* SubjectPublicKeyInfo, DER */
};

enum key_kind { KEY_P256, KEY_P384, KEY_RSA_2048, KEY_RSA_3072, KEY_RSA_4096 };
extern const char *const key_kind_names[]; /* "P-256", ..., NULL */

/* A new key as DER: PKCS#8, PKCS#1 for RSA, which may take seconds. The buf is
   the caller's: wipe it. */
int key_make(enum key_kind kind, struct buf *der, struct err *err);

/* The private key in a PEM text (PKCS#8, SEC 1 or PKCS#1; not encrypted) as
   DER. What comes in other forms is read by pki/shape.h. */
int key_from_pem(struct slice pem, struct buf *der, struct err *err);

/* What kind of key that is, and its public half. Checks that it is one that
   may be used: P-256, P-384, RSA of 2048 to 4096 bits. */
int key_look(struct slice der, struct key_info *out, struct err *err);
/* Do its parts belong together? RSA only; other keys have one. 0, or -1 with the
   reason. */
int key_check(struct slice der, struct err *err);

void key_info_done(struct key_info *info);

#endif
