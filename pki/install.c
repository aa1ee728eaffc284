/* install.c - keys and certificates that an admin brings, in whatever form */
#include <time.h>

#include "core/log.h"
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "pki/shape.h"

enum { CHAIN_MAX = 64 * 1024 };

/* --- do they belong together? --- */

static int public_half(const struct sign_key *key, struct key_info *info, struct err *err)
{
	if (key->sealed.n == 0)
		return err_set(
		    err, ERR_ABSENT, "%s has no private key: make or import one", key->owner);
	return sign_look(key, info, err);
}

/* n: those above the leaf. */
static int check_size(const struct shape *shape, size_t n, struct err *err)
{
	if (n > CHAIN_CERTS_MAX)
		return err_set(err, ERR_LIMIT,
		    "%zu certificates are above it: a chain has %d at most", n, CHAIN_CERTS_MAX);
	return shape->certs.n <= CHAIN_MAX
	    ? 0
	    : err_set(err, ERR_LIMIT, "the chain is longer than %d bytes", CHAIN_MAX);
}

/* The certificate of the key first, then those above it. */
static int arrange(struct shape *shape, const struct sign_key *key, struct err *err)
{
	struct key_info info = { 0 };
	int rc = public_half(key, &info, err);

	if (rc == 0)
		rc = shape_arrange(shape, buf_slice(&info.public_info), err);
	if (rc == 0)
		rc = check_size(shape, shape->n_certs - 1, err);
	key_info_done(&info);
	return rc;
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

static bool take_first(struct slice certs, struct domain_record *record)
{
	struct cert leaf;

	if (!cert_next(&certs, &leaf))
		return false;
	record->installed = true;
	record->leaf = leaf.der;
	record->above = certs;
	return true;
}

/* --- a certificate --- */

/* Those behind the first must lead up from it: anything else that somebody put into one
   text was meant otherwise. */
static int check_above(struct slice certs, struct err *err)
{
	struct cert cert, above;
	bool good = cert_next(&certs, &cert);

	while (good && certs.n > 0) {
		good = cert_next(&certs, &above) && above.is_ca &&
		    cert_name_same(cert.issuer, above.subject);
		cert = above;
	}
	return good
	    ? 0
	    : err_set(err, ERR_INPUT,
		  "more than one certificate, and the others are not those above the first: "
		  "certificates of authorities go into the chain");
}

static int take_leaf(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct sign_key key = { domain, record->key };
	struct slice above = record->above;
	struct shape *shape = arg;

	if (shape->n_certs == 0)
		return err_set(err, ERR_INPUT, "there is no certificate");
	if (arrange(shape, &key, err) != 0 || check_above(buf_slice(&shape->certs), err) != 0)
		return -1;
	take_first(buf_slice(&shape->certs), record);
	if (record->above.n == 0)
		record->above = above; /* a leaf alone leaves what is above it */
	return check_use(domain, record, err);
}

static int take_above(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	struct shape *shape = arg;

	if (shape->n_certs == 0)
		return err_set(err, ERR_INPUT, "there is no certificate");
	if (check_size(shape, shape->n_certs, err) != 0)
		return -1;
	record->above = buf_slice(&shape->certs);
	return record->leaf.n > 0 ? check_use(domain, record, err) : 0;
}

static int bring(struct slice domain, struct slice bytes, struct slice chain, const char *event,
    int (*change)(void *arg, const char *name, struct domain_record *record, struct err *err),
    struct err *err)
{
	const struct slice no_password = { 0 };
	struct shape shape;
	int rc = shape_read(bytes, no_password, &shape, err);

	if (rc == 0 && chain.n > 0)
		rc = shape_add(chain, no_password, &shape, err);
	if (rc == 0 && shape.key.n > 0)
		rc = err_set(err, ERR_INPUT, "there is a private key in it: pki import takes both");
	if (rc == 0)
		rc = domain_change(domain, change, &shape, err);
	if (rc == 0)
		log_event(LOG_INFO, event, log_s("domain", domain));
	shape_done(&shape);
	return rc;
}

int domain_cert_set(struct slice domain, struct slice bytes, struct slice chain, struct err *err)
{
	return bring(domain, bytes, chain, "certificate-set", take_leaf, err);
}

int domain_chain_set(struct slice domain, struct slice bytes, struct err *err)
{
	return bring(domain, bytes, (struct slice){ 0 }, "chain-set", take_above, err);
}

/* --- all at once --- */

struct import {
	struct shape *shape;
	struct slice sealed; /* empty: the key that is there */
	struct slice files;
};

static int take_all(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct import *import = arg;

	if (import->sealed.n > 0) {
		record->made = time(NULL);
		record->key = import->sealed;
	}
	struct sign_key key = { domain, record->key };
	if (arrange(import->shape, &key, err) != 0)
		return -1;
	take_first(buf_slice(&import->shape->certs), record);
	record->files = import->files;
	return check_use(domain, record, err);
}

int domain_install(struct slice owner, struct shape *shape, struct slice files, struct err *err)
{
	struct import import = { .shape = shape, .files = files };
	struct buf sealed = { 0 };
	int rc = 0;

	if (shape->n_certs == 0)
		rc = err_set(err, ERR_INPUT, "there is a private key, and no certificate of it");
	if (rc == 0 && shape->key.n > 0)
		rc = sign_seal(owner.p, buf_slice(&shape->key), &sealed, err);
	import.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = owner_change(owner, take_all, &import, err);
	if (rc == 0)
		log_event(LOG_INFO, "certificate-installed", log_s("domain", owner));
	buf_done(&sealed);
	return rc;
}

int pki_domain_install(
    struct slice name, struct slice key_pem, struct slice chain_pem, struct err *err)
{
	struct pool pool = { 0 };
	struct shape shape = { 0 };
	struct slice owner, none = { 0 };
	int rc = owner_find(name, &pool, &owner, err);

	if (rc == 0)
		rc = shape_read(key_pem, none, &shape, err);
	if (rc == 0 && chain_pem.n > 0)
		rc = shape_add(chain_pem, none, &shape, err);
	if (rc == 0)
		rc = domain_install(owner, &shape, none, err);
	shape_done(&shape);
	pool_done(&pool);
	return rc;
}
