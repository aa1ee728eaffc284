/* send.c - one mail transaction with another server (RFC 5321 3.3)
 *
 * With PIPELINING (RFC 2920) MAIL, all RCPT and DATA leave together and their
 * replies are read in order; without it each waits for its reply. With CHUNKING
 * (RFC 3030) BDAT takes the place of DATA, and a text of one chunk leaves
 * together with MAIL and RCPT. */
#include "protocols/relay/send_private.h"

/* RFC 5321 4.5.3.2.4 to 6 */
CONF_KEY(relay_timeout_data) = {
	.name = "relay.timeout-data",
	.type = CONF_DURATION,
	.def = "2m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to answer DATA",
};

CONF_KEY(relay_timeout_end) = {
	.name = "relay.timeout-end",
	.type = CONF_DURATION,
	.def = "10m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to say that it has the message",
};

/* One outcome for all that have none yet. */
static void send_all(struct sending *s, enum sent sent, struct slice reply)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rcpts[i].sent == SENT_NOT_YET) {
			s->rcpts[i].sent = sent;
			s->rcpts[i].reply = reply;
		}
}

static enum sent judge(struct slice reply, bool of_rcpt)
{
	static const enum sent sent[] = { [REPLY_TAKEN] = SENT_OK,
		[REPLY_LATER] = SENT_LATER,
		[REPLY_NEVER] = SENT_NEVER,
		[REPLY_TOO_MANY] = SENT_LATER };

	return sent[reply_means(reply, of_rcpt)];
}

void send_judge_all(struct sending *s)
{
	struct slice why = talk_why(s->talk, s->pool);

	send_all(s, judge(why, false), why);
}

/* --- replies --- */

/* False: nobody is left, or the connection broke; all have an outcome. */
static bool hear_mail(struct sending *s)
{
	if (talk_read(s->talk, &conf_key_relay_timeout_command) == 0 &&
	    s->talk->reply.code / 100 == 2)
		return true;
	send_judge_all(s);
	return false;
}

static void hear_rcpt(struct sending *s, struct send_rcpt *rcpt)
{
	if (rcpt->sent != SENT_NOT_YET)
		return;
	if (talk_read(s->talk, &conf_key_relay_timeout_command) != 0) {
		send_judge_all(s);
		return;
	}
	if (s->talk->reply.code / 100 == 2)
		return;
	rcpt->reply = talk_why(s->talk, s->pool);
	rcpt->sent = judge(rcpt->reply, true);
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

/* What is next, when somebody may have the message. */
enum next {
	NEXT_NOTHING, /* all have an outcome, or the connection broke */
	NEXT_TEXT,
	NEXT_REPLY, /* the text is sent */
};

/* --- in turn, or all at once --- */

static enum next ask_in_turn(struct sending *s)
{
	if (send_say_mail(s) != 0 || !hear_mail(s))
		return NEXT_NOTHING;
	for (size_t i = 0; i < s->n; i++)
		if (send_say_rcpt(s, i) == 0)
			hear_rcpt(s, &s->rcpts[i]);
	if (!anybody(s))
		return NEXT_NOTHING;
	if (send_by_chunks(s))
		return NEXT_TEXT;
	return talk_write(s->talk, "DATA") == 0 && hear_data(s) ? NEXT_TEXT : NEXT_NOTHING;
}

/* The replies behind a refused MAIL mean nothing, but they come. */
static void skip_replies(struct sending *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (talk_read(s->talk, &conf_key_relay_timeout_command) != 0)
			return;
	if (s->talk->reply.code == 354)
		s->talk->broken = true; /* text for nobody: not worth a conversation */
}

/* Nobody is to get it, and yet: RFC 2920 3.1, DATA may want a text; a chunk is answered. */
static void skip_text(struct sending *s, bool chunk)
{
	if (talk_read(s->talk, &conf_key_relay_timeout_data) == 0 && !chunk &&
	    s->talk->reply.code == 354)
		talk_ask(s->talk, &conf_key_relay_timeout_end, ".");
}

static int say_all(struct sending *s, bool chunks, bool chunk)
{
	int rc = send_say_mail(s);

	for (size_t i = 0; rc == 0 && i < s->n; i++)
		rc = send_say_rcpt(s, i);
	if (rc == 0 && !chunks)
		rc = talk_write(s->talk, "DATA");
	return rc == 0 && chunk ? send_one_chunk(s) : rc;
}

static enum next ask_at_once(struct sending *s)
{
	bool chunks = send_by_chunks(s), chunk = chunks && send_is_small(s);
	bool text_asked = chunk || !chunks;

	if (say_all(s, chunks, chunk) != 0)
		return NEXT_NOTHING;
	if (!hear_mail(s)) {
		skip_replies(s, s->n + text_asked);
		return NEXT_NOTHING;
	}
	for (size_t i = 0; i < s->n; i++)
		hear_rcpt(s, &s->rcpts[i]);
	if (chunk && anybody(s))
		return NEXT_REPLY;
	if (anybody(s))
		return chunks || hear_data(s) ? NEXT_TEXT : NEXT_NOTHING;
	if (text_asked)
		skip_text(s, chunk);
	return NEXT_NOTHING;
}

/* --- the whole --- */

/* An answer that came before the text, with the 354, is no word about it: a refusal may be meant, a
 * yes can not. */
static bool spoke_too_soon(struct sending *s)
{
	struct talk *talk = s->talk;

	if (!client_is_ahead(talk->client))
		return false;
	talk_read(talk, &conf_key_relay_timeout_end);
	talk->broken = true;
	if (talk->reply.code >= 400 || talk->reply.code == 0)
		send_judge_all(s);
	else
		send_all(s, SENT_LATER, SLICE("4.5.0 The server answered before it had the text"));
	return true;
}

/* Its outcome is the last reply, unless a chunk was refused: then all have one. */
static void send_text(struct sending *s, enum next next)
{
	struct talk *talk = s->talk;
	int rc = 0;

	if (next == NEXT_TEXT && spoke_too_soon(s))
		return;
	reply_clear(&talk->reply);
	if (next == NEXT_TEXT)
		rc = send_by_chunks(s) ? send_chunks(s) : send_dotted(s);
	if (rc > 0)
		return;
	if (rc == 0)
		talk_read(talk, &conf_key_relay_timeout_end);
	talk->unfinished = false;
	if (talk->reply.code / 100 == 2)
		talk->messages++;
	send_judge_all(s);
}

/* Nothing was heard, or only a goodbye, on a connection that had been used. */
static bool had_hung_up(const struct sending *s)
{
	return s->talk->broken && s->talk->offers > 1 &&
	    (s->talk->reply.code == 0 || s->talk->reply.code == 421);
}

static enum next begin(struct sending *s)
{
	struct talk *talk = s->talk;

	talk->offers++;
	if (talk->unfinished && talk_ask(talk, &conf_key_relay_timeout_command, "RSET") == 0)
		return NEXT_NOTHING;
	talk->unfinished = true;
	return talk->words & TALK_PIPELINING ? ask_at_once(s) : ask_in_turn(s);
}

bool send_message(struct sending *s)
{
	const char *why = send_form(s);
	enum next next;

	if (why) {
		send_all(s, why[0] == '5' ? SENT_NEVER : SENT_LATER, slice_str(why));
		return true;
	}
	reply_clear(&s->talk->reply);
	next = begin(s);
	if (next != NEXT_NOTHING) {
		send_text(s, next);
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
