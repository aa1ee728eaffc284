/* talk.c - commands and replies on a connection to another mail server */
#include "protocols/relay/talk.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/server_name.h"
#include "protocols/relay/plan.h"
#include "storage/dir.h"

/* RFC 5321 4.5.3.2.2 to 3: five minutes for each command. */
CONF_KEY(relay_timeout_command) = {
	.name = "relay.timeout-command",
	.type = CONF_DURATION,
	.def = "5m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to answer EHLO, MAIL, RCPT and the like",
};

CONF_KEY(relay_timeout_crowded) = {
	.name = "relay.timeout-crowded",
	.type = CONF_DURATION,
	.def = "30s",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may be silent at the beginning while other destinations "
		"wait for a connection that relay.max-connections does not give them",
};

CONF_KEY(relay_timeout_quit) = {
	.name = "relay.timeout-quit",
	.type = CONF_DURATION,
	.def = "5s", /* the messages are delivered: nothing hangs on it */
	.min = 100,
	.max = 300000,
	.help = "how long another server may take to answer QUIT",
};

CONF_KEY(relay_helo) = {
	.name = "relay.helo",
	.type = CONF_TEXT,
	.def = "",
	.help =
	    "name that this server goes by towards others; empty: server.name, else the main domain",
};

/* --- our name --- */

static bool from_setting(const struct conf_key *key, struct pool *pool, struct slice *out)
{
	struct buf text = { 0 };

	conf_text(key, NULL, &text);
	*out = pool_slice(pool, slice_trim(buf_slice(&text)));
	buf_done(&text);
	return out->n > 0;
}

struct slice relay_own_name(struct pool *pool)
{
	struct dir_domain domain;
	struct slice name;

	if (from_setting(&conf_key_relay_helo, pool, &name) ||
	    from_setting(&conf_key_server_name, pool, &name))
		return name;
	if (dir_main_domain(pool, &domain) == 1)
		return slice_str(domain.name);
	return slice_str(server_name(pool));
}

/* --- commands and replies --- */

static int broke(struct talk *talk)
{
	talk->broken = true;
	return -1;
}

__attribute__((format(printf, 2, 0))) static int write_line(
    struct talk *talk, const char *fmt, va_list ap)
{
	struct buf line = { 0 };

	if (talk->broken)
		return -1;
	buf_vprintf(&line, fmt, ap);
	buf_addz(&line, "\r\n");
	int rc = client_write(talk->client, buf_slice(&line), &talk->err);
	buf_wipe(&line);
	return rc == 0 ? 0 : broke(talk);
}

int talk_write(struct talk *talk, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = write_line(talk, fmt, ap);
	va_end(ap);
	return rc;
}

/* RFC 5321 4.5.3.2.1 gives a host minutes to greet. It has them, unless others would have to wait
   that long for whom does not speak at all: then it is tried again later. TLS, which comes later,
   has a time of its own. True: it gives way. */
static bool gives_way(struct talk *talk, uint64_t ms)
{
	enum { LOOK_MS = 1000 };
	uint64_t began = loop_now(), patience = (uint64_t)conf_num(&conf_key_relay_timeout_crowded);

	if (talk->met || ms <= patience || client_io(talk->client)->below ||
	    client_flush(talk->client, &talk->err) != 0 || client_wait(talk->client, patience))
		return false;
	while (loop_now() - began < ms) {
		if (plan_is_crowded())
			return true;
		if (client_wait(talk->client, LOOK_MS))
			return false;
	}
	return false;
}

int talk_read(struct talk *talk, const struct conf_key *timeout)
{
	enum reply_part part = REPLY_MORE;
	struct slice line;

	reply_clear(&talk->reply);
	if (talk->broken)
		return -1;
	client_deadline(talk->client, (uint64_t)conf_num(timeout));
	if (gives_way(talk, (uint64_t)conf_num(timeout))) {
		err_set(&talk->err, ERR_TEMP, "it said nothing while other destinations waited");
		return broke(talk);
	}
	while (part == REPLY_MORE) {
		int got = client_line(talk->client, &line, &talk->err);
		if (got == 0)
			err_set(&talk->err, ERR_TEMP, "the other side hung up");
		if (got <= 0)
			break;
		part = reply_take(&talk->reply, line);
	}
	if (part == REPLY_BAD)
		err_set(&talk->err, ERR_INPUT, "an answer that is no SMTP");
	if (part == REPLY_DONE && talk->reply.code == 421) {
		/* RFC 5321 3.8: it closes; what was asked is answered by that */
		talk->broken = true;
		return 0;
	}
	if (part == REPLY_DONE)
		return 0;
	reply_clear(&talk->reply);
	return broke(talk);
}

unsigned talk_ask(struct talk *talk, const struct conf_key *timeout, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = write_line(talk, fmt, ap);
	va_end(ap);
	if (rc != 0 || talk_read(talk, timeout) != 0)
		return 0;
	return talk->reply.code;
}

struct slice talk_why(const struct talk *talk, struct pool *pool)
{
	struct buf text = { 0 };

	if (talk->reply.code)
		reply_short(&talk->reply, &text);
	else
		buf_printf(&text, "4.4.2 %s", talk->err.text);
	struct slice why = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
	return why;
}

void talk_close(struct talk **talkp)
{
	struct talk *talk = *talkp;

	if (!talk)
		return;
	*talkp = NULL;
	if (talk->client && !talk->broken)
		talk_ask(talk, &conf_key_relay_timeout_quit, "QUIT");
	const struct log_context *before = log_context_set(NULL); /* of no single message */
	log_event(LOG_INFO, "relay-closed", log_n("dcid", (int64_t)talk->dcid),
	    log_n("messages", talk->messages));
	log_context_set(before);
	client_close(&talk->client);
	reply_done(&talk->reply);
	buf_done(&talk->host);
	buf_done(&talk->way);
	free(talk);
}
