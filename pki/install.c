/* install.c - keys and certificates that an admin brings */
#include <time.h>

#include "core/log.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/pki_private.h"

enum { CHAIN_MAX = 64 * 1024 };

/* The key itself of a SubjectPublicKeyInfo: how its kind is written may differ. */
static struct slice key_bits(struct slice public_info)
{
	struct slice info, algorithm, bits;

	if (der_want(&public_info, DER_SEQUENCE, &info) &&
	    der_want(&info, DER_SEQUENCE, &algorithm) && der_want(&info, DER_BITS, &bits))
		return bits;
	return (struct slice){ 0 };
}

static int check_pair(const struct sign_key *key, struct slice chain, struct err *err)
{
	struct key_info info;
	struct cert leaf;

	if (!cert_next(&chain, &leaf))
		return err_set(err, ERR_INPUT, "the first certificate cannot be read");
	if (sign_look(key, &info, err) != 0)
		return -1;
	struct slice bits = key_bits(leaf.public_info);
	bool pair = bits.n > 0 && slice_eq(bits, key_bits(buf_slice(&info.public_info)));
	key_info_done(&info);
	return pair
	    ? 0
	    : err_set(err, ERR_INPUT, "the private key does not belong to the first certificate");
}

/* Whether it can be served is seen by making a context of it. */
static int install(
    struct slice domain, const struct sign_key *key, struct slice chain, struct err *err)
{
	struct domain_record record = {
		.made = time(NULL), .installed = true, .key = key->sealed, .chain = chain
	};

	if (check_pair(key, chain, err) != 0)
		return -1;
	struct tls_ctx *ctx = choose_make(domain, &record, err);
	if (!ctx)
		return -1;
	tls_ctx_unref(&ctx);
	return domain_store(domain, &record, err);
}

int pki_domain_install(
    struct slice name, struct slice key_pem, struct slice chain_pem, struct err *err)
{
	struct pool pool = { 0 };
	struct buf sealed = { 0 }, chain = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0 && chain_pem.n > CHAIN_MAX)
		rc = err_set(err, ERR_LIMIT, "the chain is longer than %d bytes", CHAIN_MAX);
	if (rc == 0)
		rc = cert_from_pem(chain_pem, &chain, err);
	if (rc == 0)
		rc = sign_take(domain.p, key_pem, &sealed, err);
	if (rc == 0) {
		struct sign_key key = { domain.p, buf_slice(&sealed) };
		rc = install(domain, &key, buf_slice(&chain), err);
	}
	if (rc == 0)
		log_event(LOG_INFO, "certificate-installed", log_s("domain", domain));
	buf_done(&sealed);
	buf_done(&chain);
	pool_done(&pool);
	return rc;
}
