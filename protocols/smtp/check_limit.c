/* check_limit.c - how much a client may bring: at a time, over one connection, in an hour
 *
 * Each client is counted by its address (IPv6 by /64) and its policy. What is counted
 * by the hour is counted in bounded memory (core/rate.h): clients that were not seen
 * for longest are forgotten first. */
#include "core/limit.h"
#include "core/rate.h"
#include "protocols/smtp/check.h"

#define PLACES (CONF_SERVER | CONF_LISTENER | CONF_POLICY)
#define MOST 1000000000

CONF_KEY(smtp_max_connections) = {
	.name = "smtp.max-connections",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help = "connections that one client address may have at a time; 0: no bound",
};

CONF_KEY(smtp_max_connections_hour) = {
	.name = "smtp.max-connections-per-hour",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help = "connections that one client address may make in an hour; 0: no bound",
};

CONF_KEY(smtp_max_messages) = {
	.name = "smtp.max-messages",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help = "messages of one connection; 0: no bound",
};

CONF_KEY(smtp_max_messages_hour) = {
	.name = "smtp.max-messages-per-hour",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help = "messages that one client address may bring in an hour; 0: no bound",
};

CONF_KEY(smtp_max_rcpts) = {
	.name = "smtp.max-recipients-per-connection",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help = "recipients of all messages of one connection; 0: no bound",
};

CONF_KEY(smtp_max_rcpts_hour) = {
	.name = "smtp.max-recipients-per-hour",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help = "recipients that one client address may name in an hour; 0: no bound",
};

CONF_KEY(smtp_max_sender_rcpts_hour) = {
	.name = "smtp.max-sender-recipients-per-hour",
	.type = CONF_INT,
	.scopes = PLACES,
	.def = "0",
	.max = MOST,
	.help =
	    "recipients that one envelope sender may name in an hour, from wherever; 0: no bound",
};

CONF_KEY(smtp_limit_refusal) = {
	.name = "smtp.limit-refusal",
	.type = CONF_TEXT,
	.scopes = PLACES,
	.def = "451 4.7.1 Too much from you for now, come back later",
	.max = 400,
	.check = smtp_check_refusal,
	.help = "reply to clients that are above a bound of their policy: code and text; a 421 "
		"ends the connection",
};

/* --- who is counted --- */

enum { HOUR_MS = 60 * 60 * 1000 };

/* A word for what is counted, the policy, and for whom. */
static void make_key(const char *policy, const char *what, struct slice whom, struct buf *key)
{
	buf_addz(key, what);
	buf_addc(key, '\0');
	buf_addz(key, policy);
	buf_addc(key, '\0');
	buf_adds(key, whom);
}

static struct slice address_of(const struct smtp *smtp, unsigned char network[8])
{
	return slice_of(network, limit_address_key(sess_peer(smtp->sess), network));
}

static const char *refusal(struct smtp *smtp)
{
	struct buf text = { 0 };

	smtp_conf_text(smtp, &conf_key_smtp_limit_refusal, &text);
	const char *reply =
	    pool_str(smtp->mail ? &smtp->mail->pool : sess_pool(smtp->sess), buf_slice(&text));
	buf_done(&text);
	return reply;
}

/* Count one more in this hour. NULL, or the reply. */
static const char *count_hour(
    struct smtp *smtp, const struct conf_key *setting, const char *what, struct slice whom)
{
	struct rate rate = { .max = (unsigned)smtp_num(smtp, setting), .span_ms = HOUR_MS };
	struct buf key = { 0 };

	if (rate.max == 0)
		return NULL;
	make_key(smtp->policy ? smtp->policy : "", what, whom, &key);
	bool room = rate_take(&facts_rate, buf_slice(&key), 1, &rate) == 0;
	buf_done(&key);
	return room ? NULL : refusal(smtp);
}

/* --- connections at a time --- */

/* Under the policy that it came under, whatever a handshake makes of it. */
static const char *take_in(struct smtp *smtp)
{
	unsigned max = (unsigned)smtp_num(smtp, &conf_key_smtp_max_connections);
	const char *policy = smtp->policy ? smtp->policy : "";
	unsigned char network[8];
	struct buf key = { 0 };

	if (max == 0 || smtp->taken_in)
		return NULL;
	make_key(policy, "", address_of(smtp, network), &key);
	bool room = limit_enter(LIMIT_POLICY, buf_slice(&key), max);
	buf_done(&key);
	if (!room)
		return "421 4.7.0 Too many connections from your address";
	smtp->taken_in = policy;
	return NULL;
}

void smtp_limit_end(struct smtp *smtp)
{
	unsigned char network[8];
	struct buf key = { 0 };

	if (!smtp->taken_in)
		return;
	make_key(smtp->taken_in, "", address_of(smtp, network), &key);
	limit_leave(LIMIT_POLICY, buf_slice(&key));
	buf_done(&key);
	smtp->taken_in = NULL;
}

/* --- the stages --- */

static bool wanted(const struct smtp *smtp)
{
	(void)smtp;
	return true;
}

static const char *on_connect(struct smtp *smtp)
{
	unsigned char network[8];
	const char *why = take_in(smtp);

	return why ? why
		   : count_hour(smtp, &conf_key_smtp_max_connections_hour, "connections",
			 address_of(smtp, network));
}

/* Is one more than so many? 0: there is no bound. */
static bool is_over(const struct smtp *smtp, const struct conf_key *setting, unsigned had)
{
	int64_t max = smtp_num(smtp, setting);

	return max > 0 && had >= (unsigned)max;
}

static const char *mail(struct smtp *smtp)
{
	unsigned char network[8];

	if (is_over(smtp, &conf_key_smtp_max_messages, smtp->messages))
		return "421 4.7.0 Too many messages over one connection";
	return count_hour(
	    smtp, &conf_key_smtp_max_messages_hour, "messages", address_of(smtp, network));
}

static const char *rcpt(struct smtp *smtp, const struct deliver_rcpt *one)
{
	unsigned char network[8];
	const char *why;

	(void)one;
	if (is_over(smtp, &conf_key_smtp_max_rcpts, smtp->recipients))
		return "452 4.5.3 Too many recipients over one connection";
	why = count_hour(
	    smtp, &conf_key_smtp_max_rcpts_hour, "recipients", address_of(smtp, network));
	if (!why && smtp->mail->reverse_path.n > 0)
		why = count_hour(
		    smtp, &conf_key_smtp_max_sender_rcpts_hour, "sender", smtp->mail->reverse_path);
	smtp->recipients += !why;
	return why;
}

SMTP_CHECK(limit) = {
	.name = "limit",
	.order = SMTP_CHECK_LIMIT,
	.wanted = wanted,
	.connect = on_connect,
	.mail = mail,
	.rcpt = rcpt,
};
