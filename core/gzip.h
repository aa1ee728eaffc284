/* gzip.h - packed files (RFC 1952): a text read line by line, packed or not; bytes packed
 *
 * Reading asks for the disk: any thread but a loop's. */
#ifndef CORE_GZIP_H
#define CORE_GZIP_H

#include <stdbool.h>

#include "core/buf.h"

struct gzip_text;

/* A file as it is, or unpacked when it is packed. NULL with errno. */
struct gzip_text *gzip_text_open(const char *path);
void gzip_text_close(struct gzip_text **text); /* NULL is fine */

enum { GZIP_LINE_MAX = 64 * 1024 };

/* The next line without its end, valid until the next call; what is longer than
   GZIP_LINE_MAX comes in pieces. False: the end, or what cannot be unpacked. */
bool gzip_text_line(struct gzip_text *text, struct slice *line);

/* Append it packed. */
void gzip_pack(struct slice plain, struct buf *out);

#endif
