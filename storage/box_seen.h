/* box_seen.h - private to box_*.c: \Seen of one user, kept apart from the mailbox's
 *
 * His set of UIDs is a record of the account whose mailbox it is; a snapshot
 * with his flags is made of the common one when either has changed, sharing
 * its chunks as far as the two agree. */
#ifndef STORAGE_BOX_SEEN_H
#define STORAGE_BOX_SEEN_H

#include "storage/box_private.h"

struct box_seen {
	char *who;
	struct box_snap *base, *made; /* the common snapshot, and his */
};

/* His snapshot; takes over the reference to base. When his record cannot be
   read, what was there before is all that is known. */
struct box_snap *box_seen_snap(struct box *box, struct box_snap *base);
void box_seen_free(struct box_seen **seen);

/* Inside a batch: read his set, change it, write it. 0, -1; full: ERR_LIMIT in
   batch->err and 1. */
int box_seen_begin(struct box_batch *batch);
bool box_seen_has(const struct buf *ranges, uint32_t uid);
void box_seen_put(struct buf *ranges, uint32_t uid, bool on);
int box_seen_end(struct box_batch *batch);

#endif
