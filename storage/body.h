/* body.h - message bodies: append-only segment files, one copy for many recipients
 *
 * A body is appended to the shard's newest segment; the records that name it
 * are committed behind one fdatasync shared by all that wait. Each segment
 * record carries length, checksum and body id, so that the index can be proved
 * or rebuilt from the segments. The index holds a body's place and how many
 * messages use it; when none does its bytes are dead, and the compactor moves
 * what still lives out of mostly dead segments without stopping anything.
 *
 * Any thread but a loop's. */
#ifndef STORAGE_BODY_H
#define STORAGE_BODY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/kv.h"

struct body_store;

/* Where a body that was appended lies; becomes part of the index by
   body_link(). */
struct body_place {
	uint64_t id;
	uint32_t segment;
	uint64_t offset; /* of its record in the segment */
	uint64_t size;	 /* of the body as given */
	uint64_t stored; /* bytes that its record takes in the segment */
};

/* Append the pieces as one body. Not durable, not in the index yet. A body
   that is never linked is dead bytes. */
int body_append(struct body_store *bodies, const struct slice *pieces, size_t n,
    struct body_place *place, struct err *err);

/* Inside apply(): add `refs` users of a body just appended; add to or take from
   the users of one in the index. At 0 users it leaves the index. */
int body_link(
    struct body_store *bodies, struct kv_txn *txn, const struct body_place *place, unsigned refs);
int body_change(struct body_store *bodies, struct kv_txn *txn, uint64_t id, int by);

/* Open one for reading: it stays readable until closed, whatever happens to
   it meanwhile. 1, 0 when there is no such body, -1. */
struct body;
int body_open(struct body_store *bodies, uint64_t id, struct body **body, struct err *err);
void body_close(struct body **body);
uint64_t body_size(const struct body *body);

/* Read n bytes at most from offset, checked: bytes read (a read ends where a block of
   the store does), 0 at the end, -1: unreadable or damaged, which is logged. */
ssize_t body_read(struct body *body, uint64_t offset, void *buf, size_t n);

/* The whole body, checked, valid until closed. For search and for repair. */
int body_map(struct body *body, struct slice *whole, struct err *err);

/* One round of compaction: the segment with the largest dead part above
   percent is emptied and removed. 1 when one was, 0 when there was nothing to
   do, -1. */
int body_compact(struct body_store *bodies, unsigned percent, struct err *err);

#endif
