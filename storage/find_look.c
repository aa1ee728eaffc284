/* find_look.c - where the messages of a mailbox are in the index of its account */
#include "storage/find_look.h"

#include <stdlib.h>

#include "core/log.h"
#include "storage/box_private.h"
#include "storage/find_build.h"

enum { MISSED_MANY = 50, MISSED_BYTES = 1 << 20 };

void find_damaged(struct shard *shard, uint64_t account, const char *why)
{
	log_event(LOG_ERROR, "index-damaged", log_n("account", (int64_t)account),
	    log_z("reason", why), log_z("then", "it is made anew"));
	find_forget(shard, account);
	find_want(shard, account, NULL, 0);
}

/* --- places --- */

/* Ids of a mailbox rise for the most part, and so do those of a segment: where one was
   found the next is likely behind it. */
struct walk {
	const struct find_view *view;
	uint32_t *hints; /* by segment */
	size_t last;	 /* the segment of the last one */
};

static bool is_at(const struct find_segment *segment, uint32_t place, uint64_t id)
{
	return place < segment->n && find_segment_id(segment, place) == id;
}

static uint32_t place_in(struct walk *walk, size_t i, uint64_t id)
{
	const struct find_segment *segment = walk->view->index->pieces[i]->segment;
	uint32_t place = walk->hints[i];

	if (!is_at(segment, place, id))
		place = find_segment_place(segment, id);
	if (!is_at(segment, place, id))
		return FIND_NOWHERE;
	walk->hints[i] = place + 1;
	walk->last = i;
	return walk->view->bases[i] + place;
}

static uint32_t place_of(struct walk *walk, uint64_t id)
{
	size_t last = walk->last;
	uint32_t place = FIND_NOWHERE;

	if (walk->view->index->n > 0)
		place = place_in(walk, last, id);
	for (size_t i = 0; i < walk->view->index->n && place == FIND_NOWHERE; i++)
		if (i != last)
			place = place_in(walk, i, id);
	return place;
}

/* Messages that are not in it: those that came since somebody searched, or at the same
   time as others that have higher ids, or copied from another account. */
struct missed {
	struct buf ids;
	uint64_t bytes;
};

/* A few are read by each search. */
static bool is_much(const struct missed *missed)
{
	return missed->ids.n >= MISSED_MANY * sizeof(uint64_t) || missed->bytes >= MISSED_BYTES;
}

static void find_places(struct find_view *view, const struct box_snap *snap, struct missed *missed)
{
	struct walk walk = { view, mem_get((view->index->n + 1) * sizeof(uint32_t)), 0 };

	for (uint32_t seq = 1; seq <= view->count; seq++) {
		const struct box_entry *entry = box_snap_nth(snap, seq);

		view->places[seq] = place_of(&walk, entry->message);
		if (view->places[seq] != FIND_NOWHERE)
			continue;
		buf_add(&missed->ids, &entry->message, sizeof(entry->message));
		missed->bytes += entry->size;
	}
	free(walk.hints);
}

/* --- the view --- */

static void number_segments(struct find_view *view)
{
	const struct find_index *index = view->index;

	view->bases = mem_get((index->n + 1) * sizeof(*view->bases));
	for (size_t i = 0; i < index->n; i++) {
		view->bases[i] = view->total;
		view->total += index->pieces[i]->segment->n;
	}
	view->partial = mem_get(find_bits_size(view->total));
	for (size_t i = 0; i < index->n; i++)
		for (uint32_t doc = 0; doc < index->pieces[i]->segment->n; doc++)
			if (find_segment_partial(index->pieces[i]->segment, doc))
				find_bit_set(view->partial, view->bases[i] + doc);
}

struct find_view *find_look(struct box *box, const struct box_snap *snap)
{
	struct shard *shard = box->acct.shard;
	struct find_index *index = NULL;
	struct missed missed = { 0 };
	struct err err;

	int found = find_index_get(shard, box->acct.id, &index, &err);
	if (found < 0)
		find_damaged(shard, box->acct.id, err.text);
	else if (found == 0)
		find_want(shard, box->acct.id, NULL, 0);
	if (found <= 0)
		return NULL;
	struct find_view *view = mem_get(sizeof(*view));
	view->index = index;
	view->count = box_snap_count(snap);
	view->places = mem_get(((size_t)view->count + 1) * sizeof(*view->places));
	number_segments(view);
	find_places(view, snap, &missed);
	if (is_much(&missed))
		find_want(shard, box->acct.id, (const uint64_t *)(const void *)missed.ids.p,
		    missed.ids.n / sizeof(uint64_t));
	buf_done(&missed.ids);
	return view;
}

void find_view_free(struct find_view **view)
{
	if (!*view)
		return;
	find_index_free(&(*view)->index);
	free((*view)->places);
	free((*view)->bases);
	free((*view)->partial);
	free(*view);
	*view = NULL;
}
