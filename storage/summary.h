/* summary.h - what is kept of a message so that its body need not be opened
 *
 * Made once, when a message is stored; immutable. ENVELOPE and BODYSTRUCTURE
 * are kept in the very syntax in which IMAP sends them (RFC 9051 §9), since
 * that is what they are read for ten thousand at a time; the header fields
 * that clients ask for in lists are kept as they came. */
#ifndef STORAGE_SUMMARY_H
#define STORAGE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"

/* One MIME part, for BODY[1.2]: see struct msg_part. */
struct summary_part {
	uint64_t header, body, end;
	uint16_t depth; /* 0: the message itself */
	uint8_t kind;	/* enum summary_kind */
};
enum summary_kind { SUMMARY_LEAF, SUMMARY_MULTIPART, SUMMARY_MESSAGE };

struct summary {
	uint64_t body;	      /* id in the body store */
	uint64_t size;	      /* RFC822.SIZE */
	int64_t internal_date; /* unix seconds */
	int64_t date;	      /* of the Date field; internal_date when there is none */
	struct slice envelope;
	struct slice structure; /* BODYSTRUCTURE */
	struct slice fields;	/* cached header fields, raw, in their order */
	const struct summary_part *parts; /* in document order */
	size_t n_parts;
};

/* Is this header field among the cached ones? When all that a client asks for
   are, `fields` answers. */
bool summary_has_field(struct slice name);

/* Read a message and write its summary record (all but the body's id, which
   summary_set_body fills in later). */
void summary_make(struct slice message, int64_t internal_date, struct buf *record);
void summary_set_body(struct buf *record, uint64_t body);

/* Slices point into the record; parts come from pool. False: damaged. */
bool summary_read(struct slice record, struct pool *pool, struct summary *out);

/* BODY without extension data, for clients that ask for it: rare, so it is
   made from the message. */
void summary_body(struct slice message, struct buf *out);

#endif
