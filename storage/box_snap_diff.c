/* box_snap_diff.c - what a client is told between two snapshots
 *
 * Both are walked side by side, and a chunk that both have is passed over, so
 * the cost is that of the chunks that changed. */
#include "storage/box_snap.h"

struct place {
	const struct box_snap *snap;
	size_t slot;
	uint32_t at;
};

static const struct box_slot *slot_at(const struct place *place)
{
	return place->slot < place->snap->n ? &place->snap->slots[place->slot] : NULL;
}

/* NULL behind the last one. */
static const struct box_entry *entry_at(const struct place *place)
{
	const struct box_slot *slot = slot_at(place);

	return slot ? &slot->chunk->entries[place->at] : NULL;
}

static uint32_t seq_at(const struct place *place)
{
	return slot_at(place)->before + place->at + 1;
}

static void step(struct place *place)
{
	if (++place->at < slot_at(place)->chunk->n)
		return;
	place->slot++;
	place->at = 0;
}

static void skip_common(struct place *a, struct place *b)
{
	if (a->at != 0 || b->at != 0)
		return;
	while (slot_at(a) && slot_at(b) && slot_at(a)->chunk == slot_at(b)->chunk) {
		a->slot++;
		b->slot++;
	}
}

struct removed {
	uint32_t seq, uid;
};

struct found {
	struct buf removed; /* struct removed, rising */
	struct buf changed; /* uint32_t, sequence numbers in the new snapshot */
	bool added;
};

static void compare(const struct box_snap *old, const struct box_snap *now, struct found *found)
{
	struct place a = { .snap = old }, b = { .snap = now };

	for (;;) {
		skip_common(&a, &b);
		const struct box_entry *was = entry_at(&a), *is = entry_at(&b);
		if (!was && !is)
			return;
		if (!is || (was && was->uid < is->uid)) {
			struct removed removed = { seq_at(&a), was->uid };
			buf_add(&found->removed, &removed, sizeof(removed));
			step(&a);
		} else if (!was || is->uid < was->uid) {
			found->added = true;
			step(&b);
		} else {
			uint32_t seq = seq_at(&b);
			if (was->modseq != is->modseq)
				buf_add(&found->changed, &seq, sizeof(seq));
			step(&a);
			step(&b);
		}
	}
}

void box_snap_diff(
    const struct box_snap *old, const struct box_snap *now, const struct box_diff *diff)
{
	struct found found = { 0 };

	if (old == now)
		return;
	compare(old, now, &found);

	const struct removed *removed = (const struct removed *)(const void *)found.removed.p;
	for (size_t i = found.removed.n / sizeof(*removed); i-- > 0;)
		diff->expunged(diff->arg, removed[i].seq, removed[i].uid);

	const uint32_t *changed = (const uint32_t *)(const void *)found.changed.p;
	for (size_t i = 0; i < found.changed.n / sizeof(*changed); i++)
		diff->flags(diff->arg, changed[i], box_snap_nth(now, changed[i]));

	if (found.added)
		diff->added(diff->arg, now->count);
	buf_done(&found.removed);
	buf_done(&found.changed);
}

/* What both have at the front and at the end is passed over when they are compared. */
bool box_snap_near(const struct box_snap *old, const struct box_snap *now)
{
	enum { CHUNKS = 4 };
	size_t least = old->n < now->n ? old->n : now->n, most = old->n + now->n - least;
	size_t front = 0, back = 0;

	while (front < least && old->slots[front].chunk == now->slots[front].chunk)
		front++;
	while (front + back < least &&
	    old->slots[old->n - 1 - back].chunk == now->slots[now->n - 1 - back].chunk)
		back++;
	return most - front - back <= CHUNKS;
}

struct kept {
	const struct box_snap *old;
	struct buf entries; /* struct box_entry */
};

static void keep(void *arg, uint32_t seq, uint32_t uid)
{
	struct kept *kept = arg;

	(void)uid;
	buf_add(&kept->entries, box_snap_nth(kept->old, seq), sizeof(struct box_entry));
}

static void pass_flags(void *arg, uint32_t seq, const struct box_entry *entry)
{
	(void)arg;
	(void)seq;
	(void)entry;
}

static void pass_added(void *arg, uint32_t count)
{
	(void)arg;
	(void)count;
}

struct box_snap *box_snap_keep(const struct box_snap *old, struct box_snap *now)
{
	struct kept kept = { .old = old };
	const struct box_diff diff = {
		.expunged = keep, .flags = pass_flags, .added = pass_added, .arg = &kept
	};

	box_snap_diff(old, now, &diff);
	struct box_snap *both = box_snap_edit(now);
	const struct box_entry *entries = (const struct box_entry *)(const void *)kept.entries.p;
	for (size_t i = 0; i < kept.entries.n / sizeof *entries; i++)
		box_snap_put(both, &entries[i]);
	box_snap_seal(both);
	buf_done(&kept.entries);
	return both;
}
