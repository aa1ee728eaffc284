/* proto.c - SMTP and LMTP as protocols of the kernel: greeting, commands run, goodbye */
#include <stdlib.h>

#include "core/listen.h"
#include "core/server_name.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/smtp.h"

CONF_KEY(smtp_timeout) = {
	.name = "smtp.timeout",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "5m", /* RFC 5321 §4.5.3.2.7 */
	.min = 1000,
	.max = 3600000,
	.help = "how long an SMTP client may be silent",
};

enum { LINE_MAX_BYTES = 16 * 1024 }; /* RFC 4954 §4: a SASL line may have 12288 */

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

void smtp_host_name(struct smtp *smtp, struct buf *out)
{
	struct tls_info info;

	if (sess_tls_info(smtp->sess, &info) && info.domain)
		buf_addz(out, info.domain);
	else
		server_name_add(out);
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
	.frame = smtp_frame,
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
	.frame = smtp_frame,
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
