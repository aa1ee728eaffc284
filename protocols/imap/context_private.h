/* context_private.h - what context.c and context_tell.c share */
#ifndef PROTOCOLS_IMAP_CONTEXT_PRIVATE_H
#define PROTOCOLS_IMAP_CONTEXT_PRIVATE_H

#include <stdlib.h>

#include "protocols/imap/order.h"
#include "protocols/imap/search.h"

struct imap_context {
	struct imap_context *next;
	struct slice tag;
	bool uid;
	struct pool pool; /* of the query */
	struct imap_query query;
	struct imap_order order; /* empty: that of the mailbox */
	struct buf uids;	 /* uint32_t */
	struct slice fetch;	 /* to be told of new messages (RFC 5465 §7), or empty */
	struct buf fresh;	 /* of which: struct imap_range, rising */
};

/* --- lists of UIDs in a buffer --- */

static inline uint32_t *imap_uids_of(const struct buf *buf)
{
	return (uint32_t *)(void *)buf->p;
}

static inline size_t imap_uids_count(const struct buf *uids)
{
	return uids->n / sizeof(uint32_t);
}

static inline void imap_uids_push(struct buf *uids, uint32_t uid)
{
	buf_add(uids, &uid, sizeof uid);
}

/* Of those that rise. */
static inline bool imap_uids_have(const struct buf *uids, uint32_t uid)
{
	return uids->n > 0 &&
	    bsearch(&uid, uids->p, imap_uids_count(uids), sizeof uid, imap_by_number) != NULL;
}

/* One ESEARCH: what is gone from the result, then what has come. Both rise. c: the candidate
   that reads messages; NULL where nothing has come. */
void imap_context_tell(struct imap *im, struct imap_context *it, struct imap_candidate *c,
    const struct buf *gone, const struct buf *more);

#endif
