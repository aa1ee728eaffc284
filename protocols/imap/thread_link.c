/* thread_link.c - who answers whom: steps (1) to (3) of REFERENCES (RFC 5256 §3) */
#include <stdlib.h>

#include "protocols/imap/thread_private.h"

enum { CLIMB_MAX = 50000000 }; /* steps in all; then no link is made that could be a loop */

int32_t thread_add_node(struct imap_threads *t)
{
	const struct thread_node node = { .parent = NONE, .date = INT64_MAX };

	buf_add(&t->nodes, &node, sizeof node);
	return thread_count(t) - 1;
}

struct imap_threads *imap_threads_new(void)
{
	return mem_get(sizeof(struct imap_threads));
}

void imap_threads_free(struct imap_threads **threads)
{
	struct imap_threads *t = *threads;

	if (!t)
		return;
	buf_done(&t->nodes);
	free(t->ids.slots);
	free(t->order);
	free(t);
	*threads = NULL;
}

/* --- tables --- */

static struct thread_slot *slot_of(const struct thread_table *table, uint64_t key)
{
	size_t i = key & (table->room - 1);

	while (table->slots[i].key && table->slots[i].key != key)
		i = (i + 1) & (table->room - 1);
	return &table->slots[i];
}

static void grow(struct thread_table *table)
{
	struct thread_table bigger = { .n = table->n, .room = table->room ? table->room * 2 : 64 };

	bigger.slots = mem_get(bigger.room * sizeof *bigger.slots);
	for (size_t i = 0; i < table->room; i++)
		if (table->slots[i].key)
			*slot_of(&bigger, table->slots[i].key) = table->slots[i];
	free(table->slots);
	*table = bigger;
}

struct thread_slot *thread_slot(struct thread_table *table, uint64_t key, bool *is_new)
{
	if (table->n * 2 >= table->room)
		grow(table);
	struct thread_slot *slot = slot_of(table, key);
	*is_new = slot->key == 0;
	if (*is_new) {
		slot->key = key;
		table->n++;
	}
	return slot;
}

/* --- (1): links --- */

static int32_t find_or_add(struct imap_threads *t, uint64_t id)
{
	bool is_new;
	struct thread_slot *slot = thread_slot(&t->ids, id, &is_new);

	if (is_new)
		slot->node = thread_add_node(t);
	return slot->node;
}

/* Is `above` that node, or one above it? Or too much work to tell. */
static bool is_above(struct imap_threads *t, int32_t above, int32_t i)
{
	for (; i != NONE; i = thread_node(t, i)->parent)
		if (i == above || t->climbed++ > CLIMB_MAX)
			return true;
	return false;
}

static void link(struct imap_threads *t, int32_t parent, int32_t child)
{
	if (parent == child || (thread_node(t, child)->has_child && is_above(t, child, parent)))
		return;
	thread_node(t, child)->parent = parent;
	thread_node(t, parent)->has_child = true;
}

void imap_threads_add(struct imap_threads *t, const struct imap_thread_message *message)
{
	int32_t me = message->id ? find_or_add(t, message->id) : thread_add_node(t), above = NONE;

	if (thread_node(t, me)->seq) /* another one has this id */
		me = thread_add_node(t);
	for (size_t i = 0; i < message->n_references; i++) {
		int32_t it = find_or_add(t, message->references[i]);

		if (above != NONE && thread_node(t, it)->parent == NONE)
			link(t, above, it);
		above = it;
	}
	struct thread_node *node = thread_node(t, me);
	node->seq = message->seq;
	node->date = message->date;
	node->subject = message->subject;
	node->reply = message->reply;
	node->parent = NONE;
	if (above != NONE)
		link(t, above, me);
}

/* --- (3): placeholders --- */

/* The nearest message above, or a placeholder that is a root, or NONE; what is
   climbed is made shorter for the next one. */
static int32_t shown_above(struct imap_threads *t, int32_t i)
{
	int32_t top = thread_node(t, i)->parent;

	while (top != NONE && !thread_node(t, top)->seq && thread_node(t, top)->parent != NONE)
		top = thread_node(t, top)->parent;
	for (int32_t up = thread_node(t, i)->parent; up != top && up != NONE;) {
		int32_t next = thread_node(t, up)->parent;

		thread_node(t, up)->parent = top;
		up = next;
	}
	return top;
}

static void count_children(struct imap_threads *t)
{
	for (int32_t i = 0; i < thread_count(t); i++)
		thread_node(t, i)->n_children = 0;
	for (int32_t i = 0; i < thread_count(t); i++)
		if (thread_node(t, i)->seq && thread_node(t, i)->parent >= 0)
			thread_node(t, thread_node(t, i)->parent)->n_children++;
}

void thread_prune(struct imap_threads *t)
{
	for (int32_t i = 0; i < thread_count(t); i++)
		if (thread_node(t, i)->seq)
			thread_node(t, i)->parent = shown_above(t, i);
	count_children(t);
	for (int32_t i = 0; i < thread_count(t); i++) {
		struct thread_node *node = thread_node(t, i);

		if (node->seq && node->parent != NONE && !thread_node(t, node->parent)->seq &&
		    thread_node(t, node->parent)->n_children == 1)
			node->parent = NONE;
	}
	for (int32_t i = 0; i < thread_count(t); i++)
		if (!thread_node(t, i)->seq &&
		    (thread_node(t, i)->parent != NONE || thread_node(t, i)->n_children < 2))
			thread_node(t, i)->parent = GONE;
}
