/* queue_act.c - what admins do to entries of the queue, many in one transaction */
#include <stdlib.h>
#include <time.h>

#include "storage/queue_private.h"

struct acts {
	struct kv_write w;
	struct queue_change changes[QUEUE_ACT_MAX];
	size_t n;
};

static enum kv_result apply_acts(struct kv_write *w, struct kv_txn *txn)
{
	struct acts *acts = (struct acts *)w;

	for (size_t i = 0; i < acts->n; i++)
		if (queue_change_apply(&acts->changes[i], txn) < 0)
			return KV_FAILED;
	return KV_DONE;
}

static void tell_acts(struct kv_write *w)
{
	const struct acts *acts = (const struct acts *)w;

	for (size_t i = 0; i < acts->n; i++)
		queue_change_tell(&acts->changes[i]);
}

static bool waits(const struct queue_rcpt *rcpt)
{
	return rcpt->state == QUEUE_WAITING;
}

static int edit_retry(struct queue_change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	(void)change;
	for (size_t i = 0; i < entry->n_rcpts; i++)
		rcpts[i].next = 0;
	return 1;
}

static int edit_hold(struct queue_change *change, struct queue_entry *entry)
{
	(void)change;
	entry->held = true;
	return 1;
}

static int edit_release(struct queue_change *change, struct queue_entry *entry)
{
	entry->held = false;
	if (entry->release > change->now)
		entry->release = 0;
	return 1;
}

static int edit_requeue(struct queue_change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	entry->queued = change->now;
	entry->release = 0;
	entry->held = false;
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (waits(&rcpts[i])) {
			rcpts[i].attempts = 0;
			rcpts[i].next = 0;
			rcpts[i].warned = false;
		}
	return 1;
}

static int edit_bounce(struct queue_change *change, struct queue_entry *entry)
{
	struct queue_rcpt *rcpts = (struct queue_rcpt *)entry->rcpts;

	entry->held = false;
	for (size_t i = 0; i < entry->n_rcpts; i++)
		if (waits(&rcpts[i])) {
			rcpts[i].state = QUEUE_FAILED;
			rcpts[i].owed =
			    queue_wants_told(entry->reverse_path, rcpts[i].notify, QUEUE_FAILED);
			rcpts[i].next = change->now;
			rcpts[i].tried = change->now;
			rcpts[i].reply = change->text;
			rcpts[i].host = (struct slice){ 0 };
		}
	return queue_is_left(entry);
}

static int edit_delete(struct queue_change *change, struct queue_entry *entry)
{
	(void)change, (void)entry;
	return 0;
}

static int (*const edits[])(struct queue_change *, struct queue_entry *) = {
	[QUEUE_RETRY] = edit_retry,
	[QUEUE_HOLD] = edit_hold,
	[QUEUE_RELEASE] = edit_release,
	[QUEUE_REQUEUE] = edit_requeue,
	[QUEUE_BOUNCE] = edit_bounce,
	[QUEUE_DELETE] = edit_delete,
};

static size_t count_found(struct acts *acts)
{
	size_t n = 0;

	for (size_t i = 0; i < acts->n; i++) {
		n += acts->changes[i].before.id != 0;
		pool_done(&acts->changes[i].pool);
	}
	return n;
}

int queue_act(enum queue_act act, const uint64_t *ids, size_t n, struct slice text, size_t *done,
    struct err *err)
{
	struct acts *acts = mem_get(sizeof(*acts));
	int64_t now = time(NULL);

	acts->n = n < QUEUE_ACT_MAX ? n : QUEUE_ACT_MAX;
	for (size_t i = 0; i < acts->n; i++)
		acts->changes[i] = (struct queue_change){
			.id = ids[i], .edit = edits[act], .now = now, .text = text
		};
	acts->w.apply = apply_acts;
	acts->w.durable = tell_acts;
	enum kv_result result = kv_write(queue_home()->env, &acts->w);
	*done = count_found(acts);
	free(acts);
	return result == KV_DONE ? 0 : err_set(err, ERR_TEMP, "the queue cannot be written");
}

/* --- removing, also what nobody can read --- */
