/* box_copy_far.c - COPY and MOVE into another shard, where nothing can be shared
 *
 * What is copied is stored there as APPEND would do it, a bounded number in each
 * write. MOVE removes here what is durable there: when the power fails in between, a
 * message is in both places and never in none. */
#include <string.h>

#include "storage/box_private.h"

enum { BATCH = 64, BATCH_BYTES = 16 << 20 };

struct far {
	struct box *box;
	struct box_snap *snap; /* of it */
	const struct box_far *to;
	uint32_t to_box;
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

static void put_down(struct far *far)
{
	for (size_t i = 0; i < far->n; i++)
		body_close(&far->bodies[i]);
	far->n = 0;
	far->bytes = 0;
	pool_reset(&far->pool);
}

static void name_keywords(struct far *far, uint64_t flags, struct box_append *message)
{
	const char *const *names = box_snap_keywords(far->snap);
	struct slice *keywords = pool_get(&far->pool, BOX_KEYWORDS_MAX * sizeof *keywords);

	for (size_t i = 0; i < BOX_KEYWORDS_MAX && names[i]; i++)
		if (flags >> (BOX_KEYWORD_SHIFT + i) & 1)
			keywords[message->n_keywords++] = slice_str(names[i]);
	message->keywords = keywords;
}

/* 1, 0 when it is gone, -1. */
static int take_up(struct far *far, uint32_t uid)
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
	uint64_t flags = entry->flags & far->to->may;
	*message = (struct box_append){ .flags = flags, .internal_date = entry->internal_date };
	name_keywords(far, flags, message);
	far->uids[far->n++] = uid;
	far->bytes += entry->size;
	return body_map(*body, &message->message, far->err) == 0 ? 1 : -1;
}

/* Here they are removed only now. What cannot be is not to be in two places. */
static int take_away(struct far *far, const struct box_added *added)
{
	if (box_batch_drop(&far->box->acct, far->box->id, far->uids, far->n, far->err) == 0)
		return 0;
	box_batch_drop(far->to->acct, far->to_box, added->uids, added->n, NULL);
	return -1;
}

static int store(struct far *far)
{
	struct box_added added;
	size_t n = far->out->n;

	if (far->n == 0)
		return 0;
	if (box_append(far->to->acct, far->to->name, far->messages, far->n, &far->pool, &added,
		far->err) != 0)
		return -1;
	if (far->to->move && take_away(far, &added) != 0)
		return -1;
	memcpy(far->out->uids + n, added.uids, far->n * sizeof *added.uids);
	memcpy(far->out->from + n, far->uids, far->n * sizeof *far->uids);
	far->out->n = n + far->n;
	far->out->uidvalidity = added.uidvalidity;
	put_down(far);
	return 0;
}

/* RFC 9051 §6.4.7: all or nothing; so what does not fit is refused at once. */
static int check(struct far *far, const uint32_t *uids, size_t n)
{
	struct acct_usage usage;
	struct box_name name;
	uint64_t bytes = 0;

	if (box_find(far->to->acct, far->to->name, &name, far->err) < 0)
		return -1;
	far->to_box = name.box;
	if (acct_usage(far->to->acct, &usage) < 0)
		return err_set(far->err, ERR_TEMP, "the account cannot be read");
	for (size_t i = 0; i < n; i++) {
		const struct box_entry *entry =
		    box_snap_nth(far->snap, box_snap_find(far->snap, uids[i], false));
		bytes += entry ? entry->size : 0;
	}
	if (usage.quota > 0 && usage.bytes + bytes > usage.quota)
		return err_set(far->err, ERR_LIMIT, "the mailbox is full");
	return 0;
}

static int run(struct far *far, const uint32_t *uids, size_t n)
{
	if (check(far, uids, n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (take_up(far, uids[i]) < 0)
			return -1;
		if ((far->n == BATCH || far->bytes >= BATCH_BYTES) && store(far) < 0)
			return -1;
	}
	return store(far);
}

int box_copy_far(struct box *box, const uint32_t *uids, size_t n, const struct box_far *to,
    struct box_added *out, struct err *err)
{
	struct far far = { .box = box, .to = to, .out = out, .err = err };

	far.snap = box_snap(box);
	int rc = run(&far, uids, n);
	if (rc < 0 && !to->move && out->n > 0) {
		box_batch_drop(to->acct, far.to_box, out->uids, out->n, NULL);
		out->n = 0;
	}
	put_down(&far);
	pool_done(&far.pool);
	box_snap_free(&far.snap);
	return rc;
}
