/* send.c - one mail transaction with another server (RFC 5321 3.3)
 *
 * With PIPELINING (RFC 2920) MAIL, all RCPT and DATA leave together and their
 * replies are read in order; without it each waits for its reply. */
#include "protocols/relay/send.h"

#include "core/text.h"
#include "protocols/relay/body.h"

/* RFC 5321 4.5.3.2.4 to 6 */
CONF_KEY(relay_timeout_data) = {
	.name = "relay.timeout-data",
	.type = CONF_DURATION,
	.def = "2m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to answer DATA",
};

CONF_KEY(relay_timeout_block) = {
	.name = "relay.timeout-block",
	.type = CONF_DURATION,
	.def = "3m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to read a block of 32 KB",
};

CONF_KEY(relay_timeout_text) = {
	.name = "relay.timeout-text",
	.type = CONF_DURATION,
	.def = "2h",
	.min = 100,
	.max = 86400000,
	.help = "how long another server may take to read a whole message",
};

CONF_KEY(relay_timeout_end) = {
	.name = "relay.timeout-end",
	.type = CONF_DURATION,
	.def = "10m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to say that it has the message",
};

void send_all(struct sending *s, enum sent sent, struct slice reply)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rcpts[i].sent == SENT_NOT_YET) {
			s->rcpts[i].sent = sent;
			s->rcpts[i].reply = reply;
		}
}

static enum sent judge(unsigned code)
{
	return code / 100 == 2 ? SENT_OK : code / 100 == 5 ? SENT_NEVER : SENT_LATER;
}

/* The last reply, for all. */
static void judge_all(struct sending *s)
{
	send_all(s, judge(s->talk->reply.code), talk_why(s->talk, s->pool));
}

static const struct queue_rcpt *rcpt_of(const struct sending *s, size_t i)
{
	return &s->entry->rcpts[s->rcpts[i].index];
}

/* --- may it go there at all? --- */

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static struct slice local_part(struct slice address)
{
	ptrdiff_t at = slice_rchr(address, '@');

	return at < 0 ? address : slice_head(address, (size_t)at);
}

/* RFC 6531 3.6: a message that is not all ASCII in envelope or header must not be
   given to who does not know of it. */
static int needs_utf8(const struct sending *s)
{
	if (!is_ascii(local_part(s->entry->reverse_path)))
		return 1;
	for (size_t i = 0; i < s->n; i++)
		if (!is_ascii(local_part(rcpt_of(s, i)->address)))
			return 1;
	return body_is_8bit(s->body, s->from, true);
}

static const char *why_not(const struct sending *s)
{
	const struct talk *talk = s->talk;
	int bad = 0;

	if (s->entry->require_tls && !(talk->words & TALK_REQUIRETLS)) /* RFC 8689 4.2.1 */
		return "5.7.30 The message needs REQUIRETLS, which the server does not know";
	if (talk->size > 0 && s->entry->size - s->from > talk->size) /* RFC 1870 6 */
		return "5.3.4 The message is larger than the server takes";
	if (s->entry->smtputf8 && !(talk->words & TALK_SMTPUTF8) && (bad = needs_utf8(s)) == 1)
		return "5.6.7 The message needs SMTPUTF8, which the server does not know";
	if (bad == 0 && s->entry->body8 && !(talk->words & TALK_8BITMIME) &&
	    (bad = body_is_8bit(s->body, s->from, false)) == 1) /* RFC 6152 3 */
		return "5.6.3 The message has 8 bits, of which the server takes 7";
	return bad < 0 ? "4.3.0 The message cannot be read" : NULL;
}

/* --- commands --- */

static bool is_atom(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(" ()<>[]:;@\\,\"", s.p[i]))
			return false;
	return s.n > 0;
}

/* Addresses are kept without quotes; of others than atoms they are a part. */
static void put_path(struct buf *out, struct slice address, struct slice domain)
{
	struct slice local = local_part(address);

	buf_addc(out, '<');
	if (is_atom(local) || (local.n > 1 && local.p[0] == '"'))
		buf_adds(out, local);
	else {
		buf_addc(out, '"');
		for (size_t i = 0; i < local.n; i++) {
			if (local.p[i] == '"' || local.p[i] == '\\')
				buf_addc(out, '\\');
			buf_addc(out, local.p[i]);
		}
		buf_addc(out, '"');
	}
	buf_addc(out, '@');
	buf_adds(out, domain);
	buf_addc(out, '>');
}

static void put_sender(struct buf *out, const struct sending *s)
{
	struct slice path = s->entry->reverse_path;
	ptrdiff_t at = slice_rchr(path, '@');

	if (path.n == 0 || at < 0) {
		buf_addz(out, "<>");
		return;
	}
	struct slice domain = slice_from(path, (size_t)at + 1);
	const char *ascii = domain_ascii(s->pool, domain);
	put_path(out, path, ascii ? slice_str(ascii) : domain);
}

static int say_mail(struct sending *s)
{
	const struct queue_entry *entry = s->entry;
	unsigned words = s->talk->words;
	struct buf out = { 0 };

	put_sender(&out, s);
	if (words & TALK_SIZE)
		buf_printf(&out, " SIZE=%llu", (unsigned long long)(entry->size - s->from));
	if (words & TALK_8BITMIME && entry->body8)
		buf_addz(&out, " BODY=8BITMIME");
	if (words & TALK_SMTPUTF8 && entry->smtputf8)
		buf_addz(&out, " SMTPUTF8");
	if (entry->require_tls)
		buf_addz(&out, " REQUIRETLS");
	if (words & TALK_PRIORITY && entry->priority != 0)
		buf_printf(&out, " MT-PRIORITY=%d", entry->priority);
	if (words & TALK_DSN && entry->ret.n > 0)
		buf_printf(&out, " RET=%.*s", SLICE_ARG(entry->ret));
	if (words & TALK_DSN && entry->envid.n > 0)
		buf_printf(&out, " ENVID=%.*s", SLICE_ARG(entry->envid));
	int rc = talk_write(s->talk, "MAIL FROM:%.*s", SLICE_ARG(out));
	buf_done(&out);
	return rc;
}

static int say_rcpt(struct sending *s, size_t i)
{
	const struct queue_rcpt *rcpt = rcpt_of(s, i);
	unsigned words = s->talk->words;
	struct buf out = { 0 };

	put_path(&out, rcpt->address, rcpt->domain);
	if (words & TALK_DSN && rcpt->notify.n > 0)
		buf_printf(&out, " NOTIFY=%.*s", SLICE_ARG(rcpt->notify));
	if (words & TALK_DSN && rcpt->orcpt.n > 0 &&
	    (is_ascii(rcpt->orcpt) || words & TALK_SMTPUTF8))
		buf_printf(&out, " ORCPT=%.*s", SLICE_ARG(rcpt->orcpt));
	int rc = talk_write(s->talk, "RCPT TO:%.*s", SLICE_ARG(out));
	buf_done(&out);
	return rc;
}

/* --- replies --- */

/* False: nobody is left, or the connection broke; all have an outcome. */
static bool hear_mail(struct sending *s)
{
	if (talk_read(s->talk, &conf_key_relay_timeout_command) == 0 &&
	    judge(s->talk->reply.code) == SENT_OK)
		return true;
	judge_all(s);
	return false;
}

static void hear_rcpt(struct sending *s, struct send_rcpt *rcpt)
{
	enum { TOO_MANY_ONCE = 552 };

	if (rcpt->sent != SENT_NOT_YET)
		return;
	if (talk_read(s->talk, &conf_key_relay_timeout_command) != 0) {
		judge_all(s);
		return;
	}
	unsigned code = s->talk->reply.code;
	enum sent sent = code == TOO_MANY_ONCE ? SENT_LATER : judge(code); /* 4.5.3.1.10 */
	if (sent == SENT_OK)
		return;
	rcpt->sent = sent;
	rcpt->reply = talk_why(s->talk, s->pool);
}

static bool anybody(const struct sending *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rcpts[i].sent == SENT_NOT_YET)
			return true;
	return false;
}

/* True: go on with the text. */
static bool hear_data(struct sending *s)
{
	if (talk_read(s->talk, &conf_key_relay_timeout_data) == 0 && s->talk->reply.code == 354)
		return true;
	if (s->talk->reply.code / 100 == 2) /* then what would be text were commands */
		s->talk->broken = true;
	send_all(s, s->talk->reply.code / 100 == 5 ? SENT_NEVER : SENT_LATER,
	    talk_why(s->talk, s->pool));
	return false;
}

/* --- in turn, or all at once --- */

static bool ask_in_turn(struct sending *s)
{
	if (say_mail(s) != 0 || !hear_mail(s))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (say_rcpt(s, i) == 0)
			hear_rcpt(s, &s->rcpts[i]);
	if (!anybody(s) || talk_write(s->talk, "DATA") != 0)
		return false;
	return hear_data(s);
}

/* The replies behind a refused MAIL mean nothing, but they come. */
static void skip_replies(struct sending *s)
{
	for (size_t i = 0; i < s->n + 1; i++)
		if (talk_read(s->talk, &conf_key_relay_timeout_command) != 0)
			return;
	if (s->talk->reply.code == 354)
		s->talk->broken = true; /* text for nobody: not worth a conversation */
}

static bool ask_at_once(struct sending *s)
{
	int rc = say_mail(s);

	for (size_t i = 0; rc == 0 && i < s->n; i++)
		rc = say_rcpt(s, i);
	if (rc != 0 || talk_write(s->talk, "DATA") != 0)
		return false;
	if (!hear_mail(s)) {
		skip_replies(s);
		return false;
	}
	for (size_t i = 0; i < s->n; i++)
		hear_rcpt(s, &s->rcpts[i]);
	if (anybody(s))
		return hear_data(s);
	/* RFC 2920 3.1: it may want text although nobody is to get it */
	if (talk_read(s->talk, &conf_key_relay_timeout_data) == 0 && s->talk->reply.code == 354)
		talk_ask(s->talk, &conf_key_relay_timeout_end, ".");
	return false;
}

/* --- the whole --- */

static void send_text(struct sending *s)
{
	struct talk *talk = s->talk;

	reply_clear(&talk->reply);
	const struct body_times times = { .block =
					      (uint64_t)conf_num(&conf_key_relay_timeout_block),
		.whole = (uint64_t)conf_num(&conf_key_relay_timeout_text) };
	if (body_send(s->body, s->from, talk->client, &times, &talk->err) != 0)
		talk->broken = true;
	else
		talk_read(talk, &conf_key_relay_timeout_end);
	talk->unfinished = false;
	if (talk->reply.code / 100 == 2)
		talk->messages++;
	judge_all(s);
}

/* Nothing was heard, or only a goodbye, on a connection that had been used. */
static bool had_hung_up(const struct sending *s)
{
	return s->talk->broken && s->talk->offers > 1 &&
	    (s->talk->reply.code == 0 || s->talk->reply.code == 421);
}

static bool begin(struct sending *s)
{
	struct talk *talk = s->talk;

	talk->offers++;
	if (talk->unfinished && talk_ask(talk, &conf_key_relay_timeout_command, "RSET") == 0)
		return false;
	talk->unfinished = true;
	return talk->words & TALK_PIPELINING ? ask_at_once(s) : ask_in_turn(s);
}

bool send_message(struct sending *s)
{
	const char *why = why_not(s);

	if (why) {
		send_all(s, why[0] == '5' ? SENT_NEVER : SENT_LATER, slice_str(why));
		return true;
	}
	reply_clear(&s->talk->reply);
	if (begin(s)) {
		send_text(s);
		return true;
	}
	bool heard_of_it = false;
	for (size_t i = 0; i < s->n; i++)
		heard_of_it = heard_of_it || s->rcpts[i].sent == SENT_NEVER;
	if (had_hung_up(s) && !heard_of_it) {
		for (size_t i = 0; i < s->n; i++)
			s->rcpts[i].sent = SENT_NOT_YET;
		return false;
	}
	send_all(s, SENT_LATER, talk_why(s->talk, s->pool));
	return true;
}
