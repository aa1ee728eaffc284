/* summary_private.h - how the files of the summary write IMAP's syntax */
#ifndef STORAGE_SUMMARY_PRIVATE_H
#define STORAGE_SUMMARY_PRIVATE_H

#include "storage/summary.h"

/* Where it is written; from `most` bytes on, all that may be NIL is. */
struct summary_out {
	struct buf *buf;
	size_t most;
};

static inline bool summary_full(const struct summary_out *out)
{
	return out->buf->n >= out->most;
}

/* A string (RFC 9051 §4.3). When it is full, no more than its first bytes. */
void summary_string(struct summary_out *out, struct slice s);
void summary_upper(struct summary_out *out, struct slice s);

/* NIL when s.p is NULL, or when it is full. */
void summary_nstring(struct summary_out *out, struct slice s);

void summary_put_envelope(struct summary_out *out, struct slice header);

#endif
