/* greet.c - the first words on a connection: greeting, EHLO, TLS, login */
#include "core/log.h"
#include "core/num.h"
#include "core/text.h"
#include "protocols/relay/attempt.h"
#include "protocols/relay/tlsrpt.h"

/* RFC 5321 4.5.3.2.1 */
CONF_KEY(relay_timeout_greeting) = {
	.name = "relay.timeout-greeting",
	.type = CONF_DURATION,
	.def = "5m",
	.min = 100,
	.max = 3600000,
	.help = "how long another server may take to greet",
};

CONF_KEY(relay_timeout_tls) = {
	.name = "relay.timeout-tls",
	.type = CONF_DURATION,
	.def = "1m",
	.min = 100,
	.max = 600000,
	.help = "how long a TLS handshake with another server may take",
};

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
	{ "REQUIRETLS", TALK_REQUIRETLS }, /* RFC 8689 */
	{ "MT-PRIORITY", TALK_PRIORITY },  /* RFC 6710 */
	{ "CHUNKING", TALK_CHUNKING },	   /* RFC 3030 */
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
void talk_words_read(struct talk *talk)
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
		talk_words_read(talk);
		return true;
	}
	talk->words = 0;
	if (code >= 500 &&
	    talk_ask(talk, &conf_key_relay_timeout_command, "HELO %.*s", SLICE_ARG(name)) == 250)
		return true;
	return attempt_fail(a, talk_why(talk, a->pool));
}

static bool greet(struct talk *talk, struct attempt *a)
{
	if (talk_read(talk, &conf_key_relay_timeout_greeting) != 0 || talk->reply.code != 220)
		return attempt_fail(a, talk_why(talk, a->pool));
	return say_hello(talk, a);
}

/* --- TLS --- */

static const char *sts_word(const struct attempt *a)
{
	return a->has_sts ? sts_mode_names[a->sts.mode] : "";
}

static void log_tls(const struct talk *talk, const struct attempt *a)
{
	struct tls_info info;
	struct tls_peer peer;

	tls_info(client_io(talk->client), &info);
	tls_peer(client_io(talk->client), &peer);
	bool unproved = a->level == RELAY_TLS_PREFER_VERIFY && !peer.verified;
	log_event(unproved ? LOG_WARN : LOG_INFO, "relay-tls", log_n("dcid", (int64_t)talk->dcid),
	    log_s("host", buf_slice(&talk->host)), log_s("domain", a->domain),
	    log_z("tls", info.version), log_z("cipher", info.cipher),
	    log_z("level", relay_tls_names[a->level]),
	    log_z("verified", peer.verified ? "yes" : "no"),
	    log_z("why", peer.verdict ? peer.verdict : ""), log_z("sts", sts_word(a)));
}

/* A policy that is only tested is told what would fail, though the mail is sent. */
static void report_tls(const struct talk *talk, const struct attempt *a)
{
	struct tls_peer peer;

	tls_peer(client_io(talk->client), &peer);
	bool tested = a->has_sts && a->sts.mode == STS_TESTING && !peer.verified;
	if (tested)
		tlsrpt_bad(a, peer.verdict ? peer.verdict : "");
	else
		tlsrpt_good(a);
}

static bool tls_failed(struct talk *talk, struct attempt *a, const char *why)
{
	log_event(LOG_WARN, "relay-tls-failed", log_n("dcid", (int64_t)talk->dcid),
	    log_s("host", buf_slice(&talk->host)), log_s("domain", a->domain),
	    log_z("reason", why));
	tlsrpt_bad(a, why);
	return attempt_fail(a, slice_str(pool_printf(a->pool, ATTEMPT_TLS "TLS failed: %s", why)));
}

/* Without TLS where the level allows it. */
static bool without_tls(struct talk *talk, struct attempt *a, const char *why)
{
	if (!level_is_optional(a->level))
		return tls_failed(talk, a, why);
	tlsrpt_bad(a, why);
	return true;
}

CONF_KEY(relay_certificate) = {
	.name = "relay.certificate",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "",
	.refers = "certificate",
	.help = "profile or domain whose certificate is shown to other servers that ask for one; "
		"empty: the main domain's; none: nothing",
};

/* E-026 */
static struct tls_ctx *own_certificate(struct attempt *a)
{
	struct buf name = { 0 };
	struct tls_ctx *own = NULL;

	conf_text(&conf_key_relay_certificate, &a->at, &name);
	if (!slice_ieq(buf_slice(&name), SLICE("none")))
		own = tls_own(buf_slice(&name));
	buf_done(&name);
	return own;
}

static bool shake_hands(struct talk *talk, struct attempt *a)
{
	struct tls_client_spec spec = { .own = own_certificate(a) };
	struct err err = { 0 };

	level_spec(a, &spec);
	client_deadline(talk->client, (uint64_t)conf_num(&conf_key_relay_timeout_tls));
	int rc = client_tls(talk->client, &spec, &err);
	tls_ctx_unref(&spec.own);
	if (rc != 0) {
		talk->broken = true;
		return tls_failed(talk, a, err.text);
	}
	a->broke_after_220 = false;
	log_tls(talk, a);
	report_tls(talk, a);
	return say_hello(talk, a); /* RFC 3207 4.2: what was offered before is void */
}

static bool secure(struct talk *talk, struct attempt *a)
{
	if (a->level == RELAY_TLS_NONE && talk->words & TALK_STARTTLS)
		level_note_offer(a, talk->dcid, buf_slice(&talk->host));
	if (a->level == RELAY_TLS_NONE)
		return true;
	if (!(talk->words & TALK_ESMTP))
		return without_tls(talk, a, "the other side speaks no ESMTP");
	if (!(talk->words & TALK_STARTTLS))
		return without_tls(talk, a, "STARTTLS is not offered");
	unsigned code = talk_ask(talk, &conf_key_relay_timeout_command, "STARTTLS");
	if (code == 0)
		return attempt_fail(a, talk_why(talk, a->pool));
	if (code != 220)
		return level_bears_refusal(a) ||
		    tls_failed(talk, a, "STARTTLS was answered by an error");
	a->broke_after_220 = true;
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
	return code == 235 || attempt_fail(a, talk_why(talk, a->pool));
}

/* NULL, or why a password is not for this server's ears. Where TLS is had as it comes, whoever
   stands between could take it; an admin who demands TLS has said that TLS is enough. */
static const char *why_no_login(struct talk *talk, const struct attempt *a)
{
	struct tls_peer peer;

	if (client_io(talk->client)->below == NULL)
		return "there is no TLS";
	tls_peer(client_io(talk->client), &peer);
	if (level_is_optional(a->level) && !peer.verified)
		return pool_printf(a->pool,
		    "its certificate is not verified (%s), and relay.tls is %s, not encrypt",
		    peer.verdict ? peer.verdict : "it was not looked at",
		    relay_tls_names[a->level]);
	return talk->words & TALK_AUTH_PLAIN ? NULL : "AUTH PLAIN is not offered";
}

static bool log_in(struct talk *talk, struct attempt *a)
{
	struct buf name = { 0 }, password = { 0 };
	struct err err = { 0 };
	bool good = false;

	if (!a->route->fixed)
		return true;
	int found = relay_login(a->host->name, &name, &password, &err);
	const char *why = found > 0 ? why_no_login(talk, a) : found < 0 ? err.text : NULL;
	if (why)
		attempt_fail(a, slice_str(pool_printf(a->pool, "4.7.0 No login: %s", why)));
	else
		good = found == 0 || send_login(talk, a, buf_slice(&name), buf_slice(&password));
	buf_wipe(&name);
	buf_wipe(&password);
	return good;
}

bool attempt_greet(struct talk *talk, struct attempt *a)
{
	talk->met = greet(talk, a) && secure(talk, a) && log_in(talk, a);
	return talk->met;
}
