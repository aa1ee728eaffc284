/* box_copy_far.c - COPY and MOVE into another shard, where nothing can be shared
 *
 * What is copied is stored there as APPEND would do it, a bounded number in each
 * write. MOVE removes here what is durable there: when the power fails in between, a
 * message is in both places and never in none. */
#include <stdlib.h>
#include <string.h>

#include "storage/box_private.h"

enum { BATCH = 64, BATCH_BYTES = 16 << 20 };

struct box_far {
	struct box *box;
	struct box_snap *snap; /* of it */
	struct acct to;
	struct buf name; /* of the mailbox there */
	uint64_t may;	 /* of the flags, those that come along */
	bool move;
	const uint32_t *all;
	size_t n_all, done;
	struct box_half half;
	struct box_added *out;
	struct err *err;

	/* This time. */
	struct body *bodies[BATCH];
	struct box_append messages[BATCH];
	uint32_t uids[BATCH];
	size_t n;
	uint64_t bytes;
	struct pool pool; /* of keywords */
};

static void put_down(struct box_far *far)
{
	for (size_t i = 0; i < far->n; i++)
		body_close(&far->bodies[i]);
	far->n = 0;
	far->bytes = 0;
	pool_reset(&far->pool);
}

static void name_keywords(struct box_far *far, uint64_t flags, struct box_append *message)
{
	const char *const *names = box_snap_keywords(far->snap);
	struct slice *keywords = pool_get(&far->pool, BOX_KEYWORDS_MAX * sizeof *keywords);

	for (size_t i = 0; i < BOX_KEYWORDS_MAX && names[i]; i++)
		if (flags >> (BOX_KEYWORD_SHIFT + i) & 1)
			keywords[message->n_keywords++] = slice_str(names[i]);
	message->keywords = keywords;
}

/* 1, 0 when it is gone, -1. */
static int take_up(struct box_far *far, uint32_t uid)
{
	const struct box_entry *entry =
	    box_snap_nth(far->snap, box_snap_find(far->snap, uid, false));
	struct box_append *message = &far->messages[far->n];
	struct body **body = &far->bodies[far->n];

	if (!entry)
		return 0;
	int found = box_body(far->box, entry, body, far->err);
	if (found != 1)
		return found;
	uint64_t flags = entry->flags & far->may;
	*message = (struct box_append){ .flags = flags, .internal_date = entry->internal_date };
	name_keywords(far, flags, message);
	far->uids[far->n++] = uid;
	far->bytes += entry->size;
	return body_map(*body, &message->message, far->err) == 0 ? 1 : -1;
}

/* Here they are removed only now. What cannot be is not to be in two places. */
static int take_away(struct box_far *far, const struct box_added *added)
{
	struct box_name name;

	if (box_batch_drop(&far->box->acct, far->box->id, far->uids, far->n, far->err) == 0)
		return 0;
	if (box_find(&far->to, buf_slice(&far->name), &name, NULL) == 0)
		box_batch_drop(&far->to, name.box, added->uids, added->n, NULL);
	return -1;
}

static int append(struct box_far *far, struct box_added *added)
{
	struct slice name = buf_slice(&far->name);

	if (!far->move)
		return box_append_half(&far->to, name, far->messages, far->n, &far->half,
		    far->done == far->n_all, &far->pool, added, far->err);
	if (box_append(&far->to, name, far->messages, far->n, &far->pool, added, far->err) != 0)
		return -1;
	return take_away(far, added);
}

static int store(struct box_far *far)
{
	struct box_added added;
	size_t n = far->out->n;

	if (append(far, &added) != 0)
		return -1;
	memcpy(far->out->uids + n, added.uids, far->n * sizeof *added.uids);
	memcpy(far->out->from + n, far->uids, far->n * sizeof *far->uids);
	far->out->n = n + far->n;
	far->out->uidvalidity = added.uidvalidity;
	put_down(far);
	return 0;
}

/* RFC 9051 §6.4.7: all or nothing; so what does not fit is refused at once. */
static int check(struct box_far *far)
{
	struct acct_usage usage;
	struct box_name name;
	uint64_t bytes = 0;

	if (box_find(&far->to, buf_slice(&far->name), &name, far->err) < 0)
		return -1;
	if (acct_usage(&far->to, &usage) < 0)
		return err_set(far->err, ERR_TEMP, "the account cannot be read");
	for (size_t i = 0; i < far->n_all; i++) {
		const struct box_entry *entry =
		    box_snap_nth(far->snap, box_snap_find(far->snap, far->all[i], false));
		bytes += entry ? entry->size : 0;
	}
	if (usage.quota > 0 && usage.bytes + bytes > usage.quota)
		return err_set(far->err, ERR_LIMIT, "the mailbox is full");
	return 0;
}

/* --- step by step --- */

struct box_far *box_far_begin(struct box *box, const struct box_copy *what, const uint32_t *uids,
    size_t n, struct box_added *out)
{
	struct box_far *far = mem_get(sizeof *far);

	*far = (struct box_far){ .box = box,
		.snap = box_snap(box),
		.to = *what->to,
		.may = what->may,
		.move = what->move,
		.all = uids,
		.n_all = n,
		.out = out };
	buf_adds(&far->name, what->name);
	return far;
}

static int fail(struct box_far *far)
{
	if (!far->move) {
		box_half_undo(&far->to, &far->half, NULL);
		far->out->n = 0;
	}
	return -1;
}

static bool is_full(const struct box_far *far)
{
	return far->n == BATCH || far->bytes >= BATCH_BYTES;
}

int box_far_step(struct box_far *far, struct err *err)
{
	far->err = err;
	if (far->done == 0 && check(far) < 0)
		return -1;
	while (far->done < far->n_all && !is_full(far))
		if (take_up(far, far->all[far->done++]) < 0)
			return fail(far);
	if (far->n > 0 && store(far) < 0)
		return fail(far);
	if (far->done < far->n_all)
		return 1;
	return box_half_end(&far->to, &far->half, err) < 0 ? fail(far) : 0;
}

void box_far_end(struct box_far **farp)
{
	struct box_far *far = *farp;

	if (!far)
		return;
	box_half_leave(&far->to, &far->half);
	put_down(far);
	pool_done(&far->pool);
	box_snap_free(&far->snap);
	buf_done(&far->name);
	free(far);
	*farp = NULL;
}
