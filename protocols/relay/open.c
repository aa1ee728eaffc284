/* open.c - from a domain to a connection that takes messages: hosts, greeting, EHLO, TLS, login */
#include <stdlib.h>

#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "protocols/relay/talk.h"

static const char *const tls_levels[] = { "none", "may", "encrypt", "verify", NULL };

CONF_KEY(relay_tls) = {
	.name = "relay.tls",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "may",
	.choices = tls_levels,
	.help =
	    "TLS towards other servers, or one domain: none; may: when it is offered; encrypt: no "
	    "mail without it; verify: nor without a certificate that is good for its name",
};

CONF_KEY(relay_tls_fallback) = {
	.name = "relay.tls-fallback",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "with relay.tls may: after a failed handshake try once more in the clear",
};

CONF_KEY(relay_source_address) = {
	.name = "relay.source-address",
	.type = CONF_TEXT,
	.def = "",
	.help =
	    "own addresses that mail leaves from, one of IPv4, one of IPv6; empty: the system chooses",
};

/* RFC 5321 4.5.3.2.1 */
CONF_KEY(relay_timeout_greeting) = {
	.name = "relay.timeout-greeting",
	.type = CONF_DURATION,
	.def = "5m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to greet",
};

CONF_KEY(relay_timeout_connect) = {
	.name = "relay.timeout-connect",
	.type = CONF_DURATION,
	.def = "30s",
	.min = 100,
	.max = 600000,
	.help = "how long a connection to another server may take",
};

CONF_KEY(relay_timeout_tls) = {
	.name = "relay.timeout-tls",
	.type = CONF_DURATION,
	.def = "1m",
	.min = 100,
	.max = 600000,
	.help = "how long a TLS handshake with another server may take",
};

enum relay_tls relay_tls(const struct conf_at *at)
{
	return (enum relay_tls)conf_num_at(&conf_key_relay_tls, at);
}

/* What is tried now, and with what result so far. */
struct attempt {
	struct slice domain;
	struct pool *pool;
	struct conf_at at;
	const struct route *route;
	const struct route_host *host;
	struct slice address;
	enum relay_tls level;
	struct slice why; /* the last failure */
};

static bool fail(struct attempt *a, struct slice why)
{
	a->why = why;
	return false;
}

/* --- greeting, EHLO --- */

static const struct {
	const char *name;
	unsigned word;
} words[] = {
	{ "PIPELINING", TALK_PIPELINING }, /* RFC 2920 */
	{ "SIZE", TALK_SIZE },		   /* RFC 1870 */
	{ "8BITMIME", TALK_8BITMIME },	   /* RFC 6152 */
	{ "SMTPUTF8", TALK_SMTPUTF8 },	   /* RFC 6531 */
	{ "DSN", TALK_DSN },		   /* RFC 3461 */
	{ "STARTTLS", TALK_STARTTLS },	   /* RFC 3207 */
};

static void read_word(struct talk *talk, struct slice line)
{
	struct slice name = slice_word(&line), value;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_ieq(name, slice_str(words[i].name)))
			talk->words |= words[i].word;
	if (slice_ieq(name, SLICE("SIZE")))
		num_u64(slice_word(&line), UINT64_MAX, &talk->size);
	if (slice_ieq(name, SLICE("AUTH")))
		while ((value = slice_word(&line)).n > 0)
			if (slice_ieq(value, SLICE("PLAIN")))
				talk->words |= TALK_AUTH_PLAIN;
}

/* The first line is the other side's name. */
static void read_words(struct talk *talk)
{
	struct slice rest = buf_slice(&talk->reply.text);

	talk->words = TALK_ESMTP;
	talk->size = 0;
	slice_cut(&rest, '\n');
	while (rest.n > 0)
		read_word(talk, slice_trim(slice_cut(&rest, '\n')));
}

/* RFC 5321 3.2: who does not know EHLO is asked by HELO. */
static bool say_hello(struct talk *talk, struct attempt *a)
{
	struct slice name = relay_own_name(a->pool);

	unsigned code =
	    talk_ask(talk, &conf_key_relay_timeout_command, "EHLO %.*s", SLICE_ARG(name));
	if (code == 250) {
		read_words(talk);
		return true;
	}
	talk->words = 0;
	if (code >= 500 &&
	    talk_ask(talk, &conf_key_relay_timeout_command, "HELO %.*s", SLICE_ARG(name)) == 250)
		return true;
	return fail(a, talk_why(talk, a->pool));
}

static bool greet(struct talk *talk, struct attempt *a)
{
	if (talk_read(talk, &conf_key_relay_timeout_greeting) != 0 || talk->reply.code != 220)
		return fail(a, talk_why(talk, a->pool));
	return say_hello(talk, a);
}

/* --- TLS --- */

static void log_tls(const struct talk *talk, const struct attempt *a)
{
	struct tls_info info;
	struct tls_peer peer;

	tls_info(client_io(talk->client), &info);
	tls_peer(client_io(talk->client), &peer);
	log_event(LOG_INFO, "relay-tls", log_n("dcid", (int64_t)talk->dcid),
	    log_s("host", buf_slice(&talk->host)), log_s("domain", a->domain),
	    log_z("tls", info.version), log_z("cipher", info.cipher),
	    log_z("verified", peer.verified ? "yes" : "no"),
	    log_z("why", peer.verdict ? peer.verdict : ""));
}

static bool tls_failed(struct talk *talk, struct attempt *a, const char *why)
{
	log_event(LOG_WARN, "relay-tls-failed", log_n("dcid", (int64_t)talk->dcid),
	    log_s("host", buf_slice(&talk->host)), log_s("domain", a->domain),
	    log_z("reason", why));
	return fail(a, slice_str(pool_printf(a->pool, "4.7.5 TLS failed: %s", why)));
}

/* Without TLS where the level allows it. */
static bool without_tls(struct talk *talk, struct attempt *a, const char *why)
{
	if (a->level <= RELAY_TLS_MAY)
		return true;
	return tls_failed(talk, a, why);
}

static bool shake_hands(struct talk *talk, struct attempt *a)
{
	/* The names that are taken: the host that was connected to, and the domain
	   whose mail the DNS says it takes (as RFC 7817 3 does for submission). */
	struct tls_client_spec spec = { .host = pool_str(a->pool, a->host->name),
		.names = a->route->fixed ? (struct slice){ 0 } : a->domain,
		.must_verify = a->level == RELAY_TLS_VERIFY,
		.own = tls_own((struct slice){ 0 }) };
	struct err err = { 0 };

	client_deadline(talk->client, (uint64_t)conf_num(&conf_key_relay_timeout_tls));
	int rc = client_tls(talk->client, &spec, &err);
	tls_ctx_unref(&spec.own);
	if (rc != 0) {
		talk->broken = true;
		return tls_failed(talk, a, err.text);
	}
	log_tls(talk, a);
	return say_hello(talk, a); /* RFC 3207 4.2: what was offered before is void */
}

static bool secure(struct talk *talk, struct attempt *a)
{
	if (a->level == RELAY_TLS_NONE)
		return true;
	if (!(talk->words & TALK_ESMTP))
		return without_tls(talk, a, "the other side speaks no ESMTP");
	if (!(talk->words & TALK_STARTTLS))
		return without_tls(talk, a, "STARTTLS is not offered");
	unsigned code = talk_ask(talk, &conf_key_relay_timeout_command, "STARTTLS");
	if (code == 0)
		return fail(a, talk_why(talk, a->pool));
	if (code != 220)
		return without_tls(talk, a, "STARTTLS was answered by an error");
	if (client_has_more(talk->client)) {
		talk->broken = true;
		return tls_failed(talk, a, "something came before the handshake");
	}
	return shake_hands(talk, a);
}

/* --- login: RFC 4954, PLAIN (RFC 4616) --- */

static bool send_login(
    struct talk *talk, struct attempt *a, struct slice name, struct slice password)
{
	struct buf plain = { 0 }, text = { 0 };

	buf_addc(&plain, '\0');
	buf_adds(&plain, name);
	buf_addc(&plain, '\0');
	buf_adds(&plain, password);
	base64_put(&text, buf_slice(&plain));
	unsigned code =
	    talk_ask(talk, &conf_key_relay_timeout_command, "AUTH PLAIN %.*s", SLICE_ARG(text));
	buf_wipe(&plain);
	buf_wipe(&text);
	return code == 235 || fail(a, talk_why(talk, a->pool));
}

static bool log_in(struct talk *talk, struct attempt *a)
{
	struct buf name = { 0 }, password = { 0 };
	struct err err = { 0 };
	bool good = false;

	if (!a->route->fixed)
		return true;
	int found = relay_login(a->host->name, &name, &password, &err);
	if (found <= 0)
		good = found == 0 ||
		    fail(a, slice_str(pool_printf(a->pool, "4.7.0 No login: %s", err.text)));
	else if (client_io(talk->client)->below == NULL)
		fail(a, SLICE("4.7.0 No login: there is no TLS"));
	else if (!(talk->words & TALK_AUTH_PLAIN))
		fail(a, SLICE("4.7.0 No login: AUTH PLAIN is not offered"));
	else
		good = send_login(talk, a, buf_slice(&name), buf_slice(&password));
	buf_wipe(&name);
	buf_wipe(&password);
	return good;
}

/* --- one address --- */

static struct slice source_for(const struct sockaddr *to, struct pool *pool)
{
	struct buf text = { 0 };
	struct sockaddr_storage from;
	struct slice rest, word, found = { 0 };
	socklen_t n;

	conf_text(&conf_key_relay_source_address, NULL, &text);
	rest = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
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
		fail(a, SLICE("4.4.4 An address that is none"));
		return NULL;
	}
	struct client *client =
	    client_open((struct sockaddr *)&to, n, source_for((struct sockaddr *)&to, a->pool),
		(uint64_t)conf_num(&conf_key_relay_timeout_connect), &err);
	if (!client) {
		fail(a,
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
	    log_s("domain", a->domain), log_s("host", buf_slice(&talk->host)));
	return talk;
}

static struct talk *try_once(struct attempt *a)
{
	struct talk *talk = connect_to(a);

	if (talk && greet(talk, a) && secure(talk, a) && log_in(talk, a))
		return talk;
	log_event(LOG_INFO, "relay-not-connected", log_n("dcid", talk ? (int64_t)talk->dcid : 0),
	    log_s("domain", a->domain), log_s("host", a->host->name), log_s("address", a->address),
	    log_s("reason", a->why));
	talk_close(&talk);
	return NULL;
}

static struct talk *try_address(struct attempt *a)
{
	a->level = relay_tls(&a->at);
	struct talk *talk = try_once(a);
	bool tls_was_it = slice_starts(a->why, SLICE("4.7.5 "));

	if (talk || !tls_was_it || a->level != RELAY_TLS_MAY ||
	    !conf_num_at(&conf_key_relay_tls_fallback, &a->at))
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
		fail(a, SLICE("4.3.5 The setting relay.route names this server itself"));
	} else if (a->why.n == 0) {
		*verdict = ROUTE_NONE;
		fail(a,
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

	enum route_verdict found = route_addresses(a->host, a->pool, addresses, &n, &a->why);
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

struct talk *talk_open(
    struct slice domain, struct pool *pool, enum route_verdict *verdict, struct slice *why)
{
	struct route route;
	struct attempt a = { .domain = domain,
		.pool = pool,
		.at = { .domain = pool_str(pool, domain) },
		.route = &route };
	struct talk *talk = NULL;
	bool end = false;

	*verdict = route_find(domain, pool, &route);
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
