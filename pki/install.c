/* install.c - keys and certificates that an admin brings */
#include <time.h>

#include "core/log.h"
#include "pki/cert.h"
#include "pki/pki_private.h"

enum { PEM_MAX = 256 * 1024, CHAIN_MAX = 64 * 1024 };

static int check_size(struct slice pem, struct err *err)
{
	return pem.n <= PEM_MAX
	    ? 0
	    : err_set(err, ERR_LIMIT, "the text is longer than %d bytes", PEM_MAX);
}

/* --- do they belong together? --- */

static int check_pair(const struct sign_key *key, const struct cert *leaf, struct err *err)
{
	struct key_info info;

	if (sign_look(key, &info, err) != 0)
		return -1;
	bool pair = cert_has_key(leaf, buf_slice(&info.public_info));
	key_info_done(&info);
	return pair ? 0
		    : err_set(err, ERR_INPUT, "the private key does not belong to the certificate");
}

/* Whether it can be served is seen by making a context of it, in whatever mode
   the domain is. */
static int check_use(const char *domain, const struct domain_record *record, struct err *err)
{
	struct domain_record enabled = *record;
	struct sign_key key = { domain, record->key };

	if (sign_test(&key, err) != 0)
		return -1;
	enabled.mode = PKI_ENABLED;
	struct tls_ctx *ctx = context_make(slice_str(domain), &enabled, err);
	if (!ctx)
		return -1;
	tls_ctx_unref(&ctx);
	return 0;
}

struct bringing {
	struct slice key; /* sealed */
	struct slice certificates;
};

/* --- certificates --- */

static int take_leaf(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct sign_key key = { domain, record->key };
	const struct bringing *b = arg;
	struct slice rest = b->certificates;
	struct cert leaf;

	if (record->key.n == 0)
		return err_set(
		    err, ERR_ABSENT, "%s has no private key: make or import one", domain);
	if (!cert_next(&rest, &leaf) || rest.n > 0)
		return err_set(err, ERR_INPUT,
		    "more than one certificate: those of authorities go into the chain");
	record->installed = true;
	record->leaf = leaf.der;
	return check_pair(&key, &leaf, err) == 0 ? check_use(domain, record, err) : -1;
}

static int take_above(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct bringing *b = arg;

	(void)domain, (void)err;
	record->above = b->certificates;
	return 0;
}

static int bring(struct slice domain, struct slice pem, const char *event,
    int (*change)(void *arg, const char *name, struct domain_record *record, struct err *err),
    struct err *err)
{
	struct buf der = { 0 };
	int rc = check_size(pem, err);

	if (rc == 0)
		rc = cert_from_pem(pem, &der, err);
	if (rc == 0 && der.n > CHAIN_MAX)
		rc = err_set(err, ERR_LIMIT, "the chain is longer than %d bytes", CHAIN_MAX);
	if (rc == 0) {
		struct bringing b = { .certificates = buf_slice(&der) };
		rc = domain_change(domain, change, &b, err);
	}
	if (rc == 0)
		log_event(LOG_INFO, event, log_s("domain", domain));
	buf_done(&der);
	return rc;
}

int domain_cert_set(struct slice domain, struct slice pem, struct err *err)
{
	return bring(domain, pem, "certificate-set", take_leaf, err);
}

int domain_chain_set(struct slice domain, struct slice pem, struct err *err)
{
	return bring(domain, pem, "chain-set", take_above, err);
}

/* --- all at once --- */

static int take_all(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct bringing *b = arg;
	struct sign_key key = { domain, b->key };
	struct slice rest = b->certificates;
	struct cert leaf;

	if (!cert_next(&rest, &leaf))
		return err_set(err, ERR_INPUT, "the first certificate cannot be read");
	record->made = time(NULL);
	record->installed = true;
	record->key = b->key;
	record->leaf = leaf.der;
	record->above = rest;
	return check_pair(&key, &leaf, err) == 0 ? check_use(domain, record, err) : -1;
}

int pki_domain_install(
    struct slice name, struct slice key_pem, struct slice chain_pem, struct err *err)
{
	struct pool pool = { 0 };
	struct buf sealed = { 0 }, chain = { 0 };
	struct slice domain;
	int rc = owner_find(name, &pool, &domain, err);

	if (rc == 0 && chain_pem.n > CHAIN_MAX)
		rc = err_set(err, ERR_LIMIT, "the chain is longer than %d bytes", CHAIN_MAX);
	if (rc == 0)
		rc = cert_from_pem(chain_pem, &chain, err);
	if (rc == 0)
		rc = sign_take(domain.p, key_pem, &sealed, err);
	if (rc == 0) {
		struct bringing b = { buf_slice(&sealed), buf_slice(&chain) };
		rc = domain_change(domain, take_all, &b, err);
	}
	if (rc == 0)
		log_event(LOG_INFO, "certificate-installed", log_s("domain", domain));
	buf_done(&sealed);
	buf_done(&chain);
	pool_done(&pool);
	return rc;
}
