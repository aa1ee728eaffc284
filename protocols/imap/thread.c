/* thread.c - put messages together to conversations (RFC 5256 §3)
 *
 * Each node knows its parent alone while they are linked (thread_link.c); when
 * all is settled, one sort by parent and date gives every node its children in
 * order. Nothing here recurses: a conversation may be as deep as the mailbox has
 * messages. */
#include <stdlib.h>

#include "protocols/imap/thread_private.h"

/* --- the order --- */

/* A placeholder is as old as its first child, and has its subject. */
static void date_placeholders(struct imap_threads *t)
{
	for (int32_t i = 0; i < thread_count(t); i++) {
		const struct thread_node *node = thread_node(t, i);
		struct thread_node *above = node->parent >= 0 ? thread_node(t, node->parent) : NULL;

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
	const struct thread_node *a = thread_node(t, *(const int32_t *)x),
				 *b = thread_node(t, *(const int32_t *)y);

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
	t->order = mem_get(((size_t)thread_count(t) + 1) * sizeof *t->order);
	t->n_order = 0;
	for (int32_t i = 0; i < thread_count(t); i++)
		if (thread_node(t, i)->parent != GONE)
			t->order[t->n_order++] = i;
	qsort_r(t->order, t->n_order, sizeof *t->order, compare, t);
}

static void find_children(struct imap_threads *t)
{
	for (int32_t i = 0; i < thread_count(t); i++)
		thread_node(t, i)->n_children = 0;
	for (uint32_t at = 0; at < t->n_order; at++) {
		struct thread_node *node = thread_node(t, t->order[at]);

		node->at = at;
		if (node->parent != NONE && thread_node(t, node->parent)->n_children++ == 0)
			thread_node(t, node->parent)->children = at;
	}
}

/* --- (5): conversations of one subject --- */

/* Of two roots of a subject, is this the better one to have the other below? */
static bool is_better(const struct thread_node *it, const struct thread_node *than)
{
	if (!it->seq != !than->seq)
		return !it->seq;
	return than->reply && !it->reply;
}

/* A placeholder above both. */
static int32_t join(struct imap_threads *t, int32_t a, int32_t b)
{
	int32_t top = thread_add_node(t);

	thread_node(t, a)->parent = thread_node(t, b)->parent = top;
	return top;
}

static void merge(struct imap_threads *t, struct thread_slot *slot, int32_t root)
{
	const struct thread_node *kept = thread_node(t, slot->node), *it = thread_node(t, root);

	if (slot->node == root)
		return;
	if (!kept->seq || (it->reply && !kept->reply))
		thread_node(t, root)->parent = slot->node;
	else
		slot->node = join(t, slot->node, root);
}

/* A placeholder below another one leaves it its children. */
static void empty_placeholders(struct imap_threads *t)
{
	for (int32_t i = 0; i < thread_count(t); i++) {
		const struct thread_node *above = thread_node(t, i)->parent >= 0
		    ? thread_node(t, thread_node(t, i)->parent)
		    : NULL;

		if (above && !above->seq && above->parent >= 0)
			thread_node(t, i)->parent = above->parent;
	}
	for (int32_t i = 0; i < thread_count(t); i++)
		if (!thread_node(t, i)->seq && thread_node(t, i)->parent >= 0)
			thread_node(t, i)->parent = GONE;
}

/* Roots by date, as step (4) has left them. */
static void merge_subjects(struct imap_threads *t)
{
	struct thread_table subjects = { 0 };
	uint32_t n = 0;
	bool is_new;

	while (n < t->n_order && thread_node(t, t->order[n])->parent == NONE)
		n++;
	for (uint32_t i = 0; i < n; i++) {
		const struct thread_node *root = thread_node(t, t->order[i]);
		if (root->subject == 0)
			continue;
		struct thread_slot *slot = thread_slot(&subjects, root->subject, &is_new);
		if (is_new || is_better(root, thread_node(t, slot->node)))
			slot->node = t->order[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t subject = thread_node(t, t->order[i])->subject;
		if (subject != 0)
			merge(t, thread_slot(&subjects, subject, &is_new), t->order[i]);
	}
	empty_placeholders(t);
	free(subjects.slots);
}

/* --- the other ways --- */

/* ORDEREDSUBJECT: the oldest of a subject has the others as its children. */
static void group_subjects(struct imap_threads *t)
{
	struct thread_table subjects = { 0 };
	bool is_new;

	for (uint32_t i = 0; i < t->n_order; i++) {
		uint64_t subject = thread_node(t, t->order[i])->subject;
		struct thread_slot *slot = thread_slot(&subjects, subject ? subject : 2, &is_new);

		if (is_new)
			slot->node = t->order[i];
		else
			thread_node(t, t->order[i])->parent = slot->node;
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
	int32_t *up = mem_get(((size_t)thread_count(t) + 1) * sizeof *up);

	for (int32_t i = 0; i < thread_count(t); i++)
		up[i] = thread_node(t, i)->parent >= 0 ? thread_node(t, i)->parent : i;
	for (uint32_t at = 0; at < t->n_order; at++) {
		const struct thread_node *node = thread_node(t, t->order[at]);
		struct thread_node *root = thread_node(t, root_of(up, t->order[at]));

		if (node->date > root->latest)
			root->latest = node->date;
	}
	free(up);
}

void imap_threads_build(struct imap_threads *t, enum imap_thread_how how)
{
	if (how != IMAP_THREAD_ORDEREDSUBJECT)
		thread_prune(t);
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
	uint32_t at = thread_node(t, i)->at + 1;

	if (at == t->n_order || thread_node(t, t->order[at])->parent != thread_node(t, i)->parent)
		return NONE;
	return t->order[at];
}

/* Up to where there is a sibling to go on with; closes what is left behind.
   NONE: that was all below the root. */
static int32_t climb(const struct imap_threads *t, int32_t i, int32_t root, struct buf *out)
{
	for (; i != root; i = thread_node(t, i)->parent) {
		if (thread_node(t, thread_node(t, i)->parent)->n_children == 1)
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
	if (t->next == t->n_order || thread_node(t, t->order[t->next])->parent != NONE)
		return false;
	int32_t root = t->order[t->next++], i = root;
	buf_addc(out, '(');
	while (i != NONE) {
		const struct thread_node *node = thread_node(t, i);

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
