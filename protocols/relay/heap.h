/* heap.h - what comes first: a heap of things with a time */
#ifndef PROTOCOLS_RELAY_HEAP_H
#define PROTOCOLS_RELAY_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in the thing. Zero-initialised it is in no heap. */
struct heap_item {
	int64_t when;
	size_t at; /* its place + 1, 0: none */
};

/* Zero-initialised is empty. */
struct heap {
	struct heap_item **items;
	size_t n, cap;
};

/* Put it in, or move it, as its time is now. */
void heap_put(struct heap *heap, struct heap_item *item, int64_t when);
void heap_remove(struct heap *heap, struct heap_item *item); /* also when it is not in */
struct heap_item *heap_first(const struct heap *heap);	     /* or NULL */
void heap_done(struct heap *heap);

#endif
