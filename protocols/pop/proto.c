/* proto.c - POP3 as a session: lines in, commands found and run, replies out */
#include "protocols/pop/pop.h"

#include <stdarg.h>

#include "core/ban.h"
#include "core/conf.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/num.h"

CONF_KEY(pop_timeout) = {
	.name = "pop.timeout",
	.type = CONF_DURATION,
	.def = "10m",
	.min = 600000, /* RFC 1939 §3: at least 10 minutes */
	.max = 24 * 3600 * 1000LL,
	.help = "how long a POP3 session may say nothing",
};

CONF_KEY(pop_login_time) = {
	.name = "pop.login-time",
	.type = CONF_DURATION,
	.def = "2m",
	.min = 1000,
	.max = 3600000,
	.help = "how long a POP3 session that is not logged in may say nothing",
};

CONF_KEY(pop_max_faults) = {
	.name = "pop.max-bad-commands",
	.type = CONF_INT,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "wrong commands after which a POP3 session is ended",
};

/* RFC 2449 §4 says 255 bytes for a command; what AUTH sends may be long. */
enum { LINE_MAX_BYTES = 16 * 1024 };

/* --- replies --- */

void pop_ok(struct pop *pop, const char *fmt, ...)
{
	struct buf *out = sess_out(pop->s);
	va_list ap;
	buf_addz(out, "+OK ");
	va_start(ap, fmt);
	buf_vprintf(out, fmt, ap);
	va_end(ap);
	buf_addz(out, "\r\n");
}

__attribute__((format(printf, 3, 0))) static void say_error(
    struct pop *pop, const char *code, const char *fmt, va_list ap)
{
	struct buf *out = sess_out(pop->s);
	buf_addz(out, "-ERR ");
	if (code)
		buf_printf(out, "[%s] ", code);
	buf_vprintf(out, fmt, ap);
	buf_addz(out, "\r\n");
}

void pop_err(struct pop *pop, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say_error(pop, code, fmt, ap);
	va_end(ap);
}

enum sess_next pop_bad(struct pop *pop, const char *fmt, ...)
{
	struct buf *out = sess_out(pop->s);
	size_t before = out->n;
	va_list ap;
	va_start(ap, fmt);
	say_error(pop, NULL, fmt, ap);
	va_end(ap);
	log_event(LOG_INFO, "bad-command",
	    log_s("reply", slice_trim(slice_from(buf_slice(out), before))));
	if (++pop->errors < (unsigned)conf_num(&conf_key_pop_max_faults))
		return SESS_NEXT;
	log_event(LOG_INFO, "too-many-bad-commands", log_n("count", pop->errors));
	ban_offence(sess_peer(pop->s), BAN_NONSENSE);
	return SESS_CLOSE;
}

uint32_t pop_message(struct pop *pop, struct slice number)
{
	uint32_t seq;
	if (!num_u32(number, &seq) || seq == 0 || seq > pop->drop.total)
		pop_err(pop, NULL, "no such message");
	else if (pop_drop_marked(&pop->drop, seq))
		pop_err(pop, NULL, "message %u is deleted", seq);
	else
		return seq;
	return 0;
}

/* --- lines in --- */

static const struct pop_command *find_command(struct slice name)
{
	for (size_t i = 0; i < pop_command_table_n; i++)
		if (slice_ieq(name, slice_str(pop_command_table[i]->name)))
			return pop_command_table[i];
	return NULL;
}

/* Take a command's name off the line. */
static const struct pop_command *cut_command(struct slice *line)
{
	return find_command(slice_cut(line, ' '));
}

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	struct pop *pop = sess_state(s);
	ptrdiff_t lf = slice_chr(in, '\n');

	if (lf < 0) {
		*used = pop->skipping ? in.n : 0;
		return FRAME_MORE;
	}
	*used = (size_t)lf + 1;
	if (pop->skipping) {
		pop->skipping = false;
		return FRAME_MORE;
	}
	size_t n = lf > 0 && in.p[lf - 1] == '\r' ? (size_t)lf - 1 : (size_t)lf;
	buf_clear(&pop->line);
	buf_add(&pop->line, in.p, n);
	if (pop->answer)
		return FRAME_WORK;
	struct slice line = buf_slice(&pop->line);
	const struct pop_command *command = cut_command(&line);
	if (!command || command->instant || (command->here && command->here(pop, line)))
		return FRAME_INSTANT;
	return FRAME_WORK;
}

static enum sess_next overlong(struct sess *s, struct slice in, size_t *used)
{
	struct pop *pop = sess_state(s);
	*used = in.n;
	pop->skipping = true;
	pop_login_forget(pop);
	return pop_bad(pop, "line too long");
}

/* --- commands --- */

static unsigned count_words(struct slice args)
{
	unsigned n = 0;
	while (slice_word(&args).n > 0)
		n++;
	return n;
}

static enum sess_next run_command(struct pop *pop, struct slice line)
{
	if (memchr(line.p, '\0', line.n))
		return pop_bad(pop, "NUL in a command");
	const struct pop_command *command = cut_command(&line);
	if (!command)
		return pop_bad(pop, "unknown command");
	if (!(command->states & pop->state))
		return pop_bad(
		    pop, pop->state == POP_AUTHORIZATION ? "log in first" : "not when logged in");
	unsigned n = count_words(line);
	if (n < command->args_min || (n > command->args_max && command->args_max < POP_ANY_ARGS))
		return pop_bad(pop, "usage: %s", command->usage ? command->usage : command->name);
	return command->run(pop, line);
}

static enum sess_next run(struct sess *s)
{
	struct pop *pop = sess_state(s);
	if (pop->more)
		return pop->more(pop);
	buf_room(&pop->line, 1); /* an empty line has bytes to point at, too */
	enum sess_next next = pop->answer ? pop->answer(pop, buf_slice(&pop->line))
					  : run_command(pop, buf_slice(&pop->line));
	buf_wipe(&pop->line);
	return next;
}

/* --- beginning and end --- */

static enum sess_next open_session(struct sess *s)
{
	struct pop *pop = sess_state(s);
	pop->s = s;
	pop->state = POP_AUTHORIZATION;
	sess_timeout(s, (uint64_t)conf_num(&conf_key_pop_login_time));
	pop_make_stamp(pop);
	pop_ok(pop, "POP3 server ready%s%.*s", pop->stamp.n > 0 ? " " : "",
	    SLICE_ARG(buf_slice(&pop->stamp)));
	return SESS_NEXT;
}

/* RFC 2595 §4: what was said in the clear is forgotten. */
static void secured(struct sess *s)
{
	pop_login_forget(sess_state(s));
}

static void bye(struct sess *s, enum sess_bye why)
{
	struct pop *pop = sess_state(s);
	pop->s = s; /* a session over the limit was never opened */
	switch (why) {
	case SESS_BYE_IDLE: /* RFC 1939 §3: closed without a word */
		break;
	case SESS_BYE_DRAIN:
		pop_err(pop, "SYS/TEMP", "the server is going down");
		break;
	case SESS_BYE_LIMIT:
		pop_err(pop, "SYS/TEMP", "too many connections");
		break;
	case SESS_BYE_ENDED:
		pop_err(pop, "SYS/TEMP", "the session was ended by an administrator");
		break;
	}
}

static void done(struct sess *s)
{
	struct pop *pop = sess_state(s);
	if (pop->state == POP_TRANSACTION)
		log_event(LOG_INFO, "logout", log_n("retrieved", (int64_t)pop->retrieved),
		    log_n("bytes", (int64_t)pop->bytes), log_n("deleted", (int64_t)pop->deleted));
	pop_login_forget(pop);
	if (pop->send.body)
		body_close(&pop->send.body);
	pop_ahead_drop(&pop->ahead);
	pop_drop_close(&pop->drop);
	buf_wipe(&pop->line);
	buf_done(&pop->stamp);
}

PROTOCOL(pop) = {
	.name = "pop3",
	.alpn = "pop3",
	.state_size = sizeof(struct pop),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = frame,
	.run = run,
	.secured = secured,
	.overlong = overlong,
	.bye = bye,
	.done = done,
};

LISTENER(pop3) = {
	.name = "pop3",
	.port = 110,
	.proto = &proto_pop,
	.tls = LISTEN_STARTTLS,
	.client = "POP3",
};

LISTENER(pop3s) = {
	.name = "pop3s",
	.port = 995,
	.proto = &proto_pop,
	.tls = LISTEN_TLS,
	.client = "POP3",
};
