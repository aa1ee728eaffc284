/* pbe_private.h - what pki/pbe*.c share; no one else includes it */
#ifndef PKI_PBE_PRIVATE_H
#define PKI_PBE_PRIVATE_H

#include "pki/cbc.h"
#include "pki/pbe.h"

/* A number that says how often to iterate: 1 to PBE_ITERATIONS_MAX. */
bool pbe_iterations(struct slice *rest, unsigned *out);

/* As cbc_open, in words of passwords. */
int pbe_open(const struct cbc *cipher, const unsigned char *key, const unsigned char *iv,
    struct slice in, struct buf *plain, struct err *err);

int pbe_unlock_pkcs12(struct slice password, const struct cbc *cipher, struct slice parameters,
    struct slice in, struct buf *plain, struct err *err);

#endif
