/* deliver_queue.c - what goes into the queue: mail for elsewhere, redirects, rejections
 *
 * A recipient whose rules reject the message is put there as one that has failed
 * and whose sender must be told: notifications are made in one place. Of the
 * message only the header lies with it. */
#include "core/log.h"
#include "core/msg.h"
#include "storage/deliver_private.h"

enum { REPLY_MAX = 400 };

static const char mark[] = "X-Sieve-Redirected-From";

static struct shard *home(struct err *err)
{
	struct shard *shard = shard_of(0);

	if (!shard)
		err_set(err, ERR_TEMP, "the queue is not open here");
	return shard;
}

static struct sending *find(struct delivery *op, enum sending_kind kind, const struct party *by)
{
	for (struct sending *sending = op->sendings; sending; sending = sending->next)
		if (sending->kind == kind && sending->by == by)
			return sending;
	return NULL;
}

/* NULL when there is no form. */
static struct sending *new_sending(
    struct delivery *op, enum sending_kind kind, const struct party *by, struct form *form)
{
	struct sending *sending;

	if (!form)
		return NULL;
	sending = pool_get(&op->pool, sizeof(*sending));
	sending->kind = kind;
	sending->by = by;
	sending->form = form;
	sending->id = kind == SENDING_ON ? op->d->mid : log_id();
	sending->next = op->sendings;
	op->sendings = sending;
	return sending;
}

static void add_rcpt(struct sending *sending, const struct queue_rcpt *rcpt)
{
	buf_add(&sending->rcpts, rcpt, sizeof(*rcpt));
}

/* --- to others' servers, as the sender wished --- */

int sending_on(struct delivery *op, const struct deliver_rcpt *rcpt, struct err *err)
{
	struct sending *sending = find(op, SENDING_ON, NULL);
	struct shard *shard = home(err);

	if (!sending && shard)
		sending = new_sending(op, SENDING_ON, NULL, form_clear(op, shard, err));
	if (!sending)
		return -1;
	add_rcpt(sending,
	    &(struct queue_rcpt){ .address = slice_str(rcpt->target->address),
		.original = rcpt->original,
		.notify = rcpt->notify,
		.orcpt = rcpt->orcpt });
	return 0;
}

/* --- redirects --- */

/* An address elsewhere gets it once. */
static bool is_sent_to(const struct delivery *op, struct slice address)
{
	for (const struct sending *sending = op->sendings; sending; sending = sending->next) {
		const struct queue_rcpt *rcpts = (const void *)sending->rcpts.p;
		for (size_t i = 0; i < sending->rcpts.n / sizeof(*rcpts); i++)
			if (slice_eq(rcpts[i].address, address))
				return true;
	}
	return false;
}

static bool was_redirected(struct slice message, struct slice address)
{
	struct msg_field field;

	while (msg_field_next(&message, &field))
		if (slice_ieq(field.name, slice_str(mark)) &&
		    slice_ieq(slice_trim(field.value), address))
			return true;
	return false;
}

static struct sending *new_redirect(struct delivery *op, const struct party *by, struct err *err)
{
	struct shard *shard = home(err);

	if (!shard)
		return NULL;
	if (was_redirected(op->whole, by->address)) {
		err_set(err, ERR_EXISTS, "it was redirected from here before and came back");
		return NULL;
	}
	const char *before = pool_printf(&op->pool, "%s: %.*s\r\n", mark, SLICE_ARG(by->address));
	return new_sending(op, SENDING_REDIRECT, by, form_with(op, shard, slice_str(before), err));
}

int sending_redirect(
    struct delivery *op, const struct party *by, struct slice address, struct err *err)
{
	struct sending *sending = find(op, SENDING_REDIRECT, by);

	if (is_sent_to(op, address))
		return 0;
	if (!sending)
		sending = new_redirect(op, by, err);
	if (!sending)
		return -1;
	address = pool_slice(&op->pool, address);
	add_rcpt(sending, &(struct queue_rcpt){ .address = address, .original = address });
	log_event(LOG_INFO, "rule-redirects", log_s("account", by->address), log_s("to", address),
	    log_n("as", (int64_t)sending->id));
	return 0;
}

/* --- rejections --- */

static struct slice header_of(struct slice message)
{
	struct slice rest = message;
	struct msg_field field;

	while (msg_field_next(&rest, &field))
		;
	return slice_head(message, message.n - rest.n);
}

/* As the reply of a server, in one line; no character of UTF-8 is cut. */
static struct slice reply_of(struct pool *pool, struct slice why)
{
	size_t n = why.n < REPLY_MAX ? why.n : REPLY_MAX;

	while (n < why.n && n > 0 && ((unsigned char)why.p[n] & 0xc0) == 0x80)
		n--;
	char *text = pool_printf(pool, "550 5.7.1 %.*s", SLICE_ARG(slice_head(why, n)));

	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return slice_str(text);
}

/* RFC 3461 §4.1 */
static bool wants_to_know(const struct deliver_rcpt *rcpt)
{
	struct slice rest = rcpt ? rcpt->notify : (struct slice){ 0 };

	if (rest.n == 0)
		return true;
	while (rest.n > 0)
		if (slice_ieq(slice_cut(&rest, ','), SLICE("FAILURE")))
			return true;
	return false;
}

int sending_rejected(struct delivery *op, const struct party *party, struct err *err)
{
	struct sending *sending = find(op, SENDING_REJECTED, NULL);
	const struct deliver_rcpt *rcpt = party->rcpt;
	struct shard *shard = home(err);

	/* RFC 5321 §4.5.5, RFC 5429 §2.1: notifications are not answered. */
	if (op->d->reverse_path.n == 0 || !wants_to_know(rcpt))
		return 0;
	if (!sending && shard)
		sending = new_sending(
		    op, SENDING_REJECTED, NULL, form_text(op, shard, header_of(op->whole), err));
	if (!sending)
		return -1;
	add_rcpt(sending,
	    &(struct queue_rcpt){ .address = party->address,
		.original = party->original,
		.notify = rcpt ? rcpt->notify : (struct slice){ 0 },
		.orcpt = rcpt ? rcpt->orcpt : (struct slice){ 0 },
		.state = QUEUE_FAILED,
		.owed = true,
		.reply = reply_of(&op->pool, party->why) });
	return 0;
}

/* --- inside the write --- */

int sending_put(struct delivery *op, struct sending *sending, struct kv_txn *txn)
{
	const struct deliver *d = op->d;

	sending->entry = (struct queue_entry){ .id = sending->id,
		.body = sending->form->place.id,
		.size = sending->form->size,
		.queued = op->now,
		.reverse_path = d->reverse_path,
		.smtputf8 = d->smtputf8,
		.body8 = d->body8,
		.rcpts = (const void *)sending->rcpts.p,
		.n_rcpts = sending->rcpts.n / sizeof(struct queue_rcpt) };
	if (sending->kind != SENDING_REDIRECT) { /* what the sender asked for his recipients */
		sending->entry.envid = d->envid;
		sending->entry.ret = sending->kind == SENDING_ON ? d->ret : SLICE("HDRS");
	}
	sending->form->users++;
	return queue_put(txn, &sending->entry);
}

void sending_done(struct sending *sendings)
{
	for (; sendings; sendings = sendings->next)
		buf_done(&sendings->rcpts);
}
