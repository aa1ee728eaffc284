/* pkcs12.h - a key with its certificates in one file under a password (RFC 7292)
 *
 * Written is what all of today read: PBES2 with AES-256-CBC and PBKDF2 with
 * HMAC-SHA-256, a MAC with SHA-256. Read is also what was written before: triple
 * DES, RC2, MACs with SHA-1, and BER with lengths left open. */
#ifndef PKI_PKCS12_H
#define PKI_PKCS12_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

struct pkcs12 {
	struct slice key;   /* PKCS#8 DER */
	struct slice chain; /* DER, the key's own certificate first */
	struct slice name;  /* friendlyName, UTF-8 */
	bool older;	    /* for programs that know nothing newer than triple DES and SHA-1 */
};

/* Append the file; password: UTF-8. */
int pkcs12_write(
    const struct pkcs12 *what, struct slice password, struct buf *out, struct err *err);

/* Append the key (wipe it) and its chain, its own certificate first. ERR_DENIED:
   wrong password; ERR_INPUT: malformed, or no key with its certificate inside. */
int pkcs12_read(
    struct slice file, struct slice password, struct buf *key, struct buf *chain, struct err *err);

#endif
