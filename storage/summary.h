/* summary.h - what is kept of a message so that its body need not be opened
 *
 * Made once, when a message is stored; immutable. ENVELOPE and BODYSTRUCTURE
 * are kept in the very syntax in which IMAP sends them (RFC 9051 §9), since
 * that is what they are read for ten thousand at a time; the header fields
 * that clients ask for in lists are kept as they came. Strings that hold CR, LF
 * or 8-bit bytes are literals, "{n}" CR LF and n bytes; a NUL, which IMAP can't
 * send, is U+FFFD. */
#ifndef STORAGE_SUMMARY_H
#define STORAGE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/msg.h"
#include "core/pool.h"

/* However large and hostile a message is: strings are cut, and behind so many
   bytes the rest of an envelope or structure is NIL, its parts go on. */
enum {
	SUMMARY_STRING_MAX = 32 << 10,
	SUMMARY_ENVELOPE_MAX = 1 << 20,
	SUMMARY_STRUCTURE_MAX = 1 << 20,
	SUMMARY_FIELDS_MAX = 8 << 10,
};

/* One MIME part, for BODY[1.2]: see struct msg_part. */
struct summary_part {
	uint64_t header, body, end;
	uint16_t depth; /* 0: the message itself */
	uint8_t kind;	/* enum summary_kind */
};
enum summary_kind { SUMMARY_LEAF, SUMMARY_MULTIPART, SUMMARY_MESSAGE };

struct summary {
	uint64_t body;	       /* id in the body store */
	uint64_t size;	       /* RFC822.SIZE */
	int64_t internal_date; /* unix seconds */
	int64_t date;	       /* of the Date field; internal_date when there is none */
	int zone;	       /* of date, in minutes: SENTON goes by the day as it was written */
	struct slice envelope;
	struct slice structure;		  /* BODYSTRUCTURE */
	struct slice fields;		  /* cached header fields, raw, in their order */
	bool fields_complete;		  /* false: there were more than SUMMARY_FIELDS_MAX bytes */
	const struct summary_part *parts; /* in document order */
	size_t n_parts;
};

/* Is this header field among the cached ones? When all that a client asks for
   are, and fields_complete, `fields` answers. */
bool summary_has_field(struct slice name);

/* Read a message and write its summary record (all but the body's id, which
   summary_set_body fills in later). What was in *record is overwritten. */
void summary_make(struct slice message, int64_t internal_date, struct buf *record);
void summary_set_body(struct buf *record, uint64_t body);

/* Slices point into the record; parts come from pool. Without a pool there are
   no parts: lists of envelopes need none. False: damaged. */
bool summary_read(struct slice record, struct pool *pool, struct summary *out);

/* Where BODY[...] lies in the message (RFC 9051 §6.4.5): path {4, 1} and
   SUMMARY_MIME for BODY[4.1.MIME]; no path and SUMMARY_TEXT for BODY[TEXT].
   False: there is no such part, or it has none of this. */
enum summary_section {
	SUMMARY_WHOLE,	/* the message, or the body of a part */
	SUMMARY_HEADER, /* of the message, or of the one that a part holds */
	SUMMARY_TEXT,	/* what follows this header */
	SUMMARY_MIME,	/* header of a part; needs a path */
};
bool summary_section(const struct summary *summary, const uint32_t *path, size_t n,
    enum summary_section section, uint64_t *from, uint64_t *to);

/* BODY without extension data, for clients that ask for it: rare, so it is
   made from the message. */
void summary_body(struct slice message, struct buf *out);

/* The parts of a record, appended to out: RFC 9051 §7.5.2. */
void summary_envelope(struct slice header, struct buf *out);
void summary_structure(
    const struct msg_part *root, struct slice message, bool extended, struct buf *out);

#endif
