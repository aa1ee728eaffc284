/* deliver.c - a message into the mailboxes and the queue of a shard, in one transaction
 *
 * What takes time is done before the write: the summary is made and the body
 * appended once for all. Inside it each account costs four records. */
#include "storage/deliver.h"

#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/metric.h"
#include "storage/box_private.h"
#include "storage/queue.h"

CONF_KEY(storage_detail_mailboxes) = {
	.name = "storage.detail-mailboxes",
	.type = CONF_BOOL,
	.def = "on",
	.help = "mail for ann+lists@ goes into the mailbox lists of ann, if she has one",
};

METRIC(messages_accepted) = {
	.name = "signet_messages_accepted_total",
	.type = METRIC_COUNTER,
	.help = "messages taken, for mailboxes here or for the queue",
	.cells = METRIC_CELLS(1),
};

METRIC(deliveries) = {
	.name = "signet_deliveries_total",
	.type = METRIC_COUNTER,
	.help = "messages put into mailboxes, once for each recipient",
	.cells = METRIC_CELLS(1),
};

/* An account that gets the message. */
struct landing {
	uint64_t account;
	struct buf detail; /* name of a mailbox, folded; or empty */
	struct box_tx tx;
	struct box_edit edit;
};

struct delivery {
	struct kv_write w;
	struct shard *shard;
	int64_t now;
	uint32_t size;
	struct buf summary;
	struct body_place place;
	struct landing *landings;
	size_t n;
	struct queue_entry queue; /* n_rcpts 0: none */
	struct err *err;
};

/* --- inside the write --- */

static enum kv_result refuse(struct delivery *op, enum err_kind kind, const char *why)
{
	err_set(op->err, kind, "%s", why);
	return KV_REFUSED;
}

/* The part of an address behind '+' names a mailbox, but none of those that
   only their owner should write into. */
static int find_mailbox(struct landing *landing, struct box_name *name)
{
	struct slice detail = buf_slice(&landing->detail);

	if (detail.n > 0) {
		int found = box_name_get(&landing->tx, detail, name);
		if (found < 0 || (name->box != 0 && name->use == BOX_USE_NONE))
			return found;
	}
	return box_name_find(&landing->tx, SLICE("INBOX"), name);
}

static enum kv_result check(struct delivery *op, struct landing *landing, struct kv_txn *txn)
{
	struct box_name name;

	int found = box_tx_begin(&landing->tx, txn, op->shard, landing->account);
	if (found == 0)
		return refuse(op, ERR_TEMP, "a recipient was removed meanwhile");
	if (found == 1)
		found = find_mailbox(landing, &name);
	if (found == 1)
		found = box_edit_begin(&landing->edit, &landing->tx, name.box);
	if (found != 1)
		return KV_FAILED;
	return box_edit_room(&landing->edit, op->size, 1, op->err) ? KV_DONE : KV_REFUSED;
}

static int put(struct delivery *op, struct landing *landing)
{
	struct box_entry entry = {
		.size = op->size, .message = op->place.id, .internal_date = op->now
	};

	if (box_edit_add(&landing->edit, &entry) < 0 ||
	    box_message_add(&landing->tx, entry.message, buf_slice(&op->summary)) < 0 ||
	    box_edit_end(&landing->edit) < 0)
		return -1;
	return box_tx_end(&landing->tx);
}

static enum kv_result apply(struct kv_write *w, struct kv_txn *txn)
{
	struct delivery *op = (struct delivery *)w;
	bool queue = op->queue.n_rcpts > 0;

	for (size_t i = 0; i < op->n; i++) {
		enum kv_result result = check(op, &op->landings[i], txn);
		if (result != KV_DONE)
			return result;
	}
	for (size_t i = 0; i < op->n; i++)
		if (put(op, &op->landings[i]) < 0)
			return KV_FAILED;
	if (queue && queue_put(txn, &op->queue) < 0)
		return KV_FAILED;
	unsigned users = (unsigned)op->n + queue;
	return body_link(op->shard->bodies, txn, &op->place, users) < 0 ? KV_FAILED : KV_DONE;
}

static void durable(struct kv_write *w)
{
	struct delivery *op = (struct delivery *)w;

	metric_add(&metric_deliveries, 0, op->n);
	for (size_t i = 0; i < op->n; i++)
		box_view_apply(op->shard, &op->landings[i].edit.change);
	if (op->queue.n_rcpts > 0)
		queue_added(&op->queue);
}

/* --- recipients, in the order of the keys that they touch, each once --- */

struct place {
	const struct deliver_rcpt *rcpt;
	size_t i;
};

static uint32_t shard_of_target(const struct dir_target *target)
{
	return target->account ? target->shard : 0; /* the queue's */
}

static int compare_targets(const struct dir_target *a, const struct dir_target *b)
{
	uint32_t x = shard_of_target(a), y = shard_of_target(b);

	if (x != y)
		return x < y ? -1 : 1;
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	return a->account ? 0 : strcmp(a->address, b->address);
}

static int compare_places(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;
	int order = compare_targets(a->rcpt->target, b->rcpt->target);

	if (order != 0)
		return order;
	return a->i < b->i ? -1 : a->i > b->i; /* the first one of an account stays */
}

static size_t sort_recipients(const struct deliver *d, struct place **out)
{
	size_t n = 0, kept = 0;

	for (const struct deliver_rcpt *rcpt = d->rcpts; rcpt; rcpt = rcpt->next)
		n++;
	struct place *places = mem_get((n + 1) * sizeof(*places));
	n = 0;
	for (const struct deliver_rcpt *rcpt = d->rcpts; rcpt; rcpt = rcpt->next, n++)
		places[n] = (struct place){ rcpt, n };
	qsort(places, n, sizeof(*places), compare_places);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 ||
		    compare_targets(places[kept - 1].rcpt->target, places[i].rcpt->target) != 0)
			places[kept++] = places[i];
	*out = places;
	return kept;
}

/* --- one shard --- */

static void land(struct landing *landing, const struct dir_target *target)
{
	landing->account = target->account;
	if (target->detail && conf_on(&conf_key_storage_detail_mailboxes) &&
	    box_name_fold(slice_str(target->detail), &landing->detail, NULL) < 0)
		buf_clear(&landing->detail);
}

static struct queue_rcpt queue_rcpt(const struct deliver_rcpt *rcpt)
{
	return (struct queue_rcpt){ .address = slice_str(rcpt->target->address),
		.original = rcpt->original,
		.notify = rcpt->notify,
		.orcpt = rcpt->orcpt };
}

static void fill(struct delivery *op, const struct deliver *d, const struct place *places, size_t n,
    struct queue_rcpt *rcpts)
{
	op->queue = (struct queue_entry){ .id = d->mid,
		.body = op->place.id,
		.size = op->size,
		.queued = op->now,
		.reverse_path = d->reverse_path,
		.envid = d->envid,
		.ret = d->ret,
		.smtputf8 = d->smtputf8,
		.body8 = d->body8,
		.rcpts = rcpts };
	for (size_t i = 0; i < n; i++) {
		const struct deliver_rcpt *rcpt = places[i].rcpt;
		if (rcpt->target->account)
			land(&op->landings[op->n++], rcpt->target);
		else
			rcpts[op->queue.n_rcpts++] = queue_rcpt(rcpt);
	}
}

static void landing_done(struct landing *landing)
{
	buf_done(&landing->detail);
	box_tx_done(&landing->tx);
	box_edit_done(&landing->edit);
}

static int deliver_shard(struct delivery *op, const struct deliver *d, struct slice whole,
    const struct place *places, size_t n)
{
	op->shard = shard_of(shard_of_target(places[0].rcpt->target));
	if (!op->shard)
		return err_set(op->err, ERR_TEMP, "a recipient's shard is not open here");
	if (body_append(op->shard->bodies, &whole, 1, &op->place, op->err) < 0)
		return -1;
	summary_set_body(&op->summary, op->place.id);

	struct queue_rcpt *rcpts = mem_get((n + 1) * sizeof(*rcpts));
	op->landings = mem_get((n + 1) * sizeof(*op->landings));
	op->n = 0;
	fill(op, d, places, n, rcpts);
	int rc = box_write(op->shard, &op->w, op->err);
	for (size_t i = 0; i < op->n; i++)
		landing_done(&op->landings[i]);
	free(op->landings);
	free(rcpts);
	return rc;
}

/* --- all of them --- */

static int deliver_whole(const struct deliver *d, struct slice whole, struct err *err)
{
	struct delivery op = { .w = { .apply = apply, .durable = durable }, .err = err };
	struct place *places;
	size_t n = sort_recipients(d, &places), first = 0;
	int rc = 0;

	op.now = time(NULL);
	op.size = (uint32_t)whole.n;
	summary_make(whole, op.now, &op.summary);
	while (rc == 0 && first < n) {
		uint32_t shard = shard_of_target(places[first].rcpt->target);
		size_t last = first;
		while (last < n && shard_of_target(places[last].rcpt->target) == shard)
			last++;
		rc = deliver_shard(&op, d, whole, places + first, last - first);
		first = last;
	}
	buf_done(&op.summary);
	free(places);
	return rc;
}

int deliver(const struct deliver *d, struct err *err)
{
	struct buf whole = { 0 };

	if (!d->rcpts)
		return err_set(err, ERR_INPUT, "the message has no recipient");
	if (d->trace.n + d->message.n > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "the message is too large");
	buf_room(&whole, d->trace.n + d->message.n);
	buf_adds(&whole, d->trace);
	buf_adds(&whole, d->message);
	int rc = deliver_whole(d, buf_slice(&whole), err);
	if (rc == 0)
		metric_add(&metric_messages_accepted, 0, 1);
	buf_done(&whole);
	return rc;
}

int deliver_room(const struct dir_target *target, uint64_t size)
{
	struct acct *acct = acct_open(target->account, target->shard);
	struct acct_usage usage;

	if (!acct)
		return -1;
	int rc = acct_usage(acct, &usage);
	acct_close(&acct);
	if (rc < 0)
		return -1;
	return usage.quota == 0 || usage.bytes + size <= usage.quota;
}
