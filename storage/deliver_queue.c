/* deliver_queue.c - what goes into the queue: mail for elsewhere, redirects, outcomes
 *
 * A recipient whose rules reject the message is put there as one that has failed,
 * and one of whose delivery the sender wants to hear as delivered: notifications are
 * made in one place. Of the message only the header lies with them. */
#include "core/log.h"
#include "core/msg.h"
#include "core/text.h"
#include "storage/deliver_private.h"
#include "storage/forward.h"

enum { REPLY_MAX = 400, RCPTS_MAX = 1000 };

const char deliver_redirected[] = "X-Sieve-Redirected-From";

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
	sending->from = op->d->reverse_path;
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

bool deliver_waits(const struct delivery *op)
{
	return op->d->release > op->now;
}

/* What an address of ours leads to, and what its sender wrote: an alias of one is not
   the other. */
static bool is_forward(const struct deliver_rcpt *rcpt)
{
	ptrdiff_t at = slice_rchr(rcpt->original, '@');

	return at > 0 && !slice_ieq(rcpt->original, slice_str(rcpt->target->address)) &&
	    dir_is_domain(slice_from(rcpt->original, (size_t)at + 1));
}

static struct sending *find_forward(struct delivery *op, struct slice through)
{
	struct sending *sending = op->sendings;

	while (
	    sending && (sending->kind != SENDING_FORWARD || !slice_ieq(sending->through, through)))
		sending = sending->next;
	return sending; /* the newest one, which has room if any has */
}

/* It tells where it was, so that it is known when it comes again. */
static struct form *form_forward(
    struct delivery *op, struct shard *shard, struct slice through, struct err *err)
{
	return form_passed_on(op, shard, through,
	    slice_str(pool_printf(&op->pool, DELIVERED_TO ": %.*s\r\n", SLICE_ARG(through))), err);
}

/* By an alias, or a group of which this is a member. */
static struct slice leads_through(const struct deliver_rcpt *rcpt)
{
	return rcpt->group ? slice_str(rcpt->group->target->address) : rcpt->original;
}

static bool is_full(const struct sending *sending)
{
	return sending->rcpts.n / sizeof(struct queue_rcpt) >= RCPTS_MAX;
}

/* Entries for very many share the body. */
static struct sending *forward_for(
    struct delivery *op, const struct deliver_rcpt *rcpt, struct err *err)
{
	struct slice through = leads_through(rcpt);
	struct sending *sending = find_forward(op, through);
	const char *owner = rcpt->group ? rcpt->group->owner : NULL;
	struct shard *shard = home(err);

	if ((sending && !is_full(sending)) || !shard)
		return sending;
	sending = new_sending(op, SENDING_FORWARD, NULL,
	    sending ? sending->form : form_forward(op, shard, through, err));
	if (sending) {
		sending->through = through;
		sending->from = owner ? slice_str(owner)
				      : forward_sender(op->d->reverse_path, through, &op->pool);
	}
	return sending;
}

static struct sending *sending_for(
    struct delivery *op, const struct deliver_rcpt *rcpt, struct err *err)
{
	struct sending *sending = find(op, SENDING_ON, NULL);
	struct shard *shard = home(err);

	if (!deliver_waits(op) && is_forward(rcpt))
		return forward_for(op, rcpt, err);
	if (!sending && shard)
		sending = new_sending(op, SENDING_ON, NULL, form_clear(op, shard, err));
	return sending;
}

/* Who waits for a time is led to whom the address means then. */
int sending_on(struct delivery *op, const struct deliver_rcpt *rcpt, struct err *err)
{
	struct slice address =
	    deliver_waits(op) ? rcpt->original : slice_str(rcpt->target->address);

	if (deliver_waits(op) && is_sent_to(op, address))
		return 0;
	struct sending *sending = sending_for(op, rcpt, err);
	if (!sending)
		return -1;
	add_rcpt(sending,
	    &(struct queue_rcpt){ .address = address,
		.original = rcpt->original,
		.notify = rcpt->notify,
		.orcpt = rcpt->orcpt });
	return 0;
}

/* --- redirects --- */

static struct sending *new_redirect(struct delivery *op, const struct party *by, struct err *err)
{
	struct shard *shard = home(err);

	if (!shard)
		return NULL;
	const char *before =
	    pool_printf(&op->pool, "%s: %.*s\r\n", deliver_redirected, SLICE_ARG(by->address));
	struct sending *sending = new_sending(op, SENDING_REDIRECT, by,
	    form_passed_on(op, shard, by->address, slice_str(before), err));
	if (sending)
		sending->from = forward_sender(op->d->reverse_path, by->address, &op->pool);
	return sending;
}

int sending_redirect(
    struct delivery *op, const struct party *by, struct slice address, struct err *err)
{
	struct sending *sending = find(op, SENDING_REDIRECT, by);

	if (is_sent_to(op, address))
		return 0;
	if (deliver_redirect_circle(op, by->address, address, err) != 0)
		return -1;
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

/* --- what became of recipients here --- */

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
	bool has = text_status(why) > 0 && why.p[0] == '5';
	char *text =
	    pool_printf(pool, "550 %s%.*s", has ? "" : "5.7.1 ", SLICE_ARG(slice_head(why, n)));

	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return slice_str(text);
}

/* What became of a recipient here, when its sender wants to know. */
static int tell_sender(struct delivery *op, const struct party *party,
    const struct queue_rcpt *outcome, struct err *err)
{
	struct sending *sending = find(op, SENDING_TOLD, NULL);
	struct queue_rcpt rcpt = *outcome;
	struct shard *shard = home(err);

	if (party->rcpt) {
		rcpt.notify = party->rcpt->notify;
		rcpt.orcpt = party->rcpt->orcpt;
	}
	if (!queue_wants_told(op->d->reverse_path, rcpt.notify, rcpt.state))
		return 0;
	if (!sending && shard)
		sending = new_sending(
		    op, SENDING_TOLD, NULL, form_text(op, shard, header_of(op->whole), err));
	if (!sending)
		return -1;
	rcpt.address = party->address;
	rcpt.original = party->original;
	rcpt.owed = true;
	rcpt.tried = op->now;
	add_rcpt(sending, &rcpt);
	return 0;
}

int sending_rejected(struct delivery *op, const struct party *party, struct err *err)
{
	const struct queue_rcpt outcome = { .state = QUEUE_FAILED,
		.reply = reply_of(&op->pool, party->why) };

	return tell_sender(op, party, &outcome, err);
}

int sending_delivered(struct delivery *op, const struct party *party, struct err *err)
{
	const struct queue_rcpt outcome = {
		.state = QUEUE_DELIVERED, .here = true, .reply = SLICE("250 2.1.5 Delivered")
	};

	return tell_sender(op, party, &outcome, err);
}

/* --- inside the write --- */

int sending_put(struct delivery *op, struct sending *sending, struct kv_txn *txn)
{
	const struct deliver *d = op->d;

	sending->entry = (struct queue_entry){ .id = sending->id,
		.body = sending->form->place.id,
		.size = sending->form->size,
		.queued = op->now,
		.reverse_path = sending->from,
		.smtputf8 = d->smtputf8,
		.body8 = d->body8,
		.vouched = op->vouched,
		.require_tls = d->require_tls,
		.tls_optional = d->tls_optional,
		.priority = d->priority,
		.release = sending->kind == SENDING_ON ? d->release : 0,
		.rcpts = (const void *)sending->rcpts.p,
		.n_rcpts = sending->rcpts.n / sizeof(struct queue_rcpt) };
	if (sending->kind != SENDING_REDIRECT) { /* what the sender asked for his recipients */
		sending->entry.envid = d->envid;
		sending->entry.ret = sending->kind == SENDING_TOLD ? SLICE("HDRS") : d->ret;
	}
	sending->form->users++;
	return queue_put(txn, &sending->entry);
}

void sending_done(struct sending *sendings)
{
	for (; sendings; sendings = sendings->next)
		buf_done(&sendings->rcpts);
}
