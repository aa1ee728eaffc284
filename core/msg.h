/* msg.h - the message reader: header fields, addresses, MIME tree
 *
 * Every input is hostile and much of it is broken: nothing here fails. What
 * can't be understood is read as text/plain or left out, as the most careful
 * servers do. Bounded: MSG_DEPTH_MAX nested parts, MSG_PARTS_MAX parts,
 * MSG_ADDRESSES_MAX addresses in one field. */
#ifndef CORE_MSG_H
#define CORE_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"

enum { MSG_DEPTH_MAX = 50, MSG_PARTS_MAX = 2000, MSG_ADDRESSES_MAX = 4000, MSG_PARAMS_MAX = 100 };

/* One header field. raw: name to the end of its last folded line, with line
   ends; value: behind the colon, folded as it came, without the last line
   end. */
struct msg_field {
	struct slice name, value, raw;
};

/* Walk the fields of a header block: false at its end. *rest is what remains;
   when false is returned it begins behind the empty line. Lines end in LF or
   CRLF. A line that is no field is given with an empty name. */
bool msg_field_next(struct slice *rest, struct msg_field *field);

/* First field of that name in a header block. */
bool msg_field_find(struct slice header, struct slice name, struct msg_field *field);

/* Without line ends (RFC 5322 §2.2.3), from pool; trimmed. */
struct slice msg_unfold(struct pool *pool, struct slice value);

/* Text as people read it: RFC 2047 words decoded to UTF-8, unfolded. */
struct slice msg_decode_text(struct pool *pool, struct slice value);

/* An address list (RFC 5322 §3.4 with the obsolete forms). A group is told by
   an entry with mailbox set and host empty, its end by both empty. */
struct msg_address {
	struct slice name, route, mailbox, host;
	struct msg_address *next;
};
struct msg_address *msg_addresses(struct pool *pool, struct slice value);

struct msg_param {
	struct slice name, value; /* RFC 2231 continuations joined, not decoded */
	struct msg_param *next;
};

/* "text/plain; charset=utf-8" or "attachment; filename=x". Lower-cases the
   words before the first ';'. */
struct slice msg_params(struct pool *pool, struct slice value, struct msg_param **params);

/* A MIME part. Offsets count from the first byte of the message. */
struct msg_part {
	struct slice type, subtype; /* lower case; never empty */
	struct msg_param *params;
	struct slice id, description, encoding; /* encoding in lower case, "7bit" when absent */
	struct slice md5, disposition, location;
	struct slice language; /* field value as it came */
	struct msg_param *disposition_params;
	uint64_t header, body, end; /* [header, body) with its empty line, [body, end) */
	uint64_t lines;		    /* of the body */
	struct msg_part *children;  /* of multipart/ and message/rfc822 */
	struct msg_part *next;
	struct msg_part *parent;
};

/* Read the whole message; the tree and its slices point into `whole` and
   pool. */
struct msg_part *msg_parse(struct pool *pool, struct slice whole);

/* The header block of a part. */
struct slice msg_header(const struct msg_part *part, struct slice whole);

#endif
