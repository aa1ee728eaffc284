/* key.h - key pairs: made, read, written; never kept */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include "core/buf.h"
#include "core/err.h"

/* What is known of a private key. */
struct key_info {
	const char *type;	/* "P-256", "RSA-2048" */
	struct buf public_info; /* SubjectPublicKeyInfo, DER */
};

/* A new P-256 key as PKCS#8 DER. The bufs are the caller's: wipe der. */
int key_make(struct buf *der, struct err *err);

/* The private key in a PEM text (PKCS#8, SEC 1 or PKCS#1; not encrypted) as
   DER. */
int key_from_pem(struct slice pem, struct buf *der, struct err *err);

/* What kind of key that is, and its public half. Checks that it is one that
   may be used: P-256, P-384, RSA of 2048 to 4096 bits. */
int key_look(struct slice der, struct key_info *out, struct err *err);
void key_info_done(struct key_info *info);

#endif
