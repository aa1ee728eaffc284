/* box_snap.c - snapshots of a mailbox: counting references, finding messages */
#include "storage/box_snap.h"

#include <stdlib.h>

bool box_unref(atomic_uint *refs)
{
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

bool box_shared(atomic_uint *refs)
{
	return atomic_load_explicit(refs, memory_order_acquire) > 1;
}

void box_ref(atomic_uint *refs)
{
	atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

struct box_keywords *box_keywords_new(const struct slice *names, size_t n)
{
	struct box_keywords *keywords = mem_get(sizeof(*keywords) + (n + 1) * sizeof(char *));

	atomic_init(&keywords->refs, 1);
	keywords->n = n;
	for (size_t i = 0; i < n; i++)
		keywords->names[i] = mem_str(names[i]);
	return keywords;
}

struct box_keywords *box_keywords_ref(struct box_keywords *keywords)
{
	if (keywords)
		box_ref(&keywords->refs);
	return keywords;
}

void box_keywords_free(struct box_keywords **keywordsp)
{
	struct box_keywords *keywords = *keywordsp;

	*keywordsp = NULL;
	if (!keywords || !box_unref(&keywords->refs))
		return;
	for (size_t i = 0; i < keywords->n; i++)
		free(keywords->names[i]);
	free(keywords);
}

struct box_snap *box_snap_new(void)
{
	struct box_snap *snap = mem_get(sizeof(*snap));

	atomic_init(&snap->refs, 1);
	snap->uidnext = 1;
	return snap;
}

struct box_snap *box_snap_ref(struct box_snap *snap)
{
	box_ref(&snap->refs);
	return snap;
}

void box_snap_free(struct box_snap **snapp)
{
	struct box_snap *snap = *snapp;

	*snapp = NULL;
	if (!snap || !box_unref(&snap->refs))
		return;
	for (size_t i = 0; i < snap->n; i++)
		box_chunk_free(snap->slots[i].chunk);
	box_keywords_free(&snap->keywords);
	free(snap->slots);
	free(snap);
}

/* --- looking --- */

uint32_t box_chunk_place(const struct box_chunk *chunk, uint32_t uid)
{
	uint32_t low = 0, high = chunk->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (chunk->entries[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t box_slot_of(const struct box_snap *snap, uint32_t uid)
{
	size_t low = 0, high = snap->n;

	if (high == 0 || snap->slots[high - 1].last_uid < uid)
		return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (snap->slots[mid].last_uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t box_snap_count(const struct box_snap *snap)
{
	return snap->count;
}

uint64_t box_snap_modseq(const struct box_snap *snap)
{
	return snap->modseq;
}

uint32_t box_snap_uidnext(const struct box_snap *snap)
{
	return snap->uidnext;
}

bool box_snap_gone(const struct box_snap *snap)
{
	return snap->gone;
}

const struct box_entry *box_snap_nth(const struct box_snap *snap, uint32_t seq)
{
	size_t low = 0, high = snap->n;

	if (seq == 0 || seq > snap->count)
		return NULL;
	while (high - low > 1) { /* the last slot with fewer than seq entries before it */
		size_t mid = low + (high - low) / 2;
		if (snap->slots[mid].before < seq)
			low = mid;
		else
			high = mid;
	}
	return &snap->slots[low].chunk->entries[seq - 1 - snap->slots[low].before];
}

uint32_t box_snap_find(const struct box_snap *snap, uint32_t uid, bool up)
{
	size_t i = box_slot_of(snap, uid);

	if (i == snap->n)
		return up ? snap->count + 1 : 0;
	const struct box_slot *slot = &snap->slots[i];
	uint32_t at = box_chunk_place(slot->chunk, uid);
	if (!up && slot->chunk->entries[at].uid != uid)
		return 0;
	return slot->before + at + 1;
}

const char *const *box_snap_keywords(const struct box_snap *snap)
{
	static const char *const none[] = { NULL };

	return snap->keywords ? (const char *const *)snap->keywords->names : none;
}
