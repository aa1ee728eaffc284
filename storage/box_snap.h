/* box_snap.h - private to box_*.c: snapshots while they are made
 *
 * A snapshot is an array of chunks of entries. Chunks are counted and shared
 * by snapshots; who makes the next snapshot copies the array and those chunks
 * that change. What nobody else holds is changed in place, so a view that
 * nobody looks at costs next to nothing. */
#ifndef STORAGE_BOX_SNAP_H
#define STORAGE_BOX_SNAP_H

#include <stdatomic.h>

#include "storage/box.h"

/* Names of keywords by bit, with a NULL behind the last; immutable, counted. */
struct box_keywords {
	atomic_uint refs;
	size_t n;
	char *names[];
};

struct box_keywords *box_keywords_new(const struct slice *names, size_t n);
struct box_keywords *box_keywords_ref(struct box_keywords *keywords); /* NULL gives NULL */
void box_keywords_free(struct box_keywords **keywords);

struct box_chunk {
	atomic_uint refs;
	uint32_t n, room;
	struct box_entry entries[];
};

struct box_slot {
	struct box_chunk *chunk; /* never empty */
	uint32_t before;	 /* entries in the slots before this one */
	uint32_t last_uid;
};

struct box_snap {
	atomic_uint refs;
	bool gone;
	uint32_t count, uidnext;
	uint64_t modseq;
	struct box_keywords *keywords;
	struct box_slot *slots;
	size_t n, room;
	size_t stale; /* while it is edited: from here on `before` is to be counted again */
};

/* Counts of references. box_unref: true when that was the last one. */
void box_ref(atomic_uint *refs);
bool box_unref(atomic_uint *refs);
bool box_shared(atomic_uint *refs);
void box_chunk_free(struct box_chunk *chunk);

/* The slot where the UID is or would go; snap->n: it is above all. */
size_t box_slot_of(const struct box_snap *snap, uint32_t uid);
/* Where it is in the chunk, or where it would go. */
uint32_t box_chunk_place(const struct box_chunk *chunk, uint32_t uid);

/* An empty mailbox. */
struct box_snap *box_snap_new(void);
struct box_snap *box_snap_ref(struct box_snap *snap);

/* Give up a reference for a snapshot that may be changed until the next
   box_snap_ref of it. The caller holds the lock under which references to
   `snap` are made. */
struct box_snap *box_snap_edit(struct box_snap *snap);

/* Between box_snap_edit and box_snap_seal. Put adds an entry or replaces the
   one with its UID; drop passes over a UID that is not there. */
void box_snap_put(struct box_snap *snap, const struct box_entry *entry);
void box_snap_drop(struct box_snap *snap, uint32_t uid);
void box_snap_set(struct box_snap *snap, uint32_t uidnext, uint64_t modseq);
void box_snap_set_keywords(struct box_snap *snap, struct box_keywords *keywords); /* refers to it */
void box_snap_set_gone(struct box_snap *snap);
void box_snap_seal(struct box_snap *snap);

#endif
