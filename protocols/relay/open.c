/* open.c - from a domain to a connection that takes messages: its hosts, their addresses, one by
 * one */
#include <stdlib.h>

#include "core/log.h"
#include "protocols/relay/attempt.h"

CONF_KEY(relay_timeout_connect) = {
	.name = "relay.timeout-connect",
	.type = CONF_DURATION,
	.def = "30s",
	.min = 100,
	.max = 600000,
	.help = "how long a connection to another server may take",
};

/* --- one address --- */

bool attempt_fail(struct attempt *a, struct slice why)
{
	a->why = why;
	return false;
}

static struct slice source_for(const struct attempt *a, const struct sockaddr *to)
{
	struct sockaddr_storage from;
	struct slice rest, word, found = { 0 };
	socklen_t n;

	route_source(&a->at, a->pool, &rest);
	while ((word = slice_word(&rest)).n > 0)
		if (client_address(word, 0, &from, &n) && from.ss_family == to->sa_family)
			found = word;
	return found;
}

static struct talk *connect_to(struct attempt *a)
{
	struct sockaddr_storage to;
	struct err err = { 0 };
	socklen_t n;

	if (!client_address(a->address, a->host->port, &to, &n)) {
		attempt_fail(a, SLICE("4.4.4 An address that is none"));
		return NULL;
	}
	struct client *client =
	    client_open((struct sockaddr *)&to, n, source_for(a, (struct sockaddr *)&to),
		(uint64_t)conf_num(&conf_key_relay_timeout_connect), &err);
	if (!client) {
		attempt_fail(a,
		    slice_str(pool_printf(a->pool, "4.4.1 Cannot connect to %.*s[%.*s]:%u: %s",
			SLICE_ARG(a->host->name), SLICE_ARG(a->address), a->host->port, err.text)));
		return NULL;
	}
	struct talk *talk = mem_get(sizeof(*talk));
	talk->client = client;
	talk->dcid = log_id();
	buf_printf(&talk->host, "%.*s[%.*s]:%u", SLICE_ARG(a->host->name), SLICE_ARG(a->address),
	    a->host->port);
	log_event(LOG_INFO, "relay-connected", log_n("dcid", (int64_t)talk->dcid),
	    log_s("domain", a->domain), log_s("name", a->host->name), log_s("address", a->address),
	    log_n("port", a->host->port));
	return talk;
}

static struct talk *try_once(struct attempt *a)
{
	struct talk *talk = connect_to(a);

	if (talk && attempt_greet(talk, a))
		return talk;
	log_event(LOG_INFO, "relay-not-connected", log_n("dcid", talk ? (int64_t)talk->dcid : 0),
	    log_s("domain", a->domain), log_s("host", a->host->name), log_s("address", a->address),
	    log_s("reason", a->why));
	talk_close(&talk);
	return NULL;
}

static struct talk *try_address(struct attempt *a)
{
	a->level = a->host_level;
	a->broke_after_220 = false;
	struct talk *talk = try_once(a);

	if (talk || !level_falls_back(a))
		return talk;
	a->level = RELAY_TLS_NONE;
	return try_once(a);
}

/* --- all of them --- */

/* We are the ones: the hosts behind would send it back to us. That is for good,
   unless a better host may be there later, or it is a setting that says so. */
static void meet_ourselves(struct attempt *a, enum route_verdict *verdict)
{
	if (a->route->fixed) {
		*verdict = ROUTE_LATER;
		attempt_fail(a, SLICE("4.3.5 The setting relay.route names this server itself"));
	} else if (a->why.n == 0) {
		*verdict = ROUTE_NONE;
		attempt_fail(a,
		    SLICE("5.4.6 Mail for the domain would come back to this server, which "
			  "does not host it"));
	}
}

/* NULL, and *end when no later host should be tried. */
static struct talk *try_host(struct attempt *a, enum route_verdict *verdict, bool *end)
{
	struct slice addresses[ROUTE_ADDRESSES_MAX];
	struct talk *talk = NULL;
	size_t n;

	enum route_verdict found =
	    route_addresses(a->host, &a->at, a->pool, addresses, &n, &a->why);
	if (found == ROUTE_FOUND && !level_for_host(a))
		found = ROUTE_LATER;
	for (size_t i = 0; found == ROUTE_FOUND && !talk && !*end && i < n; i++) {
		*end = route_is_own_address(addresses[i], a->host->port);
		if (*end) {
			meet_ourselves(a, verdict);
			return NULL;
		}
		*verdict = ROUTE_LATER;
		a->address = addresses[i];
		talk = try_address(a);
	}
	if (found == ROUTE_LATER)
		*verdict = ROUTE_LATER;
	return talk;
}

struct talk *talk_open(const struct conf_at *at, enum level_wish wish, struct pool *pool,
    enum route_verdict *verdict, struct slice *why)
{
	struct route route;
	struct attempt a = { .domain = slice_str(at->destination),
		.pool = pool,
		.at = *at,
		.wish = wish,
		.route = &route };
	struct talk *talk = NULL;
	bool end = false;

	*verdict = route_find(at, pool, &route);
	*why = route.why;
	if (*verdict != ROUTE_FOUND)
		return NULL;
	*verdict = ROUTE_NONE; /* unless one of the hosts may be there later */
	for (size_t i = 0; !talk && !end && i < route.n; i++) {
		a.host = &route.hosts[i];
		talk = try_host(&a, verdict, &end);
	}
	*why = a.why;
	return talk;
}
