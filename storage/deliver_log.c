/* deliver_log.c - where a message went: a line for each account, and each recipient elsewhere */
#include "core/log.h"
#include "storage/deliver_private.h"

static void log_stored(const struct party *party)
{
	if (party->landings && !party->left_out)
		log_event(LOG_INFO, "stored", log_s("account", party->address));
}

/* The number of a recipient is its place in the queue's entry. A redirect is a message of
   its own. */
static void log_queued(const struct delivery *op, const struct sending *sending)
{
	const struct queue_rcpt *rcpts = (const void *)sending->rcpts.p;

	if (sending->kind == SENDING_TOLD)
		return;
	if (sending->id != op->d->mid)
		log_event(LOG_INFO, "redirected", log_n("about", (int64_t)op->d->mid));
	for (size_t i = 0; i < sending->rcpts.n / sizeof(*rcpts); i++)
		log_event(
		    LOG_INFO, "queued", log_n("rid", (int64_t)i), log_s("to", rcpts[i].address));
}

void deliver_log(const struct delivery *op)
{
	const struct log_context *before = log_context_set(NULL);
	struct log_context context = before ? *before : (struct log_context){ 0 };

	context.mid = op->d->mid;
	log_context_set(&context);
	for (const struct party *party = op->parties; party; party = party->next)
		log_stored(party);
	for (const struct sending *sending = op->sendings; sending; sending = sending->next) {
		context.mid = sending->id;
		log_queued(op, sending);
	}
	log_context_set(before);
}
