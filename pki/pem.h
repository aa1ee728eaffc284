/* pem.h - DER as text (RFC 7468)
 *
 * Read as people send it: with text around the blocks, lines of any length, CR LF,
 * a byte order mark, no end of the last line. Only base64 stands between the marks,
 * perhaps behind the headers of RFC 1421. */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

/* Append a block of that kind: "CERTIFICATE", "CERTIFICATE REQUEST". */
void pem_put(const char *kind, struct slice der, struct buf *pem);

struct pem_block {
	struct slice kind; /* points into the text; short, printable ASCII */
	bool encrypted;	   /* its headers say so (RFC 1421 4.6.1.1): what it has is no DER */
};

enum pem_got { PEM_END, PEM_BLOCK, PEM_BROKEN };

/* Take the next block off *text. *der is made to be what is in it; wipe it when that
   may be a key. PEM_BROKEN: block says of what kind it would have been and *err what
   is wrong ("is cut off: ..."), *der is empty, and what follows can still be taken. */
enum pem_got pem_take(
    struct slice *text, struct pem_block *block, struct buf *der, struct err *err);

/* The next block of that kind, as above; *der is empty when it is broken. False: there
   is no other. */
bool pem_next(struct slice *text, const char *kind, struct buf *der);

/* Say of a text in which there is no such thing ("private key", "certificate") what
   there is instead, and what to do. Returns -1. */
int pem_missing(struct slice text, const char *thing, struct err *err);

#endif
