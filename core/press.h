/* press.h - private to io_deflate.c and press_*.c: a compressor (RFC 1951)
 *
 * One of two files is compiled, as configure found: Intel's ISA-L compresses mail in
 * a quarter of zlib's time, and smaller; zlib is everywhere. */
#ifndef CORE_PRESS_H
#define CORE_PRESS_H

#include "core/buf.h"

/* A few hundred KB. One thread at a time. */
struct press;
struct press *press_new(void);
void press_free(struct press *press);

/* For what a connection says next: it knows nothing but that the peer has `before`,
   as the last bytes of what it expanded (at most 32 KB). */
void press_begin(struct press *press, struct slice before);

/* Compress what is at the front of *in, and shorten it: how many bytes are in `out`.
   Fewer than `room`: all of *in was taken and, when flushing, all is out and ends
   with a whole byte. */
size_t press_run(struct press *press, struct slice *in, bool flush, char *out, size_t room);

#endif
