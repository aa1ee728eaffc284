/* thread_private.h - conversations while they are put together; no one else includes it */
#ifndef PROTOCOLS_IMAP_THREAD_PRIVATE_H
#define PROTOCOLS_IMAP_THREAD_PRIVATE_H

#include "protocols/imap/order.h"

enum {
	NONE = -1, /* parent of a root */
	GONE = -2, /* parent of a node that is not shown */
};

/* A message, or a placeholder for one that is only referred to. */
struct thread_node {
	uint64_t subject;
	int64_t date;	/* of a placeholder: of its first child */
	int64_t latest; /* of a root: of its conversation, when that matters */
	uint32_t seq;	/* 0: a placeholder */
	int32_t parent;
	bool reply, has_child;
	uint32_t at;		       /* in the order */
	uint32_t children, n_children; /* there, too */
};

/* Keys to nodes: open addressing, no removal. */
struct thread_table {
	struct thread_slot {
		uint64_t key; /* 0: free */
		int32_t node;
	} * slots;
	size_t n, room; /* a power of two */
};

struct imap_threads {
	struct buf nodes; /* of struct thread_node */
	struct thread_table ids;
	int32_t *order; /* what is shown, by parent, then date */
	uint32_t n_order, next;
	uint64_t climbed;
};

static inline struct thread_node *thread_node(const struct imap_threads *t, int32_t i)
{
	return (struct thread_node *)(void *)t->nodes.p + i;
}

static inline int32_t thread_count(const struct imap_threads *t)
{
	return (int32_t)(t->nodes.n / sizeof(struct thread_node));
}

/* A placeholder that is a root. */
int32_t thread_add_node(struct imap_threads *t);

/* The slot of a key, which is taken now; *is_new: it was free, and its node is
   to be filled in. */
struct thread_slot *thread_slot(struct thread_table *table, uint64_t key, bool *is_new);

/* Step (3): a placeholder stays when it is a root of several. */
void thread_prune(struct imap_threads *t);

#endif
