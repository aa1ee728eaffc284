/* issue_make.c - authorities' keys and certificates: requested, brought, removed */
#include "core/log.h"
#include "pki/issue_private.h"
#include "pki/pki_private.h"

enum { CHAIN_MAX = 64 * 1024 };

int issue_self_signed(struct slice name, struct err *err)
{
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = issue_check_scope(scope, err);
	if (rc == 0)
		rc = issue_make(scope, &pool, err);
	pool_done(&pool);
	return rc;
}

/* --- brought by an admin --- */

/* The special key that is there, or a new one. */
static int special_key(
    struct slice scope, struct pool *pool, struct issue_authority *out, struct err *err)
{
	int found = issue_special(scope, pool, out);

	if (found == 0 && issue_make(scope, pool, err) != 0)
		return -1;
	if (found == 0)
		found = issue_special(scope, pool, out);
	return found == 1
	    ? 0
	    : err_set(err, ERR_TEMP, "the authority of %s cannot be read", issue_scope_text(scope));
}

static int request(struct slice scope, struct subject *subject, struct pool *pool, struct buf *pem,
    struct err *err)
{
	struct issue_authority authority;
	struct buf der = { 0 };

	subject->names = ""; /* it is no host's */
	if (issue_check_scope(scope, err) != 0 ||
	    subject_complete(subject, scope, pool, err) != 0 ||
	    special_key(scope, pool, &authority, err) != 0)
		return -1;
	struct sign_key key = { authority.owner, authority.key };
	int rc = csr_make(subject, scope, &key, &der, err);
	if (rc == 0)
		pem_put("CERTIFICATE REQUEST", buf_slice(&der), pem);
	buf_done(&der);
	return rc;
}

int issue_csr(struct slice name, struct subject *subject, struct buf *pem, struct err *err)
{
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = request(scope, subject, &pool, pem, err);
	pool_done(&pool);
	return rc;
}

/* RFC 5280 4.2.1.9, 4.2.1.3: one that may sign certificates. */
static int check_authority(const struct sign_key *key, struct slice chain, struct err *err)
{
	struct key_info info;
	struct cert cert;

	if (sign_look(key, &info, err) != 0)
		return -1;
	bool pair = cert_next(&chain, &cert) && cert_has_key(&cert, buf_slice(&info.public_info));
	key_info_done(&info);
	if (!pair)
		return err_set(
		    err, ERR_INPUT, "the private key does not belong to the first certificate");
	if (!cert.is_ca || (cert.has_usage && !(cert.usage & CERT_CERT_SIGN)))
		return err_set(err, ERR_INPUT,
		    "the certificate is not one of an authority: it must say CA and may sign "
		    "certificates");
	return 0;
}

/* The key in the text, else the special one that is there. */
static int take_key(
    struct slice scope, const char *owner, struct slice pem, struct buf *sealed, struct err *err)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	int rc = 0;

	if (slice_find(pem, SLICE("PRIVATE KEY-----")) >= 0)
		return sign_take(owner, pem, sealed, err);
	if (issue_record_get(scope, &bytes, &record) == 1 && record.key.n > 0)
		buf_adds(sealed, record.key);
	else
		rc = err_set(err, ERR_INPUT, "a private key must come with the certificate");
	buf_done(&bytes);
	return rc;
}

static int install(struct slice scope, struct slice pem, struct pool *pool, struct err *err)
{
	struct buf sealed = { 0 }, chain = { 0 };
	struct sign_key key = { .owner = issue_owner(pool, scope) };
	int rc = cert_from_pem(pem, &chain, err);

	if (rc == 0)
		rc = take_key(scope, key.owner, pem, &sealed, err);
	key.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = check_authority(&key, buf_slice(&chain), err);
	if (rc == 0) {
		struct issue_record record = { .key = key.sealed, .chain = buf_slice(&chain) };
		rc = issue_record_put(scope, &record, err);
	}
	buf_done(&sealed);
	buf_done(&chain);
	return rc;
}

int issue_install(struct slice name, struct slice pem, struct err *err)
{
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0 && pem.n > CHAIN_MAX)
		rc = err_set(err, ERR_LIMIT, "the text is longer than %d bytes", CHAIN_MAX);
	if (rc == 0)
		rc = install(scope, pem, &pool, err);
	pool_done(&pool);
	return rc;
}

int issue_remove(struct slice name, bool with_keys, struct err *err)
{
	struct issue_record record = { .removed = true };
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = issue_record_put(scope, &record, err);
	if (rc == 0 && with_keys)
		rc = issue_forget_keys(scope, err);
	if (rc == 0)
		log_event(LOG_INFO, "authority-removed", log_z("of", issue_scope_text(scope)),
		    log_z("keys", with_keys ? "too" : "kept for lists"));
	pool_done(&pool);
	return rc;
}
