/* deliver_loop.c - a message that comes again to where it was (RFC 9228)
 *
 * Who hands a message on writes into Delivered-To where it was: an alias and a group here, and
 * most other servers. What comes to such an address again would go round for ever; counting
 * Received (protocols/smtp/accept.c) ends it, but late. */
#include "core/msg.h"
#include "storage/deliver_private.h"

bool deliver_was_at(const struct delivery *op, struct slice address)
{
	return op->was_anywhere && msg_has_field(op->whole, SLICE(DELIVERED_TO), address);
}

void deliver_look_back(struct delivery *op)
{
	struct msg_field field;

	op->was_anywhere = msg_field_find(op->whole, SLICE(DELIVERED_TO), &field);
}

/* A user may send somebody again what that one had, and what a program of ours brings
   (LMTP) may have been delivered long ago. */
static bool may_come_again(const struct deliver *d)
{
	return d->login || d->ours || d->each_answers;
}

const char *deliver_circle(struct delivery *op, const struct deliver_rcpt *rcpt)
{
	struct slice target = slice_str(rcpt->target->address), at = rcpt->original;
	bool led = !rcpt->group && !slice_ieq(at, target); /* by an alias or the like */

	if (!op->was_anywhere)
		return NULL;
	if (!led || !deliver_was_at(op, at)) {
		at = target;
		if (may_come_again(op->d) || !deliver_was_at(op, at))
			return NULL;
	}
	return pool_printf(
	    &op->pool, "5.4.6 The message was at %.*s before: it runs in circles", SLICE_ARG(at));
}

int deliver_redirect_circle(struct delivery *op, struct slice by, struct slice to, struct err *err)
{
	const char *where = NULL;

	if (msg_has_field(op->whole, slice_str(deliver_redirected), by))
		where = "it was redirected from here before and came back";
	else if (op->was_anywhere && !may_come_again(op->d) && deliver_was_at(op, to))
		where = "the message was there before";
	if (!where)
		return 0;
	return err_set(err, ERR_EXISTS,
	    "mail loop: it is kept and not redirected to %.*s, for %s. Look at what that "
	    "address forwards to",
	    SLICE_ARG(to), where);
}
