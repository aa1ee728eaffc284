/* pem_key.h - a private key in a PEM text, with or without a password */
#ifndef SMIME_PEM_KEY_H
#define SMIME_PEM_KEY_H

#include "core/buf.h"
#include "core/err.h"

/* Append the first private key of the text as PKCS#8 DER; wipe that. 1, 0 when
   the text has none, -1. ERR_DENIED: wrong password. */
int pem_key(struct slice pem, struct slice password, struct buf *key, struct err *err);

#endif
