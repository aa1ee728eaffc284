/* check_policy.c - who is it? The sender group of a client, and what its policy demands
 *
 * The group is chosen before the greeting, by address and, where an entry needs it, by
 * the host name. After a handshake it is chosen once more at EHLO: a certificate may
 * lead to another group. */
#include <stdlib.h>

#include "core/digest.h"
#include "core/dns.h"
#include "core/listen.h"
#include "core/log.h"
#include "core/loop.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/flow.h"

const char smtp_silence[] = "";

CONF_KEY(smtp_refusal) = {
	.name = "smtp.refusal",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_LISTENER | CONF_POLICY,
	.def = "554 5.7.1 Mail from your address is not taken here",
	.max = 400,
	.check = smtp_check_refusal,
	.help = "reply to clients whose policy has the behaviour reject: code and text",
};

/* --- its certificate, as entries have it --- */

static void add_key(struct buf *out, const char *word, struct slice value)
{
	buf_addz(out, word);
	buf_add_lower(out, value);
	buf_addc(out, '\0');
}

/* The whole name, and each of its attributes: ", " with no backslash before it parts them
   (RFC 4514 2.4). */
static void add_names(struct buf *out, const char *word, struct slice name)
{
	size_t from = 0;

	if (name.n > 0)
		add_key(out, word, name);
	for (size_t i = 0; i < name.n; i++) {
		bool ends = i + 1 == name.n;
		bool parts = name.p[i] == ',' && i > 0 && name.p[i - 1] != '\\';
		if (!ends && !parts)
			continue;
		add_key(out, word, slice_trim(slice_of(name.p + from, (ends ? i + 1 : i) - from)));
		from = i + 1;
	}
}

/* Whoever has the key has the fingerprint; names are worth what was verified. */
static void certificate_keys(const struct smtp *smtp, struct buf *out)
{
	struct buf subject = { 0 }, issuer = { 0 };
	unsigned char hash[DIGEST_SIZE];
	struct tls_peer peer;

	if (!sess_tls_peer(smtp->sess, &peer))
		return;
	digest_sha256(tls_leaf(peer.chain), hash);
	buf_addz(out, "fingerprint:");
	for (size_t i = 0; i < sizeof(hash); i++)
		buf_printf(out, "%02x", hash[i]);
	buf_addc(out, '\0');
	if (peer.verified)
		tls_peer_names(peer.chain, &subject, &issuer);
	add_names(out, "subject:", buf_slice(&subject));
	add_names(out, "issuer:", buf_slice(&issuer));
	buf_done(&subject);
	buf_done(&issuer);
}

/* --- choosing --- */

/* Without an answer it has no name: its own DNS must not decide whom we serve how long. */
static void ask_name(struct smtp *smtp)
{
	struct pool pool = { 0 };
	struct err err = { 0 };
	struct slice name;

	if (dns_name_of(sess_peer(smtp->sess), &pool, &name, &err) == DNS_FAILED)
		log_event(LOG_INFO, "client-name-failed", log_z("reason", err.text));
	smtp->client_name = mem_str(name);
	pool_done(&pool);
}

static void ask_lists(struct smtp *smtp)
{
	struct buf listed = { 0 };

	flow_ask_lists(smtp->flow, sess_listener(smtp->sess)->name, sess_peer(smtp->sess), &listed);
	smtp->client_lists = pool_slice(sess_pool(smtp->sess), buf_slice(&listed));
	smtp->client_lists_known = true;
	buf_done(&listed);
}

static enum flow_found find(const struct smtp *smtp, struct flow_match *match)
{
	struct buf certificate = { 0 };

	certificate_keys(smtp, &certificate);
	struct flow_who who = { .address = sess_peer(smtp->sess),
		.host_known = smtp->client_name != NULL,
		.host = slice_str(smtp->client_name),
		.certificate = buf_slice(&certificate),
		.listed_known = smtp->client_lists_known,
		.listed = smtp->client_lists };
	enum flow_found found = flow_find(smtp->flow, sess_listener(smtp->sess)->name, &who, match);
	buf_done(&certificate);
	return found;
}

/* On a listener for own machines nobody else has any business. */
static bool is_private(const struct smtp *smtp)
{
	const char *role = sess_listener(smtp->sess)->role;

	return role && strcmp(role, "private") == 0;
}

static const char *refusal(struct smtp *smtp)
{
	struct buf text = { 0 };

	smtp_conf_text(smtp, &conf_key_smtp_refusal, &text);
	const char *reply = pool_str(sess_pool(smtp->sess), buf_slice(&text));
	buf_done(&text);
	return reply;
}

/* NULL, or the reply. */
static const char *obey(struct smtp *smtp, const struct flow_match *match)
{
	const struct flow_policy *policy = match->group->policy;

	smtp->group = match->group;
	smtp->policy = policy->name;
	log_event(LOG_INFO, "policy", log_z("behaviour", flow_behaviours[policy->behaviour]),
	    log_z("group", match->group->name), log_z("match", match->entry),
	    log_z("policy", policy->name));
	if (policy->behaviour == FLOW_TCPREFUSE)
		return smtp_silence;
	return policy->behaviour == FLOW_REJECT ? refusal(smtp) : NULL;
}

static const char *choose(struct smtp *smtp)
{
	struct flow_match match;
	enum flow_found found;

	if (!smtp->flow)
		smtp->flow = flow_take();
	if (!smtp->flow)
		return NULL;
	while ((found = find(smtp, &match)) == FLOW_HOST || found == FLOW_DNSBL) {
		if (!network_thread())
			return smtp_network;
		if (found == FLOW_HOST)
			ask_name(smtp);
		else
			ask_lists(smtp);
	}
	if (found == FLOW_FOUND)
		return obey(smtp, &match);
	smtp->group = NULL;
	smtp->policy = NULL;
	return is_private(smtp) ? refusal(smtp) : NULL;
}

void smtp_policy_end(struct smtp *smtp)
{
	free(smtp->client_name);
	smtp->client_name = NULL;
	smtp->client_lists = (struct slice){ 0 };
	smtp->client_lists_known = false;
	smtp->group = NULL;
	smtp->policy = NULL;
	smtp->judged_secured = false;
	flow_give(&smtp->flow);
}

/* --- the stages --- */

static bool wanted(const struct smtp *smtp)
{
	(void)smtp;
	return true;
}

static const char *on_connect(struct smtp *smtp)
{
	smtp->judged_secured = sess_is_tls(smtp->sess);
	return choose(smtp);
}

/* RFC 3207 4.2: who it is may be known only now. */
static const char *helo(struct smtp *smtp)
{
	if (smtp->judged_secured || !sess_is_tls(smtp->sess) || !smtp->flow ||
	    !flow_wants_certificate(smtp->flow, sess_listener(smtp->sess)->name))
		return NULL;
	const char *why = choose(smtp);
	smtp->judged_secured = !why;
	return why == smtp_silence ? refusal(smtp) : why;
}

/* RFC 3207 4: 530 for what must not be said in the clear. */
static const char *check_tls(struct smtp *smtp)
{
	enum smtp_tls level = smtp_tls(smtp);
	struct tls_peer peer;

	if (level < SMTP_TLS_REQUIRED)
		return NULL;
	if (!sess_is_tls(smtp->sess))
		return "530 5.7.0 Say STARTTLS first";
	if (level < SMTP_TLS_VERIFIED)
		return NULL;
	if (!sess_tls_peer(smtp->sess, &peer))
		return "550 5.7.1 Mail from you needs a client certificate";
	if (peer.verified)
		return NULL;
	return pool_printf(
	    &smtp->mail->pool, "550 5.7.1 Your client certificate is not good: %s", peer.verdict);
}

SMTP_CHECK(policy) = {
	.name = "policy",
	.order = SMTP_CHECK_POLICY,
	.wanted = wanted,
	.connect = on_connect,
	.helo = helo,
	.mail = check_tls,
};
