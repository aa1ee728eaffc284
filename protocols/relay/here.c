/* here.c - a recipient who waited in the queue, and has a mailbox on this server
 *
 * Mail that was to wait for a time (RFC 4865), or whose domain came to be hosted here
 * meanwhile. It is delivered like any other, by the directory and its rules, and that it
 * was is stored in the same transaction: nobody gets it twice. */
#include "protocols/relay/here.h"

#include "core/log.h"
#include "storage/deliver.h"

struct outcome {
	enum sent sent;
	struct slice reply;
};

static struct outcome later(const char *reply)
{
	return (struct outcome){ SENT_LATER, slice_str(reply) };
}

/* One that took it is enough, as behind an alias. */
static struct outcome outcome_of(const struct deliver_rcpt *rcpts, struct pool *pool)
{
	const struct deliver_rcpt *rcpt = rcpts;

	for (; rcpt; rcpt = rcpt->next)
		if (rcpt->fate == DELIVER_TAKEN)
			return (struct outcome){ SENT_OK, SLICE("250 2.1.5 Delivered") };
	switch (rcpts->fate) {
	case DELIVER_REJECTED:
		return (struct outcome){ SENT_NEVER,
			slice_str(pool_printf(pool, "550 5.7.1 %.*s", SLICE_ARG(rcpts->why))) };
	case DELIVER_FULL:
		return later("452 4.2.2 The mailbox is full");
	default:
		return later("451 4.3.0 It cannot be delivered now");
	}
}

static struct deliver_rcpt *chain(
    const struct queue_rcpt *rcpt, const struct dir_target *target, struct pool *pool)
{
	struct deliver_rcpt *first = NULL, **last = &first;

	for (; target; target = target->next) {
		struct deliver_rcpt *one = pool_get(pool, sizeof(*one));

		*one = (struct deliver_rcpt){ .target = target,
			.original = rcpt->original,
			.notify = rcpt->notify,
			.orcpt = rcpt->orcpt };
		*last = one;
		last = &one->next;
	}
	return first;
}

struct delivered {
	uint64_t id;
	size_t rcpt;
};

static int tell_queue(void *arg, struct kv_txn *txn)
{
	const struct delivered *delivered = arg;

	return queue_delivered_here(txn, delivered->id, delivered->rcpt);
}

static struct outcome give(const struct queue_entry *entry, size_t n,
    const struct dir_target *target, struct body *body, struct pool *pool)
{
	const struct queue_rcpt *rcpt = &entry->rcpts[n];
	struct delivered delivered = { entry->id, n };
	struct deliver d = { .mid = log_id(),
		.reverse_path = entry->reverse_path,
		.rcpts = chain(rcpt, target, pool),
		.envid = entry->envid,
		.ret = entry->ret,
		.smtputf8 = entry->smtputf8,
		.body8 = entry->body8,
		.require_tls = entry->require_tls,
		.tls_optional = entry->tls_optional,
		.priority = entry->priority,
		.each_answers = true,
		.also = tell_queue,
		.also_arg = &delivered,
		.pool = pool };
	struct err err = { 0 };

	if (!d.rcpts)
		return (struct outcome){ SENT_NEVER, SLICE("550 5.1.1 No such user here") };
	if (body_map(body, &d.message, &err) != 0 || deliver(&d, &err) != 0) {
		log_event(LOG_ERROR, "relay-cannot-deliver-here", log_n("mid", (int64_t)entry->id),
		    log_z("reason", err.text));
		return later("451 4.3.0 It cannot be delivered now");
	}
	return outcome_of(d.rcpts, pool);
}

bool here_is(struct slice domain)
{
	return dir_is_domain(domain);
}

void here_deliver(const struct queue_entry *entry, struct send_rcpt *rcpts, size_t n,
    struct body *body, struct pool *pool)
{
	for (size_t i = 0; i < n; i++) {
		const struct queue_rcpt *rcpt = &entry->rcpts[rcpts[i].index];
		struct dir_target *target = NULL;
		struct outcome outcome;

		switch (dir_route(rcpt->address, pool, &target)) {
		case DIR_LOCAL:
			outcome = give(entry, rcpts[i].index, target, body, pool);
			break;
		case DIR_UNKNOWN:
			outcome =
			    (struct outcome){ SENT_NEVER, SLICE("550 5.1.1 No such user here") };
			break;
		default: /* also one that is hosted here no more: it is asked again */
			outcome = later("451 4.3.0 It cannot be looked up now");
		}
		rcpts[i].sent = outcome.sent;
		rcpts[i].reply = outcome.reply;
	}
}
