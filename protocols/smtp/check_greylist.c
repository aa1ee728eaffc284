/* check_greylist.c - who is not known comes again later; most who send spam do not
 *
 * A sender's network, his address and the recipient are a triplet. The first try of
 * one is put off; a try after the delay goes through, and so do later ones for as long
 * as it is remembered. A network that got through often enough is let through whatever
 * it sends. All of this is in memory and written behind (core/facts.h): one try costs
 * no write of its own. RFC 6647 is about it. */
#include "core/digest.h"
#include "core/facts.h"
#include "core/log.h"
#include "core/metric.h"
#include "core/net.h"
#include "core/text.h"
#include "protocols/smtp/check.h"

enum { USE_OFF, USE_LISTED, USE_ALL };
static const char *const uses[] = { "off", "listed", "all", NULL };

CONF_KEY(greylist_use) = {
	.name = "greylist.use",
	.type = CONF_CHOICE,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "off",
	.choices = uses,
	.help = "whose first try to send is put off: nobody's, of those in DNS lists "
		"(dnsbl.greylist-at), of all",
};

CONF_KEY(greylist_delay) = {
	.name = "greylist.delay",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "3m",
	.min = 1000,
	.max = 86400000,
	.help = "how long after a first try the next one is taken",
};

CONF_KEY(greylist_retry_time) = {
	.name = "greylist.retry-time",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "2d",
	.min = 60000,
	.max = 2592000000,
	.help = "how long after a first try one must come again to be taken",
};

CONF_KEY(greylist_lifetime) = {
	.name = "greylist.lifetime",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "36d",
	.min = 60000,
	.max = INT64_C(31536000000),
	.help = "how long who got through is remembered after he was last seen",
};

CONF_KEY(greylist_known_after) = {
	.name = "greylist.known-after",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "5",
	.max = 1000,
	.help = "triplets that got through after which their network is not asked to come again; "
		"0: never",
};

CONF_KEY(greylist_max) = {
	.name = "greylist.max",
	.type = CONF_INT,
	.def = "200000",
	.min = 100,
	.max = 10000000,
	.restart = true,
	.help = "triplets that are remembered; the one seen longest ago makes room",
};

enum { RESULT_LATER, RESULT_PASSED, RESULT_KNOWN };

METRIC(greylist) = {
	.name = "signet_greylist_total",
	.type = METRIC_COUNTER,
	.help = "recipients that were asked for, by what greylisting said",
	.label = "result",
	.values = METRIC_VALUES("later", "passed", "known"),
	.cells = METRIC_CELLS(3),
};

FACTS(greylist) = {
	.name = "greylist",
	.max = &conf_key_greylist_max,
	.kept = true,
	.state = FACTS_STATE,
};

FACTS(greylist_network) = {
	.name = "greylist-network",
	.max = &conf_key_greylist_max,
	.kept = true,
	.state = FACTS_STATE,
};

enum { FIRST, PASSED }; /* numbers of a triplet */
enum { TIMES };		/* of a network */
enum { NETWORK_4 = 24, NETWORK_6 = 64, KEY = 16 };

static bool wanted(const struct smtp *smtp)
{
	return !smtp->login && !smtp_is_submission(smtp) &&
	    smtp_num(smtp, &conf_key_greylist_use) != USE_OFF;
}

/* --- keys --- */

/* Senders of lists have numbers in their addresses, new ones in each message: numbers
   are one, and what is behind a "+" is none. */
static void put_sender(struct slice path, struct buf *out)
{
	ptrdiff_t at = slice_rchr(path, '@'), plus = slice_chr(path, '+');
	bool digit = false;

	for (size_t i = 0; i < path.n; i++) {
		if (plus > 0 && (ptrdiff_t)i >= plus && (ptrdiff_t)i < at)
			continue;
		bool is = path.p[i] >= '0' && path.p[i] <= '9' && (ptrdiff_t)i < at;
		if (!is)
			buf_addc(out, path.p[i]);
		else if (!digit)
			buf_addc(out, '#');
		digit = is;
	}
}

static struct slice triplet_key(const struct smtp *smtp, const struct net *net,
    const struct deliver_rcpt *rcpt, unsigned char out[DIGEST_SIZE])
{
	struct buf text = { 0 }, folded = { 0 };

	net_text(net, &text);
	buf_addc(&text, '\0');
	put_sender(smtp->mail->reverse_path, &text);
	buf_addc(&text, '\0');
	buf_adds(&text, rcpt->original);
	text_fold(&folded, buf_slice(&text), false);
	digest_sha256(buf_slice(&folded), out);
	buf_done(&text);
	buf_done(&folded);
	return slice_of(out, KEY);
}

static struct slice network_key(const struct net *net)
{
	return slice_of(net, sizeof(*net));
}

/* --- what is known --- */

/* Remembered anew, but not for each message: a record changes when half of its time is
   over. */
static void refresh(struct fact *fact, int64_t lifetime)
{
	if (fact->until < facts_now() + lifetime / 2)
		fact->until = facts_now() + lifetime;
}

struct asking {
	int64_t delay, retry, lifetime, known_after;
};

static struct asking times_of(const struct smtp *smtp)
{
	return (struct asking){
		.delay = smtp_num(smtp, &conf_key_greylist_delay),
		.retry = smtp_num(smtp, &conf_key_greylist_retry_time),
		.lifetime = smtp_num(smtp, &conf_key_greylist_lifetime),
		.known_after = smtp_num(smtp, &conf_key_greylist_known_after),
	};
}

/* Milliseconds to wait; 0: it is known; -1: it has just got through. */
static int64_t ask_triplet(void *arg, struct fact *fact)
{
	const struct asking *a = arg;
	int64_t now = facts_now();

	if (fact->until == 0) {
		fact->n[FIRST] = now;
		fact->until = now + (a->retry > a->delay ? a->retry : 2 * a->delay);
		return a->delay;
	}
	if (fact->n[PASSED]) {
		refresh(fact, a->lifetime);
		return 0;
	}
	if (now - fact->n[FIRST] < a->delay)
		return fact->n[FIRST] + a->delay - now;
	fact->n[PASSED] = 1;
	fact->until = now + a->lifetime;
	return -1;
}

static int64_t is_network_known(void *arg, struct fact *fact)
{
	const struct asking *a = arg;

	if (a->known_after == 0 || fact->n[TIMES] < a->known_after)
		return 0;
	refresh(fact, a->lifetime);
	return 1;
}

static int64_t count_network(void *arg, struct fact *fact)
{
	const struct asking *a = arg;

	fact->n[TIMES]++;
	fact->until = facts_now() + a->lifetime;
	return 0;
}

/* --- the check --- */

static const char *later(struct smtp *smtp, int64_t ms)
{
	metric_add(&metric_greylist, RESULT_LATER, 1);
	return pool_printf(&smtp->mail->pool,
	    "451 4.7.1 We do not know you yet: please try again in %lld seconds",
	    (long long)(ms + 999) / 1000);
}

static const char *ask(struct smtp *smtp, const struct net *net, const struct deliver_rcpt *rcpt)
{
	unsigned char digest[DIGEST_SIZE];
	struct asking a = times_of(smtp);

	if (facts_change(&facts_greylist_network, network_key(net), is_network_known, &a)) {
		metric_add(&metric_greylist, RESULT_KNOWN, 1);
		return NULL;
	}
	int64_t wait =
	    facts_change(&facts_greylist, triplet_key(smtp, net, rcpt, digest), ask_triplet, &a);
	if (wait > 0)
		return later(smtp, wait);
	if (wait < 0)
		facts_change(&facts_greylist_network, network_key(net), count_network, &a);
	metric_add(&metric_greylist, wait < 0 ? RESULT_PASSED : RESULT_KNOWN, 1);
	return NULL;
}

static const char *check_rcpt(struct smtp *smtp, const struct deliver_rcpt *rcpt)
{
	struct net net;

	if (smtp_num(smtp, &conf_key_greylist_use) == USE_LISTED && !smtp_is_listed(smtp))
		return NULL;
	if (!net_of_peer(sess_peer(smtp->sess), NETWORK_4, NETWORK_6, &net))
		return NULL;
	return ask(smtp, &net, rcpt);
}

SMTP_CHECK(greylist) = {
	.name = "greylist",
	.order = SMTP_CHECK_GREYLIST,
	.wanted = wanted,
	.rcpt = check_rcpt,
};
