/* box_snap_edit.c - make the next snapshot: share what stays, copy what changes */
#include "storage/box_snap.h"

#include <stdlib.h>

#include "core/slab.h"

enum {
	CHUNK_MAX = 256, /* entries; one flag costs a copy of that many */
	CHUNK_FIRST = 4,
	JOIN_BELOW = 64, /* a chunk this small joins a neighbour, up to JOIN_MAX */
	JOIN_MAX = 128,
};

/* --- chunks --- */

static size_t chunk_bytes(uint32_t room)
{
	return sizeof(struct box_chunk) + room * sizeof(struct box_entry);
}

/* Those of large mailboxes: they are read all at once. */
static struct slab full_chunks =
    SLAB(sizeof(struct box_chunk) + CHUNK_MAX * sizeof(struct box_entry));

static struct box_chunk *chunk_new(uint32_t room)
{
	struct box_chunk *chunk =
	    room == CHUNK_MAX ? slab_get(&full_chunks) : mem_get(chunk_bytes(room));

	atomic_init(&chunk->refs, 1);
	chunk->n = 0;
	chunk->room = room;
	return chunk;
}

static uint32_t chunk_last_uid(const struct box_chunk *chunk)
{
	return chunk->entries[chunk->n - 1].uid;
}

void box_chunk_free(struct box_chunk *chunk)
{
	if (box_unref(&chunk->refs) && !slab_put(&full_chunks, chunk))
		free(chunk);
}

/* Room for n entries where there will be more. */
static uint32_t roomy(uint32_t n)
{
	uint32_t room = CHUNK_FIRST;

	while (room < n)
		room *= 2;
	return room;
}

/* The chunk of a slot, to be changed: no other snapshot's, with room for n
   entries. */
static struct box_chunk *slot_own(struct box_slot *slot, uint32_t n)
{
	struct box_chunk *old = slot->chunk;

	if (!box_shared(&old->refs) && n <= old->room)
		return old;

	struct box_chunk *chunk = chunk_new(n > old->n ? roomy(n) : old->n);
	chunk->n = old->n;
	memcpy(chunk->entries, old->entries, chunk->n * sizeof(struct box_entry));
	box_chunk_free(old);
	slot->chunk = chunk;
	return chunk;
}

/* --- slots --- */

static void stale_from(struct box_snap *snap, size_t i)
{
	if (i < snap->stale)
		snap->stale = i;
}

static void slot_insert(struct box_snap *snap, size_t i, struct box_chunk *chunk)
{
	if (snap->n == snap->room) {
		snap->room = snap->room ? snap->room * 2 : 1;
		snap->slots = mem_resize(snap->slots, snap->room * sizeof(*snap->slots));
	}
	memmove(snap->slots + i + 1, snap->slots + i, (snap->n - i) * sizeof(*snap->slots));
	snap->n++;
	snap->slots[i] = (struct box_slot){ .chunk = chunk };
	if (chunk->n > 0)
		snap->slots[i].last_uid = chunk_last_uid(chunk);
	stale_from(snap, i);
}

static void slot_remove(struct box_snap *snap, size_t i)
{
	box_chunk_free(snap->slots[i].chunk);
	snap->n--;
	memmove(snap->slots + i, snap->slots + i + 1, (snap->n - i) * sizeof(*snap->slots));
	stale_from(snap, i);
}

/* Move the upper half of a full chunk into a slot behind it. */
static void slot_split(struct box_snap *snap, size_t i)
{
	struct box_chunk *low = slot_own(&snap->slots[i], CHUNK_MAX);
	struct box_chunk *high = chunk_new(CHUNK_MAX);

	high->n = low->n / 2;
	low->n -= high->n;
	memcpy(high->entries, low->entries + low->n, high->n * sizeof(struct box_entry));
	snap->slots[i].last_uid = chunk_last_uid(low);
	slot_insert(snap, i + 1, high);
}

/* Slots i and i + 1 become one when they are small. */
static bool slot_join(struct box_snap *snap, size_t i)
{
	if (i + 1 >= snap->n)
		return false;

	const struct box_chunk *high = snap->slots[i + 1].chunk;
	uint32_t n = snap->slots[i].chunk->n;
	if (n + high->n > JOIN_MAX)
		return false;
	struct box_chunk *low = slot_own(&snap->slots[i], n + high->n);
	memcpy(low->entries + n, high->entries, high->n * sizeof(struct box_entry));
	low->n += high->n;
	snap->slots[i].last_uid = chunk_last_uid(low);
	slot_remove(snap, i + 1);
	return true;
}

/* --- snapshots --- */

struct box_snap *box_snap_edit(struct box_snap *old)
{
	if (!box_shared(&old->refs))
		return old;

	struct box_snap *snap = mem_get(sizeof(*snap));
	atomic_init(&snap->refs, 1);
	snap->gone = old->gone;
	snap->count = old->count;
	snap->uidnext = old->uidnext;
	snap->modseq = old->modseq;
	snap->keywords = box_keywords_ref(old->keywords);
	snap->n = snap->stale = old->n;
	snap->room = old->n + 1;
	snap->slots = mem_get(snap->room * sizeof(*snap->slots));
	for (size_t i = 0; i < snap->n; i++) {
		snap->slots[i] = old->slots[i];
		box_ref(&snap->slots[i].chunk->refs);
	}
	box_snap_free(&old);
	return snap;
}

/* The entry is above all others, as new messages are. */
static void append(struct box_snap *snap, const struct box_entry *entry)
{
	if (snap->n == 0 || snap->slots[snap->n - 1].chunk->n == CHUNK_MAX)
		slot_insert(snap, snap->n, chunk_new(snap->n ? CHUNK_MAX : CHUNK_FIRST));

	struct box_slot *slot = &snap->slots[snap->n - 1];
	struct box_chunk *chunk = slot_own(slot, slot->chunk->n + 1);
	chunk->entries[chunk->n++] = *entry;
	slot->last_uid = entry->uid;
	snap->count++;
}

static void insert(struct box_snap *snap, size_t i, const struct box_entry *entry)
{
	if (snap->slots[i].chunk->n == CHUNK_MAX) {
		slot_split(snap, i);
		i = box_slot_of(snap, entry->uid);
	}

	struct box_chunk *chunk = slot_own(&snap->slots[i], snap->slots[i].chunk->n + 1);
	uint32_t at = box_chunk_place(chunk, entry->uid);
	memmove(chunk->entries + at + 1, chunk->entries + at,
	    (chunk->n - at) * sizeof(struct box_entry));
	chunk->entries[at] = *entry;
	chunk->n++;
	snap->count++;
	stale_from(snap, i);
}

void box_snap_put(struct box_snap *snap, const struct box_entry *entry)
{
	size_t i = box_slot_of(snap, entry->uid);

	if (i == snap->n) {
		append(snap, entry);
		return;
	}
	uint32_t at = box_chunk_place(snap->slots[i].chunk, entry->uid);
	if (snap->slots[i].chunk->entries[at].uid != entry->uid)
		insert(snap, i, entry);
	else
		slot_own(&snap->slots[i], 0)->entries[at] = *entry;
}

void box_snap_drop(struct box_snap *snap, uint32_t uid)
{
	size_t i = box_slot_of(snap, uid);
	if (i == snap->n)
		return;
	uint32_t at = box_chunk_place(snap->slots[i].chunk, uid);
	if (snap->slots[i].chunk->entries[at].uid != uid)
		return;

	struct box_chunk *chunk = slot_own(&snap->slots[i], 0);
	chunk->n--;
	snap->count--;
	stale_from(snap, i);
	if (chunk->n == 0) {
		slot_remove(snap, i);
		return;
	}
	memmove(chunk->entries + at, chunk->entries + at + 1,
	    (chunk->n - at) * sizeof(struct box_entry));
	snap->slots[i].last_uid = chunk_last_uid(chunk);
	if (chunk->n < JOIN_BELOW && !slot_join(snap, i) && i > 0)
		slot_join(snap, i - 1);
}

void box_snap_set(struct box_snap *snap, uint32_t uidnext, uint64_t modseq)
{
	snap->uidnext = uidnext;
	snap->modseq = modseq;
}

void box_snap_set_keywords(struct box_snap *snap, struct box_keywords *keywords)
{
	box_keywords_free(&snap->keywords);
	snap->keywords = box_keywords_ref(keywords);
}

void box_snap_set_gone(struct box_snap *snap)
{
	snap->gone = true;
}

void box_snap_seal(struct box_snap *snap)
{
	size_t i = snap->stale > 0 ? snap->stale - 1 : 0;

	for (; i < snap->n; i++) {
		const struct box_slot *last = i > 0 ? &snap->slots[i - 1] : NULL;
		snap->slots[i].before = last ? last->before + last->chunk->n : 0;
	}
	snap->stale = snap->n;
}
