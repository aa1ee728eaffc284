/* append.h - messages as APPEND and REPLACE bring them: flags, date, and text, which may be put
 * together of pieces (RFC 4469)
 *
 * Literals of text wait in the spool, one behind the other; in the command only
 * their sizes stand. */
#ifndef PROTOCOLS_IMAP_APPEND_H
#define PROTOCOLS_IMAP_APPEND_H

#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"

struct imap_piece;

struct imap_item {
	struct imap_flags flags;
	int64_t date;
	bool binary; /* a literal8, which may hold NUL (RFC 3516) */
	bool catenate;
	struct imap_piece *pieces;
	struct buf text; /* put together; of CATENATE only */
	struct imap_item *next;
};

/* SP [flag-list SP] [date-time SP] text, once or again and again. From the
   command's pool. False: BAD. */
bool imap_items_read(struct imap *im, struct slice in, struct imap_item **items, size_t *n);

/* Make messages of them, with rights of the mailbox into which they go; they
   point into the spool and the items. IMAP_OK, or what is to be answered. */
enum imap_done imap_items_make(
    struct imap *im, struct imap_item *items, unsigned rights, struct box_append *out);
void imap_items_done(struct imap_item *items);

/* "[APPENDUID 7 1:2]" */
void imap_put_appenduid(struct buf *out, const struct box_added *added);

#endif
