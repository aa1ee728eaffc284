/* range_table.c - which of many ranges holds an address?
 *
 * Ranges may overlap, and the one with the lowest rank counts. So the addresses
 * are cut where a range begins or ends: each piece has one answer, and finding it
 * is a binary search, with ten ranges as with a million. The pieces are made in
 * one sweep over the ranges by where they begin, with those that are open in a
 * heap, the lowest rank on top. */
#include "core/range.h"

#include <stdlib.h>

/* From `first` to where the next piece begins. */
struct piece {
	struct range_address first;
	uint32_t rank;
};

struct range_table {
	size_t n;
	struct piece pieces[];
};

static int compare(const struct range_address *a, const struct range_address *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int by_first(const void *a, const void *b)
{
	return compare(&((const struct range_entry *)a)->range.first,
	    &((const struct range_entry *)b)->range.first);
}

/* The address behind it. False: it is the last. */
static bool next_of(const struct range_address *address, struct range_address *out)
{
	*out = *address;
	for (int i = (int)sizeof(out->b) - 1; i >= 0; i--)
		if (++out->b[i] != 0)
			return true;
	return false;
}

/* --- the ranges that are open: a heap --- */

struct heap {
	const struct range_entry **open;
	size_t n;
};

static void swap(struct heap *heap, size_t a, size_t b)
{
	const struct range_entry *kept = heap->open[a];

	heap->open[a] = heap->open[b];
	heap->open[b] = kept;
}

static void push(struct heap *heap, const struct range_entry *entry)
{
	size_t at = heap->n++;

	heap->open[at] = entry;
	for (; at > 0 && heap->open[at]->rank < heap->open[(at - 1) / 2]->rank; at = (at - 1) / 2)
		swap(heap, at, (at - 1) / 2);
}

static void pop(struct heap *heap)
{
	size_t at = 0, low = 0;

	heap->open[0] = heap->open[--heap->n];
	do {
		at = low;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < heap->n && heap->open[child]->rank < heap->open[low]->rank)
				low = child;
		swap(heap, at, low);
	} while (low != at);
}

/* --- the sweep --- */

static void add_piece(struct range_table *table, const struct range_address *first, uint32_t rank)
{
	struct piece *last = table->n > 0 ? &table->pieces[table->n - 1] : NULL;

	if (last && compare(&last->first, first) == 0)
		last->rank = rank; /* a range that begins where the last one did */
	else if (!last || last->rank != rank)
		table->pieces[table->n++] = (struct piece){ *first, rank };
}

/* Close what ends before `until` (NULL: all), lowest ranks first: each ends a piece,
   and the next one below it goes on from there. */
static void close_until(
    struct range_table *table, struct heap *heap, const struct range_address *until)
{
	struct range_address behind;

	while (heap->n > 0) {
		const struct range_entry *top = heap->open[0];

		if (until && compare(&top->range.last, until) >= 0)
			return;
		pop(heap);
		if (!next_of(&top->range.last, &behind))
			return;
		/* Those below that have ended with it or before have nothing left to say. */
		while (heap->n > 0 && compare(&heap->open[0]->range.last, &behind) < 0)
			pop(heap);
		add_piece(table, &behind, heap->n > 0 ? heap->open[0]->rank : RANGE_NOWHERE);
	}
}

static void sweep(
    struct range_table *table, struct heap *heap, const struct range_entry *sorted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		close_until(table, heap, &sorted[i].range.first);
		push(heap, &sorted[i]);
		add_piece(table, &sorted[i].range.first, heap->open[0]->rank);
	}
	close_until(table, heap, NULL);
}

struct range_table *range_table_new(const struct range_entry *entries, size_t n)
{
	/* Each range makes two pieces at most. */
	struct range_table *table = mem_get(sizeof(*table) + 2 * n * sizeof(struct piece));
	struct heap heap = { .open = mem_get((n + 1) * sizeof(struct range_entry *)) };
	struct range_entry *sorted = mem_get((n + 1) * sizeof(*sorted));

	if (n > 0)
		memcpy(sorted, entries, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_first);
	sweep(table, &heap, sorted, n);
	free(sorted);
	free(heap.open);
	return table;
}

void range_table_free(struct range_table **table)
{
	free(*table);
	*table = NULL;
}

uint32_t range_table_find(const struct range_table *table, const struct range_address *address)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&table->pieces[middle].first, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? table->pieces[low - 1].rank : RANGE_NOWHERE;
}
