/* proto.c - SMTP and LMTP as protocols of the kernel: greeting, framing, replies, goodbye */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/ban.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(server_name) = {
	.name = "server.name",
	.type = CONF_TEXT,
	.def = "",
	.help = "host name in greetings and Received lines; empty: the machine's",
};

CONF_KEY(smtp_timeout) = {
	.name = "smtp.timeout",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "5m", /* RFC 5321 §4.5.3.2.7 */
	.min = 1000,
	.max = 3600000,
	.help = "how long an SMTP client may be silent",
};

CONF_KEY(smtp_max_faults) = {
	.name = "smtp.max-bad-commands",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "malformed commands after which an SMTP connection is closed",
};

CONF_KEY(smtp_max_refusals) = {
	.name = "smtp.max-refusals",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "50",
	.max = 1000000,
	.help = "refused addresses and messages after which an SMTP connection is answered slowly",
};

enum {
	LINE_MAX_BYTES = 16 * 1024, /* RFC 4954 §4: a SASL line may have 12288 */
	SLOW_MS = 500,
};

bool smtp_is_submission(const struct smtp *smtp)
{
	const char *role = sess_listener(smtp->sess)->role;

	return role && strcmp(role, "submission") == 0;
}

bool smtp_is_lmtp(const struct smtp *smtp)
{
	return sess_listener(smtp->sess)->proto == &proto_lmtp;
}

bool smtp_knows(const struct smtp *smtp, const struct smtp_command *command)
{
	return command->kind == SMTP_BOTH || (command->kind == SMTP_LMTP) == smtp_is_lmtp(smtp);
}

bool smtp_may_auth(const struct smtp *smtp)
{
	return sess_is_tls(smtp->sess) && !smtp->login && smtp_offers_auth(smtp);
}

/* Asked for once: machines do not change their names while they serve. */
static char machine_name[256];

static void read_machine_name(void)
{
	if (gethostname(machine_name, sizeof machine_name - 1) != 0 || !machine_name[0])
		memcpy(machine_name, "localhost", sizeof "localhost");
}

void smtp_server_name(struct buf *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct buf name = { 0 };

	pthread_once(&once, read_machine_name);
	conf_text(&conf_key_server_name, NULL, &name);
	buf_adds(out, name.n > 0 ? buf_slice(&name) : slice_str(machine_name));
	buf_done(&name);
}

void smtp_host_name(struct smtp *smtp, struct buf *out)
{
	struct tls_info info;

	if (sess_tls_info(smtp->sess, &info) && info.domain)
		buf_addz(out, info.domain);
	else
		smtp_server_name(out);
}

/* --- replies --- */

const char smtp_later[] = "451 4.3.0 Cannot look that up now, try again later";
const char smtp_network[] = "451 4.4.3 Cannot ask the network now, try again later";

enum sess_next smtp_reply(struct smtp *smtp, const char *reply)
{
	struct buf *out = sess_out(smtp->sess);

	buf_addz(out, reply);
	buf_addz(out, "\r\n");
	return SESS_NEXT;
}

enum sess_next smtp_replyf(struct smtp *smtp, const char *fmt, ...)
{
	struct buf *out = sess_out(smtp->sess);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(out, fmt, ap);
	va_end(ap);
	buf_addz(out, "\r\n");
	return SESS_NEXT;
}

enum sess_next smtp_fault(struct smtp *smtp, const char *reply)
{
	smtp_reply(smtp, reply);
	log_event(LOG_INFO, "bad-command", log_z("reply", reply));
	if (++smtp->faults < (unsigned)smtp_num(smtp, &conf_key_smtp_max_faults))
		return SESS_NEXT;
	log_event(LOG_INFO, "too-many-bad-commands", log_n("count", smtp->faults));
	ban_offence(sess_peer(smtp->sess), BAN_NONSENSE);
	smtp_reply(smtp, "421 4.7.0 Too many bad commands");
	return SESS_CLOSE;
}

void smtp_refused(struct smtp *smtp, const char *reply, struct slice what)
{
	log_event(LOG_INFO, "refused", log_z("reply", reply), log_s("what", what));
	if (++smtp->refusals > (unsigned)smtp_num(smtp, &conf_key_smtp_max_refusals))
		sess_delay(smtp->sess, SLOW_MS); /* who tries names must not fill the log */
}

enum sess_next smtp_refuse(struct smtp *smtp, const char *reply, struct slice what)
{
	smtp_refused(smtp, reply, what);
	return smtp_reply(smtp, reply);
}

enum sess_next smtp_refuse_or_wait(struct smtp *smtp, const char *why, struct slice what)
{
	if (why == smtp_later)
		return SESS_LATER;
	if (why == smtp_network)
		return SESS_NETWORK;
	smtp_refuse(smtp, why, what);
	return strncmp(why, "421", 3) == 0 ? SESS_CLOSE : SESS_NEXT;
}

enum sess_next smtp_too_slow(struct smtp *smtp)
{
	smtp_refuse(smtp, "421 4.4.2 Too slow", SLICE(""));
	ban_offence(sess_peer(smtp->sess), BAN_NONSENSE);
	return SESS_CLOSE;
}

/* --- framing --- */

static enum frame frame_instantly(struct smtp *smtp, const struct smtp_command *command)
{
	smtp->command = command && smtp_knows(smtp, command) ? command : NULL;
	return smtp->command && !command->instant ? FRAME_WORK : FRAME_INSTANT;
}

static const struct smtp_command *find_command(struct slice verb)
{
	for (size_t i = 0; i < smtp_command_table_n; i++)
		if (slice_ieq(verb, slice_str(smtp_command_table[i]->name)))
			return smtp_command_table[i];
	return NULL;
}

/* A line has as long as silence has: else a byte now and then would hold a session for
   ever. */
static enum frame await_line_end(struct smtp *smtp, struct slice in, size_t *used)
{
	uint64_t now = loop_now();

	if (smtp->line_began == 0)
		smtp->line_began = now;
	bool slow = now - smtp->line_began > (uint64_t)smtp_num(smtp, &conf_key_smtp_timeout);
	if (slow)
		smtp->mode = SMTP_DRIPPING;
	*used = slow || smtp->skipping ? in.n : 0;
	return slow ? FRAME_INSTANT : FRAME_MORE;
}

/* One line, which ends in CRLF: a bare LF is no line end (RFC 5321 §2.3.8), and
   run() will say so. */
static enum frame frame_line(struct smtp *smtp, struct slice in, size_t *used)
{
	ptrdiff_t lf = slice_chr(in, '\n');

	if (lf < 0)
		return await_line_end(smtp, in, used);
	smtp->line_began = 0;
	*used = (size_t)lf + 1;
	if (smtp->skipping) {
		smtp->skipping = false;
		return FRAME_MORE;
	}
	if (smtp->mode == SMTP_AUTH_LINE || slice_istarts(in, SLICE("AUTH")))
		sess_cmd_pool(smtp->sess)->wipe = true;
	smtp->args = pool_slice(sess_cmd_pool(smtp->sess), slice_head(in, *used));
	if (smtp->mode == SMTP_AUTH_LINE)
		return FRAME_WORK;

	struct slice line = slice_trim(smtp->args);
	ptrdiff_t blank = slice_chr(line, ' ');
	return frame_instantly(
	    smtp, find_command(blank < 0 ? line : slice_head(line, (size_t)blank)));
}

static enum frame frame(struct sess *s, struct slice in, size_t *used)
{
	struct smtp *smtp = sess_state(s);

	if (smtp->mode == SMTP_TEXT)
		return smtp_text_frame(smtp, in, used);
	if (smtp->mode == SMTP_CHUNK)
		return smtp_chunk_frame(smtp, in, used);
	return frame_line(smtp, in, used);
}

/* --- running --- */

static const char *why_not_now(const struct smtp *smtp, const struct smtp_command *command)
{
	if (command->phases & (unsigned)smtp->phase)
		return NULL;
	if (smtp->phase == SMTP_GREETED)
		return smtp_is_lmtp(smtp) ? "503 5.5.1 Say LHLO first" : "503 5.5.1 Say EHLO first";
	if (command->phases & SMTP_MAIL || command->phases & SMTP_RCPT)
		return smtp->phase == SMTP_READY ? "503 5.5.1 Say MAIL first"
						 : "503 5.5.1 Say RCPT first";
	return "503 5.5.1 Not in the middle of a transaction";
}

static enum sess_next run_line(struct smtp *smtp)
{
	struct slice line = smtp->args;

	if (line.n < 2 || line.p[line.n - 2] != '\r')
		return smtp_fault(smtp, "500 5.5.2 A line ends in CR LF");
	line.n -= 2;
	if (slice_chr(line, '\0') >= 0 || slice_chr(line, '\r') >= 0)
		return smtp_fault(smtp, "500 5.5.2 NUL or CR inside a line");
	if (smtp->mode == SMTP_AUTH_LINE)
		return smtp_auth_line(smtp, line);
	if (!smtp->command)
		return smtp_fault(smtp, "500 5.5.1 Unknown command");

	struct slice args = slice_trim(slice_from(slice_trim(line), strlen(smtp->command->name)));
	const char *why = why_not_now(smtp, smtp->command);
	if (!why && smtp->command->no_args && args.n > 0)
		why = "501 5.5.4 No parameters here";
	return why ? smtp_fault(smtp, why) : smtp->command->run(smtp, args);
}

static enum sess_next run(struct sess *s)
{
	struct smtp *smtp = sess_state(s);

	switch (smtp->mode) {
	case SMTP_TEXT:
	case SMTP_CHUNK:
		return smtp_text_run(smtp);
	case SMTP_CHUNK_END:
		return smtp_chunk_end(smtp);
	case SMTP_ACCEPT:
		return smtp_accept(smtp);
	case SMTP_STORING:
		return smtp_stored(smtp);
	case SMTP_DRIPPING:
		return smtp_too_slow(smtp);
	default:
		return run_line(smtp);
	}
}

/* --- the rest of a session --- */

enum sess_next smtp_open(struct smtp *smtp)
{
	struct sess *s = smtp->sess;

	smtp->phase = SMTP_GREETED;
	const char *why = smtp_check_connect(smtp);
	if (why == smtp_silence)
		return SESS_CLOSE;
	if (why) {
		enum sess_next next = smtp_refuse_or_wait(smtp, why, SLICE(""));
		return next == SESS_NEXT ? SESS_CLOSE : next;
	}
	sess_timeout(s, (uint64_t)smtp_num(smtp, &conf_key_smtp_timeout));
	smtp_greet(smtp, sess_out(s));
	return SESS_NEXT;
}

static enum sess_next open_session(struct sess *s)
{
	struct smtp *smtp = sess_state(s);

	smtp->sess = s;
	return smtp_open(smtp);
}

/* RFC 3207 §4.2: forget what the client said before. */
static void secured(struct sess *s)
{
	struct smtp *smtp = sess_state(s);

	smtp_mail_end(smtp);
	free(smtp->helo);
	smtp->helo = NULL;
	smtp->esmtp = false;
	smtp->phase = SMTP_GREETED;
}

static enum sess_next overlong(struct sess *s, struct slice in, size_t *used)
{
	struct smtp *smtp = sess_state(s);

	*used = in.n;
	smtp->skipping = true;
	smtp->mode = SMTP_COMMANDS; /* RFC 4954 §4: an exchange ends with it */
	auth_free(&smtp->auth);
	return smtp_fault(smtp, "500 5.5.6 Line too long");
}

static void bye(struct sess *s, enum sess_bye why)
{
	static const char *const reply[] = {
		[SESS_BYE_IDLE] = "421 4.4.2 Nothing heard for too long",
		[SESS_BYE_DRAIN] = "421 4.3.2 The server ends, come back soon",
		[SESS_BYE_LIMIT] = "421 4.7.0 Too many connections, come back later",
		[SESS_BYE_ENDED] = "421 4.3.2 Ended by an administrator",
	};

	buf_addz(sess_out(s), reply[why]);
	buf_addz(sess_out(s), "\r\n");
}

static void done(struct sess *s)
{
	struct smtp *smtp = sess_state(s);

	smtp_mail_end(smtp);
	auth_free(&smtp->auth);
	milters_free(&smtp->milters);
	smtp_limit_end(smtp);
	smtp_policy_end(smtp);
	free(smtp->helo);
	free(smtp->login);
	free(smtp->login_way);
}

PROTOCOL(smtp) = {
	.name = "smtp",
	.state_size = sizeof(struct smtp),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = frame,
	.run = run,
	.asks = smtp_asks_certificate,
	.secured = secured,
	.overlong = overlong,
	.bye = bye,
	.done = done,
};

/* Everything that differs is asked of smtp_is_lmtp(), or in lmtp.c. */
PROTOCOL(lmtp) = {
	.name = "lmtp",
	.state_size = sizeof(struct smtp),
	.line_max = LINE_MAX_BYTES,
	.open = open_session,
	.frame = frame,
	.run = run,
	.secured = secured,
	.overlong = overlong,
	.bye = bye,
	.done = done,
};

LISTENER(smtp) = {
	.name = "smtp", .port = 25, .proto = &proto_smtp, .tls = LISTEN_STARTTLS, .role = "mx"
};
LISTENER(submission) = { .name = "submission",
	.port = 587,
	.proto = &proto_smtp,
	.tls = LISTEN_STARTTLS,
	.role = "submission",
	.client = "SMTP" };
LISTENER(submissions) = { .name = "submissions",
	.port = 465,
	.proto = &proto_smtp,
	.tls = LISTEN_TLS,
	.role = "submission",
	.client = "SMTP" };
LISTENER(lmtp) = {
	.name = "lmtp", .path = "lmtp", .port = 24, .proto = &proto_lmtp, .tls = LISTEN_STARTTLS
};
