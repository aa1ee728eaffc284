/* probe_talk.c - the words of each protocol on the way to TLS, and behind it */
#include "pki/probe.h"

#include "core/loop.h"
#include "core/tls.h"

enum { LINES_MAX = 200, STANZA_MAX = 64 * 1024, STEP_MS = 15 * 1000, SHOWN_MAX = 300 };

struct words;

struct probe_protocol {
	const char *name;
	unsigned port, wrapped_port;
	const char *service; /* of SRV records */
	bool mail;
	/* Of the dialogue; "%s" in hello is our name, in after the sender. */
	bool greets;
	const char *hello, *offer, *upgrade, *after, *bye;
	/* Read an answer. 1 yes, 0 no, -1 the connection is of no more use. */
	int (*read)(struct words *w);
	bool always; /* there is no other port than that with TLS */
};

/* A connection. */
struct words {
	struct probe *probe;
	struct probe_host *host;
	const struct probe_protocol *protocol;
	struct client *client;
	struct buf answer; /* its lines, each with LF */
	struct err err;
	bool wrapped;
};

/* A step ends with the whole at the latest. */
static uint64_t time_left(const struct words *w)
{
	uint64_t now = loop_now(), left = w->probe->until > now ? w->probe->until - now : 1;

	return left < STEP_MS ? left : STEP_MS;
}

/* --- reading --- */

/* One more line of an answer. 1, or -1. */
static int read_line(struct words *w, struct slice *line)
{
	int got = client_line(w->client, line, &w->err);

	if (got == 0)
		err_set(&w->err, ERR_TEMP, "the other side hung up");
	if (got <= 0)
		return -1;
	probe_say_at(w->probe, "<-- %.*s", SLICE_ARG(slice_head(*line, SHOWN_MAX)));
	buf_adds(&w->answer, *line);
	buf_addc(&w->answer, '\n');
	return 1;
}

static int no_such(struct words *w)
{
	return err_set(&w->err, ERR_INPUT, "an answer that is none of the protocol");
}

/* RFC 5321 4.2.1 */
static int read_smtp(struct words *w)
{
	struct slice line;

	for (int i = 0; i < LINES_MAX; i++) {
		if (read_line(w, &line) < 0)
			return -1;
		if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5')
			return no_such(w);
		if (line.n == 3 || line.p[3] != '-')
			return line.p[0] <= '3';
	}
	return no_such(w);
}

/* RFC 3501 2.2.2; the greeting has no tag. */
static int read_imap(struct words *w)
{
	struct slice line;

	for (int i = 0; i < LINES_MAX; i++) {
		bool greeting = w->answer.n == 0;
		if (read_line(w, &line) < 0)
			return -1;
		if (slice_istarts(line, SLICE("a ")))
			return slice_istarts(line, SLICE("a OK"));
		if (!slice_starts(line, SLICE("* ")))
			return no_such(w);
		if (greeting && slice_istarts(line, SLICE("* OK")))
			return 1;
		if (slice_istarts(line, SLICE("* BYE")))
			return 0;
	}
	return no_such(w);
}

static int read_pop(struct words *w)
{
	struct slice line;

	if (read_line(w, &line) < 0)
		return -1;
	if (slice_starts(line, SLICE("-ERR")))
		return 0;
	return slice_starts(line, SLICE("+OK")) ? 1 : no_such(w);
}

/* RFC 2449 5: a list that a dot ends. */
static int read_pop_list(struct words *w)
{
	struct slice line;
	int good = read_pop(w);

	for (int i = 0; good == 1 && i < LINES_MAX; i++) {
		if (read_line(w, &line) < 0)
			return -1;
		if (slice_eq(line, SLICE(".")))
			return 1;
	}
	return good == 1 ? no_such(w) : good;
}

/* RFC 6120 4.3.2, 5.4.2: until an element is over that says how it goes on. */
static int read_xmpp(struct words *w)
{
	struct slice bytes, all;

	for (;;) {
		int got = client_bytes(w->client, &bytes, &w->err);
		if (got == 0)
			err_set(&w->err, ERR_TEMP, "the other side hung up");
		if (got <= 0)
			return -1;
		buf_adds(&w->answer, bytes);
		all = buf_slice(&w->answer);
		if (slice_find(all, SLICE("</stream:features>")) >= 0 ||
		    slice_find(all, SLICE("<proceed")) >= 0)
			break;
		if (slice_find(all, SLICE("<failure")) >= 0 ||
		    slice_find(all, SLICE("</stream:stream>")) >= 0)
			break;
		if (all.n > STANZA_MAX)
			return no_such(w);
	}
	probe_say_at(w->probe, "<-- %.*s", SLICE_ARG(slice_head(all, SHOWN_MAX)));
	return slice_find(all, SLICE("<failure")) < 0 && slice_find(all, SLICE("stream:error")) < 0;
}

static int read_http(struct words *w)
{
	struct slice line;

	if (read_line(w, &line) < 0)
		return -1;
	return slice_starts(line, SLICE("HTTP/1.")) ? 1 : no_such(w);
}

/* --- the protocols --- */

#define XMPP_STREAM                                                                                \
	"<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' "                       \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

static const struct probe_protocol protocols[] = {
	{ "smtp", 25, 465, NULL, true, true, "EHLO %s", "STARTTLS", "STARTTLS", "MAIL FROM:<%s>",
	    "QUIT", read_smtp, false },
	{ "imap", 143, 993, NULL, false, true, "a CAPABILITY", "STARTTLS", "a STARTTLS", "a NOOP",
	    "a LOGOUT", read_imap, false },
	{ "pop3", 110, 995, NULL, false, true, "CAPA", "STLS", "STLS", NULL, "QUIT", read_pop,
	    false },
	{ "xmpp", 5222, 5223, "_xmpp-client._tcp", false, false, XMPP_STREAM,
	    "urn:ietf:params:xml:ns:xmpp-tls",
	    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", NULL, "</stream:stream>",
	    read_xmpp, false },
	{ "https", 443, 443, NULL, false, false, NULL, NULL, NULL,
	    "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", NULL, read_http, true },
};

enum { SMTP, IMAP, POP3, XMPP, HTTPS };

const char *const probe_protocol_names[] = { "smtp", "imap", "pop3", "xmpp", "https", NULL };

const struct probe_protocol *probe_protocol(struct slice name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (slice_ieq(name, slice_str(protocols[i].name)))
			return &protocols[i];
	return NULL;
}

struct probe_place probe_place(const struct probe *probe)
{
	const struct probe_protocol *p = probe->protocol;
	bool wrapped = probe->wrapped || p->always || probe->port == p->wrapped_port;
	unsigned port = probe->port ? probe->port : wrapped ? p->wrapped_port : p->port;

	return (struct probe_place){ port, wrapped, p->service, p->mail };
}

/* --- a command and its answer --- */

/* As read() has it. */
static int ask(struct words *w, const char *fmt, const char *value)
{
	int (*read)(struct words *) = w->protocol->read;
	struct buf line = { 0 };

	client_deadline(w->client, time_left(w));
	for (const char *p = fmt; *p; p++)
		if (p[0] == '%' && p[1] == 's')
			buf_addz(&line, (p++, value));
		else
			buf_addc(&line, *p);
	probe_say_at(w->probe, "--> %.*s", SLICE_ARG(slice_trim(buf_slice(&line))));
	if (w->protocol != &protocols[XMPP])
		buf_addz(&line, "\r\n");
	int rc = client_write(w->client, buf_slice(&line), &w->err);
	buf_done(&line);
	buf_clear(&w->answer);
	if (w->protocol == &protocols[POP3] && fmt == w->protocol->hello)
		read = read_pop_list;
	if (rc == 0)
		rc = client_flush(w->client, &w->err);
	return rc == 0 ? read(w) : -1;
}

/* What failed, in words. */
static const char *why(const struct words *w, int result, const char *no)
{
	struct slice answer = slice_trim(buf_slice(&w->answer));

	if (result < 0)
		return w->err.text;
	answer = slice_from(answer, (size_t)(slice_rchr(answer, '\n') + 1));
	return pool_printf(
	    &w->probe->pool, "%s: %.*s", no, SLICE_ARG(slice_head(answer, SHOWN_MAX)));
}

/* --- the steps --- */

static bool connect_to(struct words *w)
{
	struct probe_host *host = w->host;
	uint64_t since = loop_now();
	struct sockaddr_storage to;
	socklen_t n;

	if (loop_now() >= w->probe->until)
		return probe_mark(w->probe, host, PROBE_ANSWER, since, false, "the time is over");
	if (!client_address(host->address, host->port, &to, &n))
		return probe_mark(w->probe, host, PROBE_ANSWER, since, false, "it has no address");
	w->client =
	    client_open((struct sockaddr *)&to, n, (struct slice){ 0 }, time_left(w), &w->err);
	return probe_mark(w->probe, host, PROBE_ANSWER, since, w->client != NULL, w->err.text);
}

static bool greet(struct words *w)
{
	uint64_t since = loop_now();
	int good = 1;

	client_deadline(w->client, time_left(w));
	if (w->protocol->greets)
		good = w->protocol->read(w);
	return probe_mark(w->probe, w->host, PROBE_CONNECT, since, good == 1,
	    good == 1 ? "" : why(w, good, "It greets by no"));
}

/* RFC 5321 4.1.1.1: the first word of its answer is its name. */
static void note_name(struct words *w)
{
	struct slice rest = buf_slice(&w->answer), line = slice_trim(slice_cut(&rest, '\n'));

	line = slice_from(line, 4);
	w->host->says = pool_slice(&w->probe->pool, slice_word(&line));
}

static int say_hello(struct words *w)
{
	const char *name = pool_str(&w->probe->pool, w->probe->own_name);

	if (!w->protocol->hello)
		return 1;
	if (w->protocol == &protocols[XMPP])
		name = pool_str(&w->probe->pool, w->probe->target);
	int good = ask(w, w->protocol->hello, name);
	if (good == 1 && w->protocol->mail)
		note_name(w);
	return good;
}

static bool hello(struct words *w)
{
	uint64_t since = loop_now();
	int good = say_hello(w);

	return probe_mark(w->probe, w->host, PROBE_HELO, since, good == 1,
	    good == 1 ? "" : why(w, good, "It says no"));
}

/* "STARTTLS" as a word of a line of the answer. */
static bool is_offered(const struct words *w)
{
	struct slice rest = buf_slice(&w->answer), word;
	struct slice wanted = slice_str(w->protocol->offer);

	if (w->protocol == &protocols[XMPP])
		return slice_find(rest, wanted) >= 0;
	while (rest.n > 0) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		if (w->protocol->mail)
			line = slice_from(line, 4);
		while ((word = slice_word(&line)).n > 0)
			if (slice_ieq(word, wanted))
				return true;
	}
	return false;
}

static bool upgrade(struct words *w)
{
	uint64_t since = loop_now();

	if (w->wrapped)
		return probe_mark(w->probe, w->host, PROBE_TLS, since, true, "");
	if (!is_offered(w))
		return probe_mark(w->probe, w->host, PROBE_TLS, since, false, "it offers no TLS");
	probe_say_at(w->probe, "TLS is an option on this server");
	int good = ask(w, w->protocol->upgrade, "");
	if (good == 1 && client_has_more(w->client)) /* RFC 3207 6, an injection */
		return probe_mark(w->probe, w->host, PROBE_TLS, since, false,
		    "something came before the handshake");
	return probe_mark(w->probe, w->host, PROBE_TLS, since, good == 1,
	    good == 1 ? "" : why(w, good, "It refuses TLS"));
}

static void note_tls(struct words *w)
{
	struct probe *probe = w->probe;
	struct tls_info info;

	tls_info(client_io(w->client), &info);
	w->host->version = slice_str(pool_str(&probe->pool, slice_str(info.version)));
	w->host->cipher = slice_str(pool_str(&probe->pool, slice_str(info.cipher)));
	probe_say_at(probe, "Connection converted to TLS");
	probe_say(probe, "Protocol in use: %s", info.version);
	probe_say(probe, "Cipher in use: %s", info.cipher);
	probe_say(probe, "Key exchange: %s", info.group);
}

static bool shake_hands(struct words *w)
{
	const struct tls_client_spec spec = { .host = pool_str(&w->probe->pool, w->host->name),
		.fresh = true };
	uint64_t since = loop_now();
	struct tls_peer peer;
	const char *reason = "";

	client_deadline(w->client, time_left(w));
	bool good = client_tls(w->client, &spec, &w->err) == 0;
	probe_mark(w->probe, w->host, PROBE_SECURE, since, good,
	    pool_printf(&w->probe->pool, "TLS failed: %s", w->err.text));
	if (!good)
		return false;
	note_tls(w);
	tls_peer(client_io(w->client), &peer);
	since = loop_now();
	good = probe_judge(w->probe, w->host, peer.chain, &reason);
	probe_mark(w->probe, w->host, PROBE_CERT, since, good, reason);
	return true;
}

/* RFC 3207 4.2: what was said before is void. */
static bool use(struct words *w)
{
	const struct probe *probe = w->probe;
	uint64_t since = loop_now();
	int good = w->wrapped && w->protocol->mail ? 1 : say_hello(w);
	const char *value = w->protocol == &protocols[HTTPS]
	    ? pool_str(&w->probe->pool, w->host->name)
	    : pool_str(&w->probe->pool, probe->sender);

	if (good == 1 && w->protocol->after)
		good = ask(w, w->protocol->after, value);
	if (good == 0 && w->protocol->mail && slice_starts(buf_slice(&w->answer), SLICE("530")))
		good = 1; /* RFC 4954 6: who logs in may send */
	return probe_mark(w->probe, w->host, PROBE_FROM, since, good == 1,
	    good == 1 ? "" : why(w, good, "It says no"));
}

static void say_bye(struct words *w)
{
	if (w->client && w->protocol->bye && w->err.kind == ERR_NONE) {
		const char *bye = w->protocol->bye;
		client_deadline(w->client, 2000);
		ask(w, bye, "");
	}
	client_close(&w->client);
}

/* Where TLS comes first, it is part of the connecting. */
static void talk_wrapped(struct words *w)
{
	if (connect_to(w) && upgrade(w) && shake_hands(w) && greet(w) && hello(w))
		use(w);
}

static void talk(struct words *w)
{
	if (connect_to(w) && greet(w) && hello(w) && upgrade(w) && shake_hands(w))
		use(w);
}

void probe_talk(struct probe *probe, struct probe_host *host)
{
	struct words w = { .probe = probe,
		.host = host,
		.protocol = probe->protocol,
		.wrapped = probe_place(probe).wrapped };

	probe_say(
	    probe, "%.*s [%.*s]:%u", SLICE_ARG(host->name), SLICE_ARG(host->address), host->port);
	if (w.wrapped)
		talk_wrapped(&w);
	else
		talk(&w);
	say_bye(&w);
	probe_say(probe, "%s", "");
	buf_done(&w.answer);
}
