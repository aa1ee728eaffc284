/* canon.h - the two forms in which a message is signed (RFC 6376 3.4) */
#ifndef MAILAUTH_CANON_H
#define MAILAUTH_CANON_H

#include <stdint.h>

#include "core/digest.h"

enum canon { CANON_SIMPLE, CANON_RELAXED };

/* Append a header field, given from its name to the end of its last line, in that form
   (RFC 6376 3.4.1, 3.4.2). */
void canon_field(enum canon how, struct slice raw, struct buf *out);

/* SHA-256 of the first `most` bytes of the body in that form (RFC 6376 3.4.3 to 3.4.5).
   Returns how long all of it is. Lines end in CRLF. */
uint64_t canon_body(
    enum canon how, struct slice body, uint64_t most, unsigned char out[DIGEST_SIZE]);

#endif
