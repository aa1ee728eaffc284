/* cmd_retr.c - RETR and TOP: a message, or the beginning of one */
#include "protocols/pop/pop.h"

#include "core/log.h"
#include "core/num.h"

enum { PIECE = 32 * 1024 };

static enum sess_next finish(struct pop *pop)
{
	pop_lines_end(&pop->send.lines, sess_out(pop->s));
	body_close(&pop->send.body);
	pop->more = NULL;
	if (!pop->send.lines.limited)
		pop_ahead_fill(pop, pop->send.seq);
	return SESS_NEXT;
}

static enum sess_next more(struct pop *pop)
{
	struct pop_send *send = &pop->send;
	char piece[PIECE];

	while (!sess_full(pop->s)) {
		ssize_t n = body_read(send->body, send->offset, piece, sizeof(piece));
		if (n < 0) {
			/* Part of the message is out: the reply cannot become an
			   error any more, nor may it look complete. */
			log_event(LOG_ERROR, "message-unreadable");
			pop->more = NULL;
			return SESS_CLOSE;
		}
		send->offset += (uint64_t)n;
		pop->bytes += (uint64_t)n;
		struct slice part = slice_of(piece, (size_t)n);
		if (n == 0 || !pop_lines_add(&send->lines, part, sess_out(pop->s)))
			return finish(pop);
	}
	pop->more = more;
	return SESS_MORE;
}

/* Open that message. */
static bool begin(struct pop *pop, uint32_t seq)
{
	struct err err = { 0 };
	if (!seq)
		return false;
	pop->send = (struct pop_send){ .seq = seq };
	const struct box_entry *entry = pop_drop_entry(&pop->drop, seq);
	if (box_body(pop->drop.box, entry, &pop->send.body, &err) == 1)
		return true;
	/* Another session may have removed it since. */
	pop_err(pop, err.kind == ERR_ABSENT ? NULL : "SYS/TEMP", "message %u cannot be read", seq);
	return false;
}

static bool retr_is_here(const struct pop *pop, struct slice args)
{
	uint32_t seq;
	return num_u32(slice_word(&args), &seq) && pop_ahead_has(&pop->ahead, seq);
}

/* What was read ahead. */
static enum sess_next give(struct pop *pop, uint32_t seq)
{
	struct pop_ahead *ahead = &pop->ahead;
	pop_ok(pop, "%llu octets", (unsigned long long)pop_ahead_size(ahead, seq));
	pop->bytes += pop_ahead_size(ahead, seq);
	pop->retrieved++;
	pop_ahead_take(ahead, seq, sess_out(pop->s));
	return SESS_NEXT;
}

static enum sess_next run_retr(struct pop *pop, struct slice args)
{
	uint32_t seq = pop_message(pop, slice_word(&args));
	if (seq && pop_ahead_has(&pop->ahead, seq))
		return give(pop, seq);
	if (!begin(pop, seq))
		return SESS_NEXT;
	pop_ok(pop, "%llu octets", (unsigned long long)body_size(pop->send.body));
	pop->retrieved++;
	return more(pop);
}

POP_COMMAND(retr) = {
	.name = "RETR",
	.states = POP_TRANSACTION,
	.args_min = 1,
	.args_max = 1,
	.usage = "RETR message",
	.ref = "RFC 1939 §5",
	.here = retr_is_here,
	.run = run_retr,
};

static enum sess_next run_top(struct pop *pop, struct slice args)
{
	struct slice rest = args;
	uint64_t lines;
	slice_word(&rest);
	if (!num_u64(slice_word(&rest), UINT64_MAX, &lines))
		return pop_bad(pop, "usage: TOP message lines");
	if (!begin(pop, pop_message(pop, slice_word(&args))))
		return SESS_NEXT;
	pop->send.lines.limited = true;
	pop->send.lines.left = lines;
	pop_ok(pop, "top of the message follows");
	return more(pop);
}

POP_COMMAND(top) = {
	.name = "TOP",
	.states = POP_TRANSACTION,
	.args_min = 2,
	.args_max = 2,
	.usage = "TOP message lines",
	.ref = "RFC 1939 §7",
	.capability = "TOP\r\n",
	.run = run_top,
};
