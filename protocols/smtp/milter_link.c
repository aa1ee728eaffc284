/* milter_link.c - a connection to a filter: opened, agreed on, asked, closed */
#include "core/facts.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metric.h"
#include "protocols/smtp/milter.h"

CONF_KEY(milter_connect_timeout) = {
	.name = "milter.connect-timeout",
	.type = CONF_DURATION,
	.def = "5s",
	.min = 100,
	.max = 60000,
	.help = "how long it may take to connect to a filter",
};

CONF_KEY(milter_timeout) = {
	.name = "milter.timeout",
	.type = CONF_DURATION,
	.def = "30s",
	.min = 100,
	.max = 600000,
	.help = "how long a filter may take for an answer, unless milter.use says otherwise",
};

CONF_KEY(milter_end_timeout) = {
	.name = "milter.end-timeout",
	.type = CONF_DURATION,
	.def = "4m", /* RFC 5321 4.5.3.2.6: a client waits 10 minutes for all of them */
	.min = 100,
	.max = 600000,
	.help = "how long a filter may take to judge a message that it has seen, in all",
};

CONF_KEY(milter_rest) = {
	.name = "milter.rest",
	.type = CONF_DURATION,
	.def = "5s",
	.min = 1,
	.max = 600000,
	.help = "how long a filter that could not be connected to is not tried again",
};

/* Filters that are not tried now: waiting for them would hold the threads that others
   need. */
FACTS(milter_down) = {
	.name = "milter-down",
	.bound = 1000,
	.state = FACTS_STATE,
};

METRIC(milter_lost) = {
	.name = "signet_milter_failures_total",
	.type = METRIC_COUNTER,
	.help = "times that a filter was away, late, or spoke nonsense",
	.cells = METRIC_CELLS(1),
};

uint64_t milter_timeout(const struct milter_link *link)
{
	return link->spec.timeout_ms ? link->spec.timeout_ms
				     : (uint64_t)conf_num(&conf_key_milter_timeout);
}

uint64_t milter_end_timeout(void)
{
	return (uint64_t)conf_num(&conf_key_milter_end_timeout);
}

static bool lose(struct milter_link *link, const char *why)
{
	log_event(LOG_WARN, "filter-lost", log_z("filter", link->spec.name), log_z("reason", why));
	metric_add(&metric_milter_lost, 0, 1);
	client_close(&link->client);
	link->state = MILTER_LOST;
	return false;
}

void milter_close(struct milter_link *link)
{
	struct err err;

	if (link->client && link->state != MILTER_LOST) {
		client_deadline(link->client, 0);
		buf_clear(&link->out);
		milter_put(&link->out, MILTER_QUIT, (struct slice){ 0 });
		if (client_write(link->client, buf_slice(&link->out), &err) == 0)
			client_flush(link->client, &err);
	}
	client_close(&link->client);
	buf_done(&link->in);
	buf_done(&link->out);
	pool_done(&link->pool);
}

/* --- bytes --- */

bool milter_say(struct milter_link *link)
{
	struct err err = { 0 };
	bool said = client_write(link->client, buf_slice(&link->out), &err) == 0;

	buf_clear(&link->out);
	return said || lose(link, err.text);
}

static bool send_all(struct milter_link *link)
{
	struct err err = { 0 };

	if (!milter_say(link))
		return false;
	return client_flush(link->client, &err) == 0 || lose(link, err.text);
}

/* The next packet; it is valid until the next call. *seen: bytes of link->in that were
   taken. */
static bool next_packet(struct milter_link *link, size_t *seen, struct milter_packet *out)
{
	struct err err = { 0 };
	struct slice more;

	for (;;) {
		struct slice rest = slice_from(buf_slice(&link->in), *seen);
		int found = milter_take(&rest, out);

		if (found < 0)
			return lose(link, "not a packet");
		if (found > 0) {
			*seen = link->in.n - rest.n;
			return true;
		}
		buf_drop(&link->in, *seen);
		*seen = 0;
		int rc = client_bytes(link->client, &more, &err);
		if (rc <= 0)
			return lose(link, rc < 0 ? err.text : "it closed the connection");
		buf_adds(&link->in, more);
	}
}

/* --- options --- */

static void keep_macros(struct milter_link *link)
{
	for (unsigned i = 0; i < MILTER_STAGES; i++)
		if (link->options.macros[i].p)
			link->options.macros[i] = pool_slice(&link->pool, link->options.macros[i]);
}

static bool negotiate(struct milter_link *link)
{
	struct milter_packet packet;
	size_t seen = 0;

	milter_put_options(&link->out);
	if (!send_all(link) || !next_packet(link, &seen, &packet))
		return false;
	if (packet.command != MILTER_OPTIONS || !milter_read_options(packet.data, &link->options))
		return lose(link, "options that were not offered");
	keep_macros(link);
	buf_drop(&link->in, seen);
	return true;
}

static bool rests(const struct milter_spec *spec)
{
	struct fact fact;

	return facts_any(&facts_milter_down) &&
	    facts_get(&facts_milter_down, slice_str(spec->name), &fact);
}

static void let_rest(const struct milter_spec *spec)
{
	struct fact fact = { .until = facts_now() + conf_num(&conf_key_milter_rest) };

	facts_put(&facts_milter_down, slice_str(spec->name), &fact);
}

bool milter_open(struct milter_link *link)
{
	const struct milter_spec *spec = &link->spec;
	struct err err = { 0 };

	if (rests(spec))
		return lose(link, "it was away a moment ago");
	link->client = client_open((const struct sockaddr *)&spec->address, spec->address_n,
	    (struct slice){ 0 }, (uint64_t)conf_num(&conf_key_milter_connect_timeout), &err);
	if (!link->client) {
		let_rest(spec);
		return lose(link, err.text);
	}
	client_deadline(link->client, milter_timeout(link));
	if (!negotiate(link))
		return false;
	link->state = MILTER_OPEN;
	return true;
}

/* --- what it says --- */

static enum milter_verdict with(const char **reply, const char *text, enum milter_verdict verdict)
{
	*reply = text;
	return verdict;
}

static enum milter_verdict read_verdict(
    const struct milter_packet *packet, struct pool *pool, const char **reply)
{
	switch (packet->command) {
	case MILTER_CONTINUE:
		return MILTER_SAYS_GO_ON;
	case MILTER_ACCEPT:
		return MILTER_SAYS_FINE;
	case MILTER_SKIP:
		return MILTER_SAYS_SKIP;
	case MILTER_DISCARD:
		return MILTER_SAYS_DISCARD;
	case MILTER_REJECT:
		return with(reply, "550 5.7.1 Refused by a filter", MILTER_SAYS_NO);
	case MILTER_TEMPFAIL:
		return with(
		    reply, "451 4.7.1 Not now, says a filter, try again later", MILTER_SAYS_NO);
	case MILTER_REPLY_CODE:
		*reply = milter_read_reply(packet->data, pool);
		return *reply ? MILTER_SAYS_NO : MILTER_SAYS_NOTHING;
	case MILTER_SHUTDOWN:
	case MILTER_CONN_FAIL:
		return with(reply, "421 4.7.0 A filter wants no more of this connection",
		    MILTER_SAYS_CLOSE);
	default:
		return MILTER_SAYS_NOTHING;
	}
}

static bool is_change(char command)
{
	return command != '\0' &&
	    strchr((const char[]){ MILTER_ADD_RCPT, MILTER_DEL_RCPT, MILTER_ADD_RCPT_ARGS,
		       MILTER_REPLACE_BODY, MILTER_CHANGE_FROM, MILTER_ADD_HEADER,
		       MILTER_INSERT_HEADER, MILTER_CHANGE_HEADER, MILTER_QUARANTINE, '\0' },
		command) != NULL;
}

/* Packets until one is a verdict. A filter that says that it works on gets more time,
   but never more than the end of a message may take. */
static enum milter_verdict hear(struct milter_link *link, size_t *seen, uint64_t ms,
    milter_change *change, void *arg, struct pool *pool, const char **reply)
{
	uint64_t last = loop_now() + (ms > milter_end_timeout() ? ms : milter_end_timeout());
	struct milter_packet packet;

	client_deadline(link->client, ms);
	while (next_packet(link, seen, &packet)) {
		uint64_t now = loop_now(), left = last > now ? last - now : 0;

		if (packet.command == MILTER_PROGRESS) {
			client_deadline(link->client, ms < left ? ms : left);
		} else if (change && is_change(packet.command)) {
			if (!change(arg, &packet))
				break;
		} else {
			enum milter_verdict verdict = read_verdict(&packet, pool, reply);
			if (verdict != MILTER_SAYS_NOTHING)
				return verdict;
			break;
		}
	}
	if (link->state != MILTER_LOST)
		lose(link, "an answer that is none");
	return MILTER_SAYS_NOTHING;
}

enum milter_verdict milter_ask(struct milter_link *link, uint64_t ms, milter_change *change,
    void *arg, struct pool *pool, const char **reply)
{
	size_t seen = 0;

	client_deadline(link->client, ms);
	if (!send_all(link))
		return MILTER_SAYS_NOTHING;
	enum milter_verdict verdict = hear(link, &seen, ms, change, arg, pool, reply);
	buf_drop(&link->in, seen);
	return verdict;
}
