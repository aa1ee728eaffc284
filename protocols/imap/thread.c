/* thread.c - put messages together to conversations (RFC 5256 §3)
 *
 * A node is a message, or a placeholder for one that is only referred to. Each
 * knows its parent alone while they are linked; when all is settled, one sort
 * by parent and date gives every node its children in order. Nothing here
 * recurses: a conversation may be as deep as the mailbox has messages. */
#include <stdlib.h>

#include "protocols/imap/order.h"

enum {
	NONE = -1,	      /* parent of a root */
	GONE = -2,	      /* parent of a node that is not shown */
	CLIMB_MAX = 50000000, /* steps in all; then no link is made that could be a loop */
};

struct node {
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
struct table {
	struct slot {
		uint64_t key; /* 0: free */
		int32_t node;
	} * slots;
	size_t n, room; /* a power of two */
};

struct imap_threads {
	struct buf nodes; /* of struct node */
	struct table ids;
	int32_t *order; /* what is shown, by parent, then date */
	uint32_t n_order, next;
	uint64_t climbed;
};

static struct node *node_of(const struct imap_threads *t, int32_t i)
{
	return (struct node *)(void *)t->nodes.p + i;
}

static int32_t count(const struct imap_threads *t)
{
	return (int32_t)(t->nodes.n / sizeof(struct node));
}

static int32_t add_node(struct imap_threads *t)
{
	const struct node node = { .parent = NONE, .date = INT64_MAX };

	buf_add(&t->nodes, &node, sizeof node);
	return count(t) - 1;
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

static struct slot *slot_of(const struct table *table, uint64_t key)
{
	size_t i = key & (table->room - 1);

	while (table->slots[i].key && table->slots[i].key != key)
		i = (i + 1) & (table->room - 1);
	return &table->slots[i];
}

static void grow(struct table *table)
{
	struct table bigger = { .n = table->n, .room = table->room ? table->room * 2 : 64 };

	bigger.slots = mem_get(bigger.room * sizeof *bigger.slots);
	for (size_t i = 0; i < table->room; i++)
		if (table->slots[i].key)
			*slot_of(&bigger, table->slots[i].key) = table->slots[i];
	free(table->slots);
	*table = bigger;
}

/* The slot of a key, which is taken now; *is_new: it was free, and its node is
   to be filled in. */
static struct slot *take_slot(struct table *table, uint64_t key, bool *is_new)
{
	if (table->n * 2 >= table->room)
		grow(table);
	struct slot *slot = slot_of(table, key);
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
	struct slot *slot = take_slot(&t->ids, id, &is_new);

	if (is_new)
		slot->node = add_node(t);
	return slot->node;
}

/* Is `above` that node, or one above it? Or too much work to tell. */
static bool is_above(struct imap_threads *t, int32_t above, int32_t i)
{
	for (; i != NONE; i = node_of(t, i)->parent)
		if (i == above || t->climbed++ > CLIMB_MAX)
			return true;
	return false;
}

static void link(struct imap_threads *t, int32_t parent, int32_t child)
{
	if (parent == child || (node_of(t, child)->has_child && is_above(t, child, parent)))
		return;
	node_of(t, child)->parent = parent;
	node_of(t, parent)->has_child = true;
}

void imap_threads_add(struct imap_threads *t, const struct imap_thread_message *message)
{
	int32_t me = message->id ? find_or_add(t, message->id) : add_node(t), above = NONE;

	if (node_of(t, me)->seq) /* another one has this id */
		me = add_node(t);
	for (size_t i = 0; i < message->n_references; i++) {
		int32_t it = find_or_add(t, message->references[i]);

		if (above != NONE && node_of(t, it)->parent == NONE)
			link(t, above, it);
		above = it;
	}
	struct node *node = node_of(t, me);
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
	int32_t top = node_of(t, i)->parent;

	while (top != NONE && !node_of(t, top)->seq && node_of(t, top)->parent != NONE)
		top = node_of(t, top)->parent;
	for (int32_t up = node_of(t, i)->parent; up != top && up != NONE;) {
		int32_t next = node_of(t, up)->parent;

		node_of(t, up)->parent = top;
		up = next;
	}
	return top;
}

static void count_children(struct imap_threads *t)
{
	for (int32_t i = 0; i < count(t); i++)
		node_of(t, i)->n_children = 0;
	for (int32_t i = 0; i < count(t); i++)
		if (node_of(t, i)->seq && node_of(t, i)->parent >= 0)
			node_of(t, node_of(t, i)->parent)->n_children++;
}

/* A placeholder stays when it is a root of several. */
static void prune(struct imap_threads *t)
{
	for (int32_t i = 0; i < count(t); i++)
		if (node_of(t, i)->seq)
			node_of(t, i)->parent = shown_above(t, i);
	count_children(t);
	for (int32_t i = 0; i < count(t); i++) {
		struct node *node = node_of(t, i);

		if (node->seq && node->parent != NONE && !node_of(t, node->parent)->seq &&
		    node_of(t, node->parent)->n_children == 1)
			node->parent = NONE;
	}
	for (int32_t i = 0; i < count(t); i++)
		if (!node_of(t, i)->seq &&
		    (node_of(t, i)->parent != NONE || node_of(t, i)->n_children < 2))
			node_of(t, i)->parent = GONE;
}

/* --- the order --- */

/* A placeholder is as old as its first child, and has its subject. */
static void date_placeholders(struct imap_threads *t)
{
	for (int32_t i = 0; i < count(t); i++) {
		const struct node *node = node_of(t, i);
		struct node *above = node->parent >= 0 ? node_of(t, node->parent) : NULL;

		if (!node->seq || !above || above->seq || node->date >= above->date)
			continue;
		above->date = node->date;
		above->subject = node->subject;
		above->reply = node->reply;
	}
}

static int compare(const void *x, const void *y, void *arg)
{
	const struct imap_threads *t = arg;
	const struct node *a = node_of(t, *(const int32_t *)x),
			  *b = node_of(t, *(const int32_t *)y);

	if (a->parent != b->parent)
		return (a->parent > b->parent) - (a->parent < b->parent);
	if (a->latest != b->latest)
		return (a->latest > b->latest) - (a->latest < b->latest);
	if (a->date != b->date)
		return (a->date > b->date) - (a->date < b->date);
	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Roots come first, since NONE is below every node. */
static void arrange(struct imap_threads *t)
{
	date_placeholders(t);
	free(t->order);
	t->order = mem_get(((size_t)count(t) + 1) * sizeof *t->order);
	t->n_order = 0;
	for (int32_t i = 0; i < count(t); i++)
		if (node_of(t, i)->parent != GONE)
			t->order[t->n_order++] = i;
	qsort_r(t->order, t->n_order, sizeof *t->order, compare, t);
}

static void find_children(struct imap_threads *t)
{
	for (int32_t i = 0; i < count(t); i++)
		node_of(t, i)->n_children = 0;
	for (uint32_t at = 0; at < t->n_order; at++) {
		struct node *node = node_of(t, t->order[at]);

		node->at = at;
		if (node->parent != NONE && node_of(t, node->parent)->n_children++ == 0)
			node_of(t, node->parent)->children = at;
	}
}

/* --- (5): conversations of one subject --- */

/* Of two roots of a subject, is this the better one to have the other below? */
static bool is_better(const struct node *it, const struct node *than)
{
	if (!it->seq != !than->seq)
		return !it->seq;
	return than->reply && !it->reply;
}

/* A placeholder above both. */
static int32_t join(struct imap_threads *t, int32_t a, int32_t b)
{
	int32_t top = add_node(t);

	node_of(t, a)->parent = node_of(t, b)->parent = top;
	return top;
}

static void merge(struct imap_threads *t, struct slot *slot, int32_t root)
{
	const struct node *kept = node_of(t, slot->node), *it = node_of(t, root);

	if (slot->node == root)
		return;
	if (!kept->seq || (it->reply && !kept->reply))
		node_of(t, root)->parent = slot->node;
	else
		slot->node = join(t, slot->node, root);
}

/* A placeholder below another one leaves it its children. */
static void empty_placeholders(struct imap_threads *t)
{
	for (int32_t i = 0; i < count(t); i++) {
		const struct node *above =
		    node_of(t, i)->parent >= 0 ? node_of(t, node_of(t, i)->parent) : NULL;

		if (above && !above->seq && above->parent >= 0)
			node_of(t, i)->parent = above->parent;
	}
	for (int32_t i = 0; i < count(t); i++)
		if (!node_of(t, i)->seq && node_of(t, i)->parent >= 0)
			node_of(t, i)->parent = GONE;
}

/* Roots by date, as step (4) has left them. */
static void merge_subjects(struct imap_threads *t)
{
	struct table subjects = { 0 };
	uint32_t n = 0;
	bool is_new;

	while (n < t->n_order && node_of(t, t->order[n])->parent == NONE)
		n++;
	for (uint32_t i = 0; i < n; i++) {
		const struct node *root = node_of(t, t->order[i]);
		if (root->subject == 0)
			continue;
		struct slot *slot = take_slot(&subjects, root->subject, &is_new);
		if (is_new || is_better(root, node_of(t, slot->node)))
			slot->node = t->order[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t subject = node_of(t, t->order[i])->subject;
		if (subject != 0)
			merge(t, take_slot(&subjects, subject, &is_new), t->order[i]);
	}
	empty_placeholders(t);
	free(subjects.slots);
}

/* --- the other ways --- */

/* ORDEREDSUBJECT: the oldest of a subject has the others as its children. */
static void group_subjects(struct imap_threads *t)
{
	struct table subjects = { 0 };
	bool is_new;

	for (uint32_t i = 0; i < t->n_order; i++) {
		uint64_t subject = node_of(t, t->order[i])->subject;
		struct slot *slot = take_slot(&subjects, subject ? subject : 2, &is_new);

		if (is_new)
			slot->node = t->order[i];
		else
			node_of(t, t->order[i])->parent = slot->node;
	}
	free(subjects.slots);
}

static int32_t root_of(int32_t *up, int32_t i)
{
	while (up[i] != i)
		i = up[i] = up[up[i]];
	return i;
}

/* REFS: conversations in the order of their latest message. */
static void find_latest(struct imap_threads *t)
{
	int32_t *up = mem_get(((size_t)count(t) + 1) * sizeof *up);

	for (int32_t i = 0; i < count(t); i++)
		up[i] = node_of(t, i)->parent >= 0 ? node_of(t, i)->parent : i;
	for (uint32_t at = 0; at < t->n_order; at++) {
		const struct node *node = node_of(t, t->order[at]);
		struct node *root = node_of(t, root_of(up, t->order[at]));

		if (node->date > root->latest)
			root->latest = node->date;
	}
	free(up);
}

void imap_threads_build(struct imap_threads *t, enum imap_thread_how how)
{
	if (how != IMAP_THREAD_ORDEREDSUBJECT)
		prune(t);
	arrange(t);
	if (how == IMAP_THREAD_ORDEREDSUBJECT)
		group_subjects(t);
	else if (how == IMAP_THREAD_REFERENCES)
		merge_subjects(t);
	else
		find_latest(t);
	arrange(t);
	find_children(t);
}

/* --- the answer --- */

/* The next child of the same parent, or NONE. */
static int32_t sibling(const struct imap_threads *t, int32_t i)
{
	uint32_t at = node_of(t, i)->at + 1;

	if (at == t->n_order || node_of(t, t->order[at])->parent != node_of(t, i)->parent)
		return NONE;
	return t->order[at];
}

/* Up to where there is a sibling to go on with; closes what is left behind.
   NONE: that was all below the root. */
static int32_t climb(const struct imap_threads *t, int32_t i, int32_t root, struct buf *out)
{
	for (; i != root; i = node_of(t, i)->parent) {
		if (node_of(t, node_of(t, i)->parent)->n_children == 1)
			continue;
		buf_addc(out, ')');
		int32_t next = sibling(t, i);
		if (next != NONE)
			return next;
	}
	return NONE;
}

bool imap_threads_put(
    struct imap_threads *t, struct buf *out, uint32_t (*number)(void *arg, uint32_t seq), void *arg)
{
	if (t->next == t->n_order || node_of(t, t->order[t->next])->parent != NONE)
		return false;
	int32_t root = t->order[t->next++], i = root;
	buf_addc(out, '(');
	while (i != NONE) {
		const struct node *node = node_of(t, i);

		if (node->seq)
			buf_addu(out, number(arg, node->seq));
		if (node->n_children == 0) {
			i = climb(t, i, root, out);
			if (i != NONE)
				buf_addc(out, '(');
			continue;
		}
		if (node->seq)
			buf_addc(out, ' ');
		if (node->n_children > 1)
			buf_addc(out, '(');
		i = t->order[node->children];
	}
	buf_addc(out, ')');
	return true;
}
