/* cmd_list.c - LIST and UIDL: a line for one message, or for each */
#include "protocols/pop/pop.h"

typedef void tell_fn(const struct pop *pop, uint32_t seq, struct buf *out);

static void tell_size(const struct pop *pop, uint32_t seq, struct buf *out)
{
	buf_printf(out, "%u %u\r\n", seq, pop_drop_entry(&pop->drop, seq)->size);
}

/* RFC 1939 §7: never used again for another message of this maildrop; so the
   validity of the UIDs is part of it. */
static void tell_id(const struct pop *pop, uint32_t seq, struct buf *out)
{
	buf_printf(out, "%u %u.%u\r\n", seq, box_uidvalidity(pop->drop.box),
	    pop_drop_entry(&pop->drop, seq)->uid);
}

/* Lines for what is left, as many as the output takes. */
static enum sess_next tell_on(struct pop *pop, tell_fn *tell, enum sess_next (*more)(struct pop *))
{
	struct buf *out = sess_out(pop->s);
	while (pop->listed < pop->drop.total) {
		if (sess_full(pop->s)) {
			pop->more = more;
			return SESS_MORE;
		}
		if (!pop_drop_marked(&pop->drop, ++pop->listed))
			tell(pop, pop->listed, out);
	}
	buf_addz(out, ".\r\n");
	pop->more = NULL;
	return SESS_NEXT;
}

static enum sess_next more_sizes(struct pop *pop)
{
	return tell_on(pop, tell_size, more_sizes);
}

static enum sess_next more_ids(struct pop *pop)
{
	return tell_on(pop, tell_id, more_ids);
}

static enum sess_next tell_one(struct pop *pop, struct slice args, tell_fn *tell)
{
	uint32_t seq = pop_message(pop, slice_word(&args));
	if (seq) {
		buf_addz(sess_out(pop->s), "+OK ");
		tell(pop, seq, sess_out(pop->s));
	}
	return SESS_NEXT;
}

static enum sess_next run_list(struct pop *pop, struct slice args)
{
	if (slice_trim(args).n > 0)
		return tell_one(pop, args, tell_size);
	pop_ok(
	    pop, "%u messages (%llu octets)", pop->drop.count, (unsigned long long)pop->drop.size);
	pop->listed = 0;
	return more_sizes(pop);
}

POP_COMMAND(list) = {
	.name = "LIST",
	.states = POP_TRANSACTION,
	.args_max = 1,
	.usage = "LIST [message]",
	.ref = "RFC 1939 §5",
	.run = run_list,
};

static enum sess_next run_uidl(struct pop *pop, struct slice args)
{
	if (slice_trim(args).n > 0)
		return tell_one(pop, args, tell_id);
	pop_ok(pop, "unique ids follow");
	pop->listed = 0;
	return more_ids(pop);
}

POP_COMMAND(uidl) = {
	.name = "UIDL",
	.states = POP_TRANSACTION,
	.args_max = 1,
	.usage = "UIDL [message]",
	.ref = "RFC 1939 §7",
	.capability = "UIDL\r\n",
	.run = run_uidl,
};
