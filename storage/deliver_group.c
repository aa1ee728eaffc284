/* deliver_group.c - a recipient that is a group becomes its members
 *
 * They are recipients like those that the sender named: sorted with them, each once, and
 * written in the same transaction. Those elsewhere share queue entries of many
 * recipients. What one member can't have keeps nobody else from it. */
#include "storage/deliver_private.h"
#include "storage/group.h"

struct expansion {
	struct delivery *op;
	struct deliver_rcpt *of;
	size_t n;
};

/* What is refused is told with the others (deliver_refuse). */
static void refuse(struct delivery *op, struct deliver_rcpt *rcpt, const char *why)
{
	struct refusal *refusal = pool_get(&op->pool, sizeof(*refusal));

	refusal->rcpt = rcpt;
	refusal->why = why;
	refusal->next = op->refusals;
	op->refusals = refusal;
}

const char *deliver_refusal(const struct delivery *op, const struct deliver_rcpt *rcpt)
{
	const struct refusal *refusal = op->refusals;

	while (refusal && refusal->rcpt != rcpt)
		refusal = refusal->next;
	return refusal ? refusal->why : NULL;
}

static int add_member(void *arg, const struct dir_target *target)
{
	struct expansion *e = arg;
	struct delivery *op = e->op;
	struct dir_target *copy = pool_get(&op->pool, sizeof(*copy));
	struct deliver_rcpt *rcpt = pool_get(&op->pool, sizeof(*rcpt));

	*copy = *target;
	copy->next = NULL;
	copy->address = pool_str(&op->pool, slice_str(target->address));
	copy->detail = target->detail ? pool_str(&op->pool, slice_str(target->detail)) : NULL;
	*rcpt =
	    (struct deliver_rcpt){ .target = copy, .original = e->of->original, .group = e->of };
	*op->last_member = rcpt;
	op->last_member = &rcpt->next;
	e->n++;
	if (target->account && target->quota > 0 && deliver_room(target, op->whole.n) == 0)
		refuse(op, rcpt, "the mailbox is full");
	return 0;
}

static const char *expand(struct delivery *op, struct deliver_rcpt *rcpt, struct err *err)
{
	struct expansion e = { .op = op, .of = rcpt };

	if (group_expand(slice_str(rcpt->target->address), add_member, &e, err) != 0)
		return err->kind == ERR_LIMIT ? pool_str(&op->pool, slice_str(err->text)) : NULL;
	return e.n == 0 ? "the group has no members" : NULL;
}

static void turn_away(struct delivery *op, const struct group *group)
{
	struct turned_away *t = pool_get(&op->pool, sizeof(*t));

	t->group = *group;
	t->next = op->turned_away;
	op->turned_away = t;
}

/* NULL, or why not; or NULL with *err. */
static const char *check(struct delivery *op, struct deliver_rcpt *rcpt, struct err *err)
{
	const struct dir_target *target = rcpt->target;
	struct group group = { 0 };
	int found = group_find(slice_str(target->address), &op->pool, &group);
	int may = found == 1 ? group_may_send(&group, op->d->reverse_path, op->d->login) : found;

	rcpt->owner = group.owner;
	if (found < 0 || may < 0)
		err_set(err, ERR_TEMP, "the group cannot be read");
	if (found == 0)
		return "there is no such group any more";
	if (may == 0) {
		turn_away(op, &group);
		return "you may not send to this group";
	}
	if (deliver_was_at(op, slice_str(target->address)))
		return "5.4.6 The message was at this group before: it runs in circles";
	return NULL;
}

static int expand_one(struct delivery *op, struct deliver_rcpt *rcpt, struct err *err)
{
	const char *why = check(op, rcpt, err);

	if (!why && err->kind == ERR_NONE)
		why = expand(op, rcpt, err);
	if (why)
		refuse(op, rcpt, why);
	return why || err->kind == ERR_NONE ? 0 : -1;
}

int deliver_groups(struct delivery *op, struct err *err)
{
	for (struct deliver_rcpt *rcpt = op->d->rcpts; rcpt; rcpt = rcpt->next) {
		err->kind = ERR_NONE;
		if (rcpt->target->group && !deliver_waits(op) && expand_one(op, rcpt, err) != 0)
			return -1;
	}
	err->kind = ERR_NONE;
	return 0;
}
