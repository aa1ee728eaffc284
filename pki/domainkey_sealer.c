/* domainkey_sealer.c - what an address here passes on is sealed by its domain (RFC 8617)
 *
 * Who gets it learns what this server had found out before the reverse-path was rewritten
 * or the text changed, and can believe it if he trusts the domain. */
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/server_name.h"
#include "mailauth/arc.h"
#include "pki/domainkey.h"
#include "pki/domainkey_private.h"
#include "pki/pki_private.h"
#include "storage/deliver.h"

CONF_KEY(arc_seal) = {
	.name = "arc.seal",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "seal mail that addresses of the domain pass on (ARC), with its active RSA key",
};

struct sealing {
	struct arc_sealing arc;
	const struct domainkey *key;
	struct dkim_mail mail;
	struct pool pool;
	struct buf *fields;
};

static int sign(void *arg, struct slice data, struct buf *signature)
{
	const struct sealing *s = arg;
	struct err err = { 0 };

	if (domainkey_sign(s->key, data, signature, &err) == 0)
		return 0;
	log_event(LOG_ERROR, "arc-not-sealed", log_s("domain", s->key->domain),
	    log_s("selector", s->key->selector), log_z("reason", err.text));
	return -1;
}

/* By the first that may; ARC knows no Ed25519 (RFC 8617 4.1.3). */
static bool seal_with(void *arg, const struct domainkey *key)
{
	struct sealing *s = arg;

	if (key->state != DOMAINKEY_ACTIVE || key->kind != DOMAINKEY_RSA)
		return true;
	s->key = key;
	s->arc.how = (struct dkim_signing){ .domain = key->domain,
		.selector = key->selector,
		.algorithm = "rsa-sha256",
		.now = time(NULL) };
	arc_seal(&s->mail, &s->arc, &s->pool, s->fields);
	return false;
}

static bool is_wanted(struct slice domain, struct pool *pool)
{
	struct conf_at at = { .domain = pool_str(pool, domain) };

	return conf_num_at(&conf_key_arc_seal, &at) != 0;
}

/* What was found out, and of the chain in any case (RFC 8617 5.1). */
static struct slice results_of(const struct deliver *d, enum arc_result chain, struct pool *pool)
{
	struct slice said = d->results;

	if (said.n == 0)
		said = slice_str(pool_printf(
		    pool, "%s%s", server_name(pool), chain == ARC_NONE ? "; none" : ""));
	if (chain == ARC_NONE || slice_ifind(said, SLICE("arc=")) >= 0)
		return said;
	return slice_str(
	    pool_printf(pool, "%.*s;\r\n\tarc=%s", SLICE_ARG(said), arc_result_names[chain]));
}

/* False: there is a chain of which nobody knows whether it is whole. */
static bool find_chain(
    const struct deliver *d, const struct dkim_mail *mail, enum arc_result *chain)
{
	static const enum arc_result known[] = {
		[DELIVER_CHAIN_NONE] = ARC_NONE,
		[DELIVER_CHAIN_PASS] = ARC_PASS,
		[DELIVER_CHAIN_FAIL] = ARC_FAIL,
	};

	*chain = ARC_NONE;
	if (!arc_is_there(mail))
		return true;
	*chain = known[d->chain];
	return d->chain != DELIVER_CHAIN_UNKNOWN;
}

bool domainkey_seal(
    const struct deliver *d, struct slice whole, struct slice domain, struct buf *fields)
{
	struct sealing s = { .arc.sign = sign, .fields = fields };
	bool known = true;

	if (domain.n > 0 && is_wanted(domain, &s.pool)) {
		s.arc.arg = &s;
		dkim_mail_read((struct slice){ 0 }, whole, &s.pool, &s.mail);
		known = find_chain(d, &s.mail, &s.arc.before);
		s.arc.results = results_of(d, s.arc.before, &s.pool);
		if (known && domainkey_each(domain, seal_with, &s) < 0)
			log_event(LOG_ERROR, "arc-not-sealed", log_s("domain", domain),
			    log_z("reason", "the keys cannot be read"));
	}
	pool_done(&s.pool);
	return known || !d->asks_chain;
}
