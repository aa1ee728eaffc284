/* cbc.h - block ciphers in CBC mode, as passwords and messages name them */
#ifndef PKI_CBC_H
#define PKI_CBC_H

#include "core/buf.h"
#include "core/err.h"

enum { CBC_KEY_MAX = 32, CBC_BLOCK_MAX = 16 };

struct cbc {
	const char *oid;
	size_t key_n, block_n; /* an IV is a block */
	/* In place, whole blocks; iv is changed. */
	void (*decrypt)(
	    const unsigned char *key, unsigned char *iv, unsigned char *bytes, size_t n);
};

/* The row of that OID (its contents), or NULL. AES and triple DES; of PKCS#12
   (RFC 7292 C) also RC2, for what others made long ago. */
const struct cbc *cbc_find(struct slice oid);
const struct cbc *cbc_find_pkcs12(struct slice oid);

/* Decrypt and take off the padding (RFC 5652 6.3), appending. iv: a block.
   ERR_INPUT: no whole blocks; ERR_DENIED: wrong key, as the padding tells. */
int cbc_open(const struct cbc *cipher, const unsigned char *key, const unsigned char *iv,
    struct slice in, struct buf *plain, struct err *err);

/* Pad and encrypt, appending: by AES-256; by triple DES, for programs that know
   nothing newer. */
void cbc_close_aes_256(
    const unsigned char *key, const unsigned char *iv, struct slice plain, struct buf *out);
void cbc_close_des3(
    const unsigned char *key, const unsigned char *iv, struct slice plain, struct buf *out);

#endif
