/* level.c - how much TLS a destination needs, and what its server must prove */
#include "protocols/relay/level.h"

#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"
#include "protocols/relay/attempt.h"
#include "protocols/relay/dane.h"
#include "protocols/relay/tlsrpt.h"
#include "storage/alert.h"

const char *const relay_tls_names[] = { "none", "may", "preferred-verify", "encrypt", "verify",
	"secure", "fingerprint", "dane", "dane-only", NULL };

CONF_KEY(relay_tls) = {
	.name = "relay.tls",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "may",
	.choices = relay_tls_names,
	.help =
	    "TLS towards other servers, or one domain: none; may: when it is offered; "
	    "preferred-verify: the same, and what is not verified is told; encrypt: no mail "
	    "without it; verify: nor without a certificate that is good for its host; secure: for "
	    "the domain; fingerprint: one of relay.tls-fingerprints; dane: as the DNS says, else "
	    "may; dane-only: as the DNS says",
};

CONF_KEY(relay_tls_fallback) = {
	.name = "relay.tls-fallback",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "on",
	.help =
	    "with relay.tls may and preferred-verify: after a failed handshake try once more in "
	    "the clear",
};

CONF_KEY(relay_tls_refused) = {
	.name = "relay.tls-refused",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "on",
	.help = "with relay.tls may and preferred-verify: go on in the clear where a host offers "
		"STARTTLS and then answers it by an error",
};

CONF_KEY(relay_tls_fingerprints) = {
	.name = "relay.tls-fingerprints",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "",
	.help =
	    "with relay.tls fingerprint: SHA-256 of certificates or public keys that servers may "
	    "show, in hex, parted by blanks",
};

CONF_KEY(relay_tls_note_offer) = {
	.name = "relay.tls-note-offer",
	.type = CONF_BOOL,
	.def = "on",
	.help = "log when mail is sent in the clear to a host that offers STARTTLS",
};

enum relay_tls relay_tls(const struct conf_at *at)
{
	return (enum relay_tls)conf_num_at(&conf_key_relay_tls, at);
}

static struct slice fingerprints(const struct conf_at *at, struct pool *pool)
{
	struct buf text = { 0 };

	conf_text(&conf_key_relay_tls_fingerprints, at, &text);
	struct slice copy = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

const char *level_key(const struct conf_at *at, struct pool *pool)
{
	enum relay_tls level = relay_tls(at);
	struct slice pins =
	    level == RELAY_TLS_FINGERPRINT ? fingerprints(at, pool) : (struct slice){ 0 };

	return pool_printf(pool, "%s %.*s", relay_tls_names[level], SLICE_ARG(pins));
}

/* --- fingerprints --- */

static bool read_fingerprint(struct slice word, unsigned char out[DIGEST_SIZE])
{
	size_t digits = 0;

	for (size_t i = 0; i < word.n; i++) {
		int d = hex_digit(word.p[i]);
		if (word.p[i] == ':')
			continue;
		if (d < 0 || digits == 2 * (size_t)DIGEST_SIZE)
			return false;
		out[digits / 2] = (unsigned char)(digits % 2 == 0 ? d << 4 : out[digits / 2] | d);
		digits++;
	}
	return digits == 2 * (size_t)DIGEST_SIZE;
}

/* Of a certificate, or of a public key: whichever it turns out to be. */
static void put_pin(struct buf *out, const unsigned char hash[DIGEST_SIZE])
{
	for (unsigned char selector = 0; selector <= 1; selector++) {
		const unsigned char head[] = { 0, 3 + DIGEST_SIZE, 3, selector, 1 };

		buf_add(out, head, sizeof(head));
		buf_add(out, hash, DIGEST_SIZE);
	}
}

static bool take_fingerprints(struct attempt *a)
{
	struct slice rest = fingerprints(&a->at, a->pool), word;
	unsigned char hash[DIGEST_SIZE];
	struct buf pins = { 0 };

	while ((word = slice_word(&rest)).n > 0) {
		if (slice_istarts(word, SLICE("sha256:")))
			word = slice_from(word, 7);
		if (read_fingerprint(word, hash))
			put_pin(&pins, hash);
		else
			log_event(LOG_WARN, "relay-fingerprint-malformed",
			    log_s("domain", a->domain), log_s("text", word));
	}
	a->pins = pool_slice(a->pool, buf_slice(&pins));
	buf_done(&pins);
	return a->pins.n > 0 ||
	    attempt_fail(
		a, SLICE(ATTEMPT_TLS "The setting relay.tls-fingerprints holds no fingerprint"));
}

/* --- DANE --- */

static bool must_have(struct attempt *a, enum relay_tls otherwise, const char *what)
{
	a->host_level = otherwise;
	if (a->asked == RELAY_TLS_DANE)
		return true;
	return attempt_fail(a,
	    slice_str(pool_printf(a->pool, ATTEMPT_TLS "DANE is needed for %.*s, and %s",
		SLICE_ARG(a->host->name), what)));
}

static bool take_dane(struct attempt *a)
{
	switch (dane_ask(a->host, a->pool, &a->pins, &a->why)) {
	case DANE_USABLE:
		return true;
	case DANE_UNUSABLE: /* RFC 7672 2.2: TLS all the same */
		return must_have(a, RELAY_TLS_ENCRYPT, "no TLSA record is one that can be used");
	case DANE_ABSENT:
		return must_have(a, RELAY_TLS_MAY, "DNSSEC proves no TLSA record");
	case DANE_FAILED:
		break;
	}
	return false;
}

/* --- MTA-STS --- */

CONF_KEY(relay_mta_sts) = {
	.name = "relay.mta-sts",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "on",
	.help = "look for policies of MTA-STS and follow them, unless relay.tls is none, "
		"fingerprint or dane-only, or relay.route names a host",
};

/* RFC 8461 2: what DANE says of a host goes before the policy. */
static bool heeds_sts(const struct attempt *a)
{
	bool other = a->asked == RELAY_TLS_NONE || a->asked == RELAY_TLS_FINGERPRINT ||
	    a->asked == RELAY_TLS_DANE_ONLY || a->pins.n > 0;

	return !other && !a->route->fixed && !a->host->literal &&
	    conf_num_at(&conf_key_relay_mta_sts, &a->at);
}

static bool take_sts(struct attempt *a)
{
	if (!heeds_sts(a))
		return true;
	if (!a->asked_sts) {
		a->has_sts = sts_find(a->domain, a->pool, &a->sts, &a->sts_fault);
		a->asked_sts = true;
	}
	if (!a->has_sts || a->sts.mode != STS_ENFORCE)
		return true;
	if (!sts_policy_names(&a->sts, a->host->name)) {
		log_event(LOG_WARN, "sts-refuses-host", log_s("domain", a->domain),
		    log_s("host", a->host->name));
		tlsrpt_bad(a, "the host is not named by the policy");
		return attempt_fail(a,
		    slice_str(pool_printf(a->pool,
			ATTEMPT_TLS
			"%.*s is none of the hosts that the domain's MTA-STS policy names",
			SLICE_ARG(a->host->name))));
	}
	a->sts_rules = true;
	if (a->host_level < RELAY_TLS_VERIFY || a->host_level >= RELAY_TLS_DANE)
		a->host_level = RELAY_TLS_VERIFY;
	return true;
}

/* --- all --- */

/* RFC 8689 4.2.1: a server that proves to be the domain's own; 4.2.2, 5: what is set for
   the destination does not hold. */
static enum relay_tls wished(enum relay_tls set, enum level_wish wish)
{
	if (wish == LEVEL_PROVED && set != RELAY_TLS_FINGERPRINT && set != RELAY_TLS_DANE_ONLY)
		return RELAY_TLS_SECURE;
	if (wish == LEVEL_ANY && set > RELAY_TLS_MAY)
		return RELAY_TLS_MAY;
	return set;
}

static bool take_level(struct attempt *a)
{
	a->asked = a->host_level = wished(relay_tls(&a->at), a->wish);
	a->pins = (struct slice){ 0 };
	a->sts_rules = false;
	switch (a->asked) {
	case RELAY_TLS_FINGERPRINT:
		return take_fingerprints(a);
	case RELAY_TLS_DANE:
	case RELAY_TLS_DANE_ONLY:
		return take_dane(a);
	default:
		return true;
	}
}

bool level_for_host(struct attempt *a)
{
	return take_level(a) && (a->wish == LEVEL_ANY || take_sts(a));
}

bool level_is_optional(enum relay_tls level)
{
	return level <= RELAY_TLS_PREFER_VERIFY;
}

bool level_falls_back(const struct attempt *a)
{
	return a->broke_after_220 && level_is_optional(a->level) &&
	    conf_num_at(&conf_key_relay_tls_fallback, &a->at);
}

bool level_bears_refusal(const struct attempt *a)
{
	return level_is_optional(a->level) && conf_num_at(&conf_key_relay_tls_refused, &a->at);
}

/* Who asked the DNS without DNSSEC was perhaps told of somebody else's host; one that is
   set, proved, or in the domain itself can be no stranger's. */
static bool host_is_sure(const struct attempt *a)
{
	struct slice host = a->host->name, domain = a->domain;

	return a->route->fixed || a->host->secure || slice_ieq(host, domain) ||
	    (slice_iends(host, domain) && host.n > domain.n &&
		host.p[host.n - domain.n - 1] == '.');
}

/* The names that are taken, docs/relay-tls.md: the host that was connected to, and the
   domain whose mail it takes (as RFC 7817 3 does for submission). */
void level_spec(const struct attempt *a, struct tls_client_spec *spec)
{
	spec->host = pool_str(a->pool, a->host->name);
	/* RFC 8461 4.1: the host's name alone */
	spec->names = a->route->fixed || a->sts_rules ? (struct slice){ 0 } : a->domain;
	spec->pins = a->pins;
	spec->must_verify = a->level >= RELAY_TLS_VERIFY;
	if (a->level == RELAY_TLS_SECURE && !host_is_sure(a)) {
		spec->sni = spec->host;
		spec->host = pool_str(a->pool, a->domain);
		spec->names = (struct slice){ 0 };
	}
}

void level_note_offer(const struct attempt *a, uint64_t dcid, struct slice host)
{
	if (conf_on(&conf_key_relay_tls_note_offer))
		log_event(LOG_INFO, "relay-tls-not-used", log_n("dcid", (int64_t)dcid),
		    log_s("host", host), log_s("domain", a->domain),
		    log_z("note", "Host offered STARTTLS"));
}

CONF_KEY(relay_tls_alert) = {
	.name = "relay.tls-alert",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "off",
	.help = "send an alert when a required TLS connection fails",
};

void level_alert(const struct conf_at *at, struct slice why)
{
	struct buf text = { 0 };

	if (!slice_starts(why, SLICE(ATTEMPT_TLS)) || level_is_optional(relay_tls(at)) ||
	    !conf_num_at(&conf_key_relay_tls_alert, at))
		return;
	buf_printf(&text,
	    "Mail for %s waits: TLS is required for it (%s), and could not be had.\n\n%.*s\n\n"
	    "`signet destination test %s` tries it, `signet destination show %s` shows what is "
	    "said for it.\n",
	    at->destination, relay_tls_names[relay_tls(at)], SLICE_ARG(why), at->destination,
	    at->destination);
	struct pool pool = { 0 };
	alert_raise(&(struct alert){ .severity = ALERT_WARNING,
	    .type = ALERT_SYSTEM,
	    .what = "tls-required",
	    .about = slice_str(at->destination),
	    .subject = pool_printf(&pool, "TLS to %s failed", at->destination),
	    .text = buf_slice(&text) });
	pool_done(&pool);
	buf_done(&text);
}
