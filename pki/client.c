/* client.c - certificates of clients: whose are asked for, which are taken */
#include <time.h>

#include "core/log.h"
#include "core/text.h"
#include "pki/der.h"
#include "pki/pki_private.h"
#include "pki/verify.h"
#include "storage/dir.h"

enum { NAMES_MAX = 100 };

static void strict_changed(int64_t num)
{
	(void)num;
	choose_forget((struct slice){ 0 }, true);
}

CONF_KEY(tls_client_strict) = {
	.name = "tls.abort-on-wrong-client-certificate",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "off",
	.help = "refuse TLS to a client whose certificate is not good, though none is required; "
		"off: go on as if it had shown none",
	.changed = strict_changed,
};

/* --- whose --- */

static bool has_fingerprint(const struct cert *cert, struct slice fingerprint)
{
	struct buf hex = { 0 }, want = { 0 };

	cert_fingerprint(cert, &hex);
	hex_put(&want, fingerprint);
	bool has = slice_eq(buf_slice(&hex), buf_slice(&want));
	buf_done(&hex);
	buf_done(&want);
	return has;
}

void client_issuer(const char *domain, const struct domain_record *record, struct buf *der)
{
	struct trust_set *set = NULL;

	if (record->client_issuer.n > 0)
		set = trust_stored(slice_str(domain));
	for (size_t i = 0; i < trust_set_count(set) && der->n == 0; i++)
		if (has_fingerprint(trust_set_at(set, i), record->client_issuer))
			buf_adds(der, trust_set_at(set, i)->der);
	trust_set_unref(&set);
	if (record->client_issuer.n > 0 && der->n == 0)
		log_event(LOG_WARN, "client-issuer-gone", log_z("domain", domain));
}

/* --- which --- */

static int issuer_of(const char *domain, struct buf *der, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int found = record_get(slice_str(domain), &bytes, &record);

	if (found == 1)
		client_issuer(domain, &record, der);
	buf_done(&bytes);
	if (found < 0)
		return err_set(err, ERR_TEMP, "what %s has cannot be read", domain);
	return der->n > 0 ? 0 : err_set(err, ERR_DENIED, "%s asks for no certificates", domain);
}

/* An address in the certificate that is an account of the domain: it asked, and can
   speak for its own only. */
static void add_account(const char *domain, struct slice text, struct buf *accounts)
{
	struct pool pool = { 0 };
	struct dir_account account;
	struct address address;

	if (address_parse(&pool, text, &address)) {
		const char *name = pool_printf(
		    &pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
		const char *end = pool_printf(&pool, "@%s", domain);
		if (dir_account(slice_str(name), &pool, &account) == 1 &&
		    slice_iends(slice_str(account.name), slice_str(end)))
			buf_printf(accounts, "%s%s", accounts->n ? " " : "", account.name);
	}
	pool_done(&pool);
}

/* RFC 5280 4.2.1.6: rfc822Name, and nothing that the subject says. */
static void add_accounts(const char *domain, struct slice chain, struct buf *accounts)
{
	struct der name;
	struct cert leaf;

	if (!cert_next(&chain, &leaf))
		return;
	for (size_t n = 0; n < NAMES_MAX && der_next(&leaf.alt_names, &name); n++)
		if (name.tag == (DER_CONTEXT | 1))
			add_account(domain, name.value, accounts);
}

/* SPEC C-094: only one issuer counts, whoever else is trusted. */
int client_verify(const char *domain, struct slice chain, struct buf *accounts, struct err *err)
{
	struct buf der = { 0 };
	int rc = issuer_of(domain, &der, err);

	if (rc == 0) {
		struct trust all, trust = { { trust_set_new(buf_slice(&der)) } };
		trust_take(slice_str(domain), &all);
		struct verify_spec spec = { .trust = &trust,
			.revoked = &all,
			.purpose = VERIFY_CLIENT,
			.now = time(NULL) };
		rc = verify_chain(&spec, chain, err);
		trust_give_back(&trust);
		trust_give_back(&all);
	}
	if (rc == 0)
		add_accounts(domain, chain, accounts);
	buf_done(&der);
	return rc;
}
