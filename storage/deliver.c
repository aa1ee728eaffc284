/* deliver.c - a message to its recipients: each once, asked for its rules, then written
 *
 * What takes time is done before the write: scripts are run, bodies appended,
 * summaries made. */
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/metric.h"
#include "storage/answer.h"
#include "storage/deliver_private.h"

METRIC(messages_accepted) = {
	.name = "signet_messages_accepted_total",
	.type = METRIC_COUNTER,
	.help = "messages taken, for mailboxes here or for the queue",
	.cells = METRIC_CELLS(1),
};

/* --- recipients, in the order of the keys that they touch, each once --- */

struct recipient {
	struct deliver_rcpt *rcpt;
	const struct deliver_rcpt *before; /* in the order as they came */
	struct party *party;		   /* NULL: elsewhere */
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

static int compare_recipients(const void *pa, const void *pb)
{
	const struct recipient *a = pa, *b = pb;
	int order = compare_targets(a->rcpt->target, b->rcpt->target);

	if (order != 0)
		return order;
	return a->i < b->i ? -1 : a->i > b->i; /* the first one of an account stays */
}

/* Those that were named, then those that groups brought. */
static struct deliver_rcpt *first_of(const struct delivery *op)
{
	return op->d->rcpts;
}

static struct deliver_rcpt *next_of(const struct delivery *op, const struct deliver_rcpt *rcpt)
{
	return rcpt->next || rcpt->group ? rcpt->next : op->members;
}

static void sort_recipients(struct delivery *op)
{
	size_t n = 0;

	for (struct deliver_rcpt *rcpt = first_of(op); rcpt; rcpt = next_of(op, rcpt))
		n++;
	struct recipient *all = op->recipients = pool_get(&op->pool, n * sizeof(*all));
	op->n_recipients = n;
	n = 0;
	for (struct deliver_rcpt *rcpt = first_of(op); rcpt; rcpt = next_of(op, rcpt), n++)
		all[n] = (struct recipient){
			.rcpt = rcpt, .before = n > 0 ? all[n - 1].rcpt : NULL, .i = n
		};
	qsort(all, n, sizeof(*all), compare_recipients);
}

/* --- the plan --- */

/* Recipients of one RCPT stand one behind the other, with one text. */
static bool is_of_alias(const struct deliver_rcpt *rcpt, const struct deliver_rcpt *before)
{
	const char *text = rcpt->original.p;

	return text &&
	    ((before && before->original.p == text) ||
		(rcpt->next && rcpt->next->original.p == text));
}

static int add_recipient(struct delivery *op, struct recipient *place, struct err *err)
{
	struct deliver_rcpt *rcpt = place->rcpt;
	const char *why = deliver_refusal(op, rcpt);

	if (!why)
		why = deliver_circle(op, rcpt);
	if (why)
		place->party = deliver_refuse(op, rcpt, why);
	if (why || (rcpt->target->group && !deliver_waits(op)))
		return 0;
	if (!rcpt->target->account || deliver_waits(op)) {
		return sending_on(op, rcpt, err);
	}
	place->party = deliver_new_party(op, rcpt->target, err);
	if (!place->party)
		return -1;
	place->party->rcpt = rcpt;
	place->party->original = rcpt->original;
	place->party->entangled = is_of_alias(rcpt, place->before);
	return 0;
}

/* All of them first, so that a redirect to one of them finds it. */
static int add_recipients(struct delivery *op, struct err *err)
{
	struct recipient *all = op->recipients;

	for (size_t i = 0; i < op->n_recipients; i++) {
		const struct recipient *last = i > 0 ? &all[i - 1] : NULL;
		if (last && compare_targets(last->rcpt->target, all[i].rcpt->target) == 0)
			all[i].party = last->party;
		else if (add_recipient(op, &all[i], err) != 0)
			return -1;
	}
	return 0;
}

/* One that must wait is left out, or keeps all waiting. */
static int ask(struct delivery *op, struct party *party, struct err *err)
{
	op->redirects = 0;
	if (deliver_plan(op, party, err) == 0)
		return 0;
	if (!deliver_may_leave_out(op, party))
		return -1;
	party->left_out = err->kind;
	party->landings = NULL;
	party->end = &party->landings;
	return 0;
}

/* Those that are added meanwhile were asked, or need not be. */
static int ask_all(struct delivery *op, struct err *err)
{
	for (struct party *party = op->parties; party; party = party->next)
		if (party->rcpt && party->state == PARTY_NEW && ask(op, party, err) != 0)
			return -1;
	return 0;
}

/* --- what is told of each --- */

static bool anybody_takes(const struct delivery *op)
{
	for (size_t i = 0; i < op->n_recipients; i++)
		if (!op->recipients[i].party || !op->recipients[i].party->rejects)
			return true;
	return false;
}

static enum deliver_fate fate_of(const struct party *party)
{
	if (!party)
		return DELIVER_TAKEN;
	if (party->left_out)
		return party->left_out == ERR_LIMIT ? DELIVER_FULL : DELIVER_LATER;
	return party->rejects ? DELIVER_REJECTED : DELIVER_TAKEN;
}

static void tell_fates(const struct delivery *op)
{
	for (size_t i = 0; i < op->n_recipients; i++) {
		const struct party *party = op->recipients[i].party;
		struct deliver_rcpt *rcpt = op->recipients[i].rcpt;

		rcpt->fate = fate_of(party);
		if (rcpt->fate == DELIVER_FULL || rcpt->fate == DELIVER_LATER)
			log_event(LOG_INFO, "left-out", log_s("account", party->address));
		if (rcpt->fate == DELIVER_REJECTED && op->d->pool)
			rcpt->why = pool_slice(op->d->pool, party->why);
	}
}

/* Who is not told otherwise; those behind a redirect never are. */
static int notify_sender(struct delivery *op, bool all, struct err *err)
{
	for (const struct party *party = op->parties; party; party = party->next)
		if (party->rejects && (all || !party->rcpt) &&
		    sending_rejected(op, party, err) != 0)
			return -1;
	return 0;
}

/* RFC 3461 §4.1: of those who asked for it. Who answers each says it himself. */
static int notify_delivered(struct delivery *op, struct err *err)
{
	for (const struct party *party = op->parties; party; party = party->next)
		if (party->rcpt && !party->rejects && !op->d->each_answers &&
		    sending_delivered(op, party, err) != 0)
			return -1;
	return 0;
}

/* --- the message as it is kept --- */

static const struct deliver_signer *signer;

void deliver_sign_with(const struct deliver_signer *with)
{
	signer = with;
}

/* Where the message comes in, and nowhere later, it is known who sent it: what is passed
   on for a stranger is never signed in somebody's name here. */
static bool put_together(const struct deliver *d, struct buf *whole)
{
	struct buf fields = { 0 };

	if (signer && (d->sender || d->ours))
		signer->sign(d, &fields);
	buf_room(whole, d->trace.n + fields.n + d->message.n);
	buf_adds(whole, d->trace);
	buf_adds(whole, buf_slice(&fields));
	buf_adds(whole, d->message);
	bool vouched = fields.n > 0;
	buf_done(&fields);
	return vouched;
}

void deliver_sign_again(struct slice whole, struct buf *fields)
{
	if (signer)
		signer->sign_again(whole, fields);
}

bool deliver_seal(const struct delivery *op, struct slice by, struct buf *fields)
{
	struct slice domain = slice_from(by, (size_t)(slice_rchr(by, '@') + 1));

	if (!signer || signer->seal(op->d, op->whole, domain, fields))
		return true;
	*op->d->asks_chain = true;
	return false;
}

/* --- all of it --- */

static struct delivery *delivery_new(const struct deliver *d)
{
	struct delivery *op = mem_get(sizeof(*op));

	op->d = d;
	op->now = time(NULL);
	op->last_party = &op->parties;
	op->last_member = &op->members;
	return op;
}

static void delivery_free(struct delivery *op)
{
	parties_done(op->parties);
	sending_done(op->sendings);
	form_done(op->forms);
	pool_done(&op->pool);
	buf_done(&op->text);
	free(op);
}

/* All that comes before the writes. */
static int plan(struct delivery *op, struct err *err)
{
	const struct deliver *d = op->d;

	if (!d->rcpts)
		return err_set(err, ERR_INPUT, "the message has no recipient");
	if (d->trace.n + d->message.n > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "the message is too large");
	op->vouched = put_together(d, &op->text);
	op->whole = buf_slice(&op->text);
	deliver_look_back(op);
	if (deliver_groups(op, err) != 0)
		return -1;
	sort_recipients(op);
	if (add_recipients(op, err) != 0 || ask_all(op, err) != 0)
		return -1;
	bool all = anybody_takes(op) && !d->each_answers;
	return notify_sender(op, all, err) != 0 || notify_delivered(op, err) != 0 ? -1 : 0;
}

/* But that of `last`. */
static int write_all(struct delivery *op, const struct shard *last)
{
	for (uint32_t i = 0; i < shard_count(); i++) {
		struct shard *shard = shard_of(i);

		if (shard != last && deliver_writes(op, shard) && deliver_write(op, shard) != 0)
			return -1;
	}
	return 0;
}

static struct shard *last_to_write(const struct delivery *op)
{
	for (uint32_t i = shard_count(); i-- > 0;)
		if (deliver_writes(op, shard_of(i)))
			return shard_of(i);
	return NULL;
}

static void conclude(const struct delivery *op)
{
	tell_fates(op);
	metric_add(&metric_messages_accepted, 0, 1);
	deliver_log(op);
	for (const struct answer *answer = op->answers; answer; answer = answer->next)
		answer_send(answer);
	deliver_tell_owners(op);
}

int deliver(const struct deliver *d, struct err *err)
{
	struct delivery *op = delivery_new(d);

	op->failed = plan(op, &op->err) != 0 || write_all(op, NULL) != 0;
	return deliver_end(&op, err);
}

int deliver_begin(const struct deliver *d, void (*ended)(void *arg), void *arg,
    struct delivery **out, struct err *err)
{
	struct delivery *op = delivery_new(d);
	struct shard *last = NULL;

	op->ended = ended;
	op->ended_arg = arg;
	op->failed = plan(op, &op->err) != 0;
	if (!op->failed) {
		op->last = last = last_to_write(op);
		op->failed = write_all(op, last) != 0;
	}
	if (op->failed)
		return deliver_end(&op, err);
	*out = op;
	if (last)
		deliver_write_begin(op, last);
	else
		ended(arg);
	return 0;
}

bool deliver_end_waits(const struct delivery *op)
{
	return op->answers || op->turned_away;
}

int deliver_end(struct delivery **opp, struct err *err)
{
	struct delivery *op = *opp;
	int rc = op->failed ? -1 : op->last ? box_written(&op->write.w, &op->err) : 0;

	*opp = NULL;
	if (rc == 0)
		conclude(op);
	else if (err)
		*err = op->err;
	delivery_free(op);
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
