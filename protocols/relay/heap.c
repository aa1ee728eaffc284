/* heap.c - what comes first: a heap of things with a time */
#include "protocols/relay/heap.h"

#include <stdlib.h>

#include "core/buf.h"

static void place(struct heap *heap, struct heap_item *item, size_t i)
{
	heap->items[i] = item;
	item->at = i + 1;
}

static void rise(struct heap *heap, struct heap_item *item, size_t i)
{
	while (i > 0 && heap->items[(i - 1) / 2]->when > item->when) {
		place(heap, heap->items[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	place(heap, item, i);
}

static void sink(struct heap *heap, struct heap_item *item, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < heap->n && heap->items[child + 1]->when < heap->items[child]->when)
			child++;
		if (child >= heap->n || heap->items[child]->when >= item->when)
			break;
		place(heap, heap->items[child], i);
		i = child;
	}
	place(heap, item, i);
}

void heap_put(struct heap *heap, struct heap_item *item, int64_t when)
{
	if (item->at == 0) {
		if (heap->n == heap->cap) {
			heap->cap = heap->cap ? 2 * heap->cap : 64;
			heap->items = mem_resize(heap->items, heap->cap * sizeof(*heap->items));
		}
		item->when = when;
		rise(heap, item, heap->n++);
		return;
	}
	item->when = when;
	rise(heap, item, item->at - 1);
	sink(heap, item, item->at - 1);
}

void heap_remove(struct heap *heap, struct heap_item *item)
{
	if (item->at == 0)
		return;
	size_t i = item->at - 1;
	struct heap_item *last = heap->items[--heap->n];

	item->at = 0;
	if (last == item)
		return;
	rise(heap, last, i);
	sink(heap, last, last->at - 1);
}

struct heap_item *heap_first(const struct heap *heap)
{
	return heap->n > 0 ? heap->items[0] : NULL;
}

void heap_done(struct heap *heap)
{
	free(heap->items);
	*heap = (struct heap){ 0 };
}
