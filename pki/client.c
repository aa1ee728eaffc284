/* client.c - certificates of clients: whose are asked for, which are taken */
#include <time.h>

#include "core/digest.h"
#include "core/log.h"
#include "pki/issue.h"
#include "pki/crl_fetch.h"
#include "pki/pki_private.h"
#include "pki/verify.h"

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

static bool has_digest(const struct cert *cert, struct slice fingerprint)
{
	unsigned char digest[DIGEST_SIZE];

	digest_sha256(cert->der, digest);
	return slice_eq(fingerprint, slice_of(digest, sizeof(digest)));
}

/* C-064: of the domain's set, the server's, or the built-in one. */
static void add_trusted(const struct trust *trust, struct slice fingerprint, struct buf *der)
{
	for (size_t k = TRUST_SETS; k-- > 0;)
		for (size_t i = 0; i < trust_set_count(trust->set[k]); i++)
			if (has_digest(trust_set_at(trust->set[k], i), fingerprint)) {
				buf_adds(der, trust_set_at(trust->set[k], i)->der);
				return;
			}
}

void client_issuers(const char *domain, const struct domain_record *record, struct buf *der)
{
	struct slice rest = record->client_issuer;
	struct trust trust;

	if (rest.n == 0)
		return;
	trust_take(slice_str(domain), &trust);
	for (; rest.n >= DIGEST_SIZE; rest = slice_from(rest, DIGEST_SIZE))
		add_trusted(&trust, slice_head(rest, DIGEST_SIZE), der);
	trust_give_back(&trust);
	if (der->n == 0)
		log_event(LOG_WARN, "client-issuer-gone", log_z("domain", domain));
}

/* --- which --- */

static int issuers_of(const char *domain, struct buf *der, enum client_map *map, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int found = record_get(slice_str(domain), &bytes, &record);

	if (found == 1) {
		client_issuers(domain, &record, der);
		*map = record.client_map;
	}
	buf_done(&bytes);
	if (found < 0)
		return err_set(err, ERR_TEMP, "what %s has cannot be read", domain);
	return der->n > 0 ? 0 : err_set(err, ERR_DENIED, "%s asks for no certificates", domain);
}

/* C-094: only the chosen issuers count, whoever else is trusted. */
static int judge(const char *domain, struct slice issuers, struct slice chain, struct err *err)
{
	struct trust all, trust = { { trust_set_new(issuers) } };
	struct verify_spec spec = {
		.trust = &trust, .revoked = &all, .purpose = VERIFY_CLIENT, .now = time(NULL)
	};

	trust_take(slice_str(domain), &all);
	int rc = verify_chain(&spec, chain, err);
	trust_give_back(&trust);
	trust_give_back(&all);
	return rc;
}

int client_verify(const char *domain, struct slice chain, struct buf *accounts, struct err *err)
{
	enum client_map map = CLIENT_MAP_EMAIL;
	struct buf issuers = { 0 };
	struct cert leaf;
	int rc = issuers_of(domain, &issuers, &map, err);

	if (rc == 0)
		rc = judge(domain, buf_slice(&issuers), chain, err);
	if (rc == 0)
		rc = issue_check_revoked(chain, err);
	if (rc == 0 && cert_next(&chain, &leaf)) {
		client_accounts(domain, map, &leaf, accounts);
		crl_want(domain, &leaf);
	}
	buf_done(&issuers);
	return rc;
}

/* A mail server that connects is a server, too, and authorities give such certificates for
   servers alone more and more. */
int client_verify_any(const char *domain, struct slice chain, struct err *err)
{
	struct trust trust;
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_CLIENT, .now = time(NULL) };

	trust_take(slice_str(domain), &trust);
	int rc = verify_chain(&spec, chain, err);
	spec.purpose = VERIFY_SERVER;
	if (rc != 0)
		rc = verify_chain(&spec, chain, err);
	trust_give_back(&trust);
	return rc == 0 ? issue_check_revoked(chain, err) : -1;
}
