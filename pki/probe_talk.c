/* probe_talk.c - a server is tried: the steps on the way to TLS, and behind it */
#include "core/loop.h"
#include "core/tls.h"
#include "pki/probe_words.h"

enum { STEP_MS = 15 * 1000 };

/* A step ends with the whole at the latest. */
static uint64_t time_left(const struct words *w)
{
	uint64_t now = loop_now(), left = w->probe->until > now ? w->probe->until - now : 1;

	return left < STEP_MS ? left : STEP_MS;
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
	if (!words_speak(w, PROBE_XMPP))
		buf_addz(&line, "\r\n");
	int rc = client_write(w->client, buf_slice(&line), &w->err);
	buf_done(&line);
	buf_clear(&w->answer);
	if (words_speak(w, PROBE_POP3) && fmt == w->protocol->hello)
		read = probe_read_pop_list;
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
	    &w->probe->pool, "%s: %.*s", no, SLICE_ARG(slice_head(answer, PROBE_SHOWN_MAX)));
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
	if (words_speak(w, PROBE_XMPP))
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

	if (words_speak(w, PROBE_XMPP))
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
	const char *value = words_speak(w, PROBE_HTTPS) ? pool_str(&w->probe->pool, w->host->name)
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
