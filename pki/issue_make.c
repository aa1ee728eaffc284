/* issue_make.c - special S/MIME keys and certificates of domains: made, requested, brought, removed
 */
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "pki/cert_build.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/issue_private.h"
#include "pki/pki_private.h"

enum { DAY = 24 * 60 * 60, BACKDATE = 60 * 60, CHAIN_MAX = 64 * 1024 };

CONF_KEY(smime_authority_days) = {
	.name = "smime.authority-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "3650",
	.min = 30,
	.max = 36500,
	.help =
	    "for how many days a domain's S/MIME authority certificate is valid that the server "
	    "makes",
};

/* --- made by the server --- */

/* A Name that fits any domain: CN=S/MIME authority, DC=alpha, DC=test. */
static void put_name(struct buf *out, struct slice domain)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	cert_put_components(out, domain);
	cert_put_attribute(out, "2.5.4.3", DER_UTF8, SLICE("S/MIME authority"));
	der_close(out, mark);
}

static int make_certificate(
    struct slice domain, const struct sign_key *key, struct buf *out, struct err *err)
{
	struct conf_at at = { .domain = domain.p };
	struct buf subject = { 0 };
	struct key_info info;
	int64_t now = time(NULL);

	if (sign_look(key, &info, err) != 0)
		return -1;
	put_name(&subject, domain);
	struct cert_plan plan = {
		.subject = buf_slice(&subject),
		.public_info = buf_slice(&info.public_info),
		.not_before = now - BACKDATE,
		.not_after = now + conf_num_at(&conf_key_smime_authority_days, &at) * DAY,
		.is_ca = true,
		.usage = CERT_CERT_SIGN | CERT_CRL_SIGN,
	};
	int rc = cert_build(&plan, NULL, key, out, err);
	key_info_done(&info);
	buf_done(&subject);
	return rc;
}

int issue_make(struct slice domain, struct pool *pool, struct err *err)
{
	struct buf sealed = { 0 }, chain = { 0 };
	struct sign_key key = { .owner = issue_owner(pool, domain) };
	int rc = sign_make(key.owner, &sealed, err);

	key.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = make_certificate(domain, &key, &chain, err);
	if (rc == 0) {
		struct issue_record record = {
			.made = true, .key = key.sealed, .chain = buf_slice(&chain)
		};
		rc = issue_record_put(domain, &record, err);
	}
	if (rc == 0)
		log_event(LOG_INFO, "smime-authority-made", log_s("domain", domain));
	buf_done(&sealed);
	buf_done(&chain);
	return rc;
}

int issue_self_signed(struct slice name, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = issue_check_domain(domain, err);
	if (rc == 0)
		rc = issue_make(domain, &pool, err);
	pool_done(&pool);
	return rc;
}

/* --- brought by an admin --- */

/* The special key that is there, or a new one. */
static int special_key(
    struct slice domain, struct pool *pool, struct issue_authority *out, struct err *err)
{
	int found = issue_special(domain, pool, out);

	if (found == 0 && issue_make(domain, pool, err) != 0)
		return -1;
	if (found == 0)
		found = issue_special(domain, pool, out);
	return found == 1
	    ? 0
	    : err_set(err, ERR_TEMP, "cannot read the keys of %.*s", SLICE_ARG(domain));
}

static int request(struct slice domain, struct subject *subject, struct pool *pool, struct buf *pem,
    struct err *err)
{
	struct issue_authority authority;
	struct buf der = { 0 };

	subject->names = ""; /* it is no host's */
	if (issue_check_domain(domain, err) != 0 ||
	    subject_complete(subject, domain, pool, err) != 0 ||
	    special_key(domain, pool, &authority, err) != 0)
		return -1;
	struct sign_key key = { authority.owner, authority.key };
	int rc = csr_make(subject, domain, &key, &der, err);
	if (rc == 0)
		pem_put("CERTIFICATE REQUEST", buf_slice(&der), pem);
	buf_done(&der);
	return rc;
}

int issue_csr(struct slice name, struct subject *subject, struct buf *pem, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = request(domain, subject, &pool, pem, err);
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
    struct slice domain, const char *owner, struct slice pem, struct buf *sealed, struct err *err)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	int rc = 0;

	if (slice_find(pem, SLICE("PRIVATE KEY-----")) >= 0)
		return sign_take(owner, pem, sealed, err);
	if (issue_record_get(domain, &bytes, &record) == 1 && record.key.n > 0)
		buf_adds(sealed, record.key);
	else
		rc = err_set(err, ERR_INPUT, "a private key must come with the certificate");
	buf_done(&bytes);
	return rc;
}

static int install(struct slice domain, struct slice pem, struct pool *pool, struct err *err)
{
	struct buf sealed = { 0 }, chain = { 0 };
	struct sign_key key = { .owner = issue_owner(pool, domain) };
	int rc = cert_from_pem(pem, &chain, err);

	if (rc == 0)
		rc = take_key(domain, key.owner, pem, &sealed, err);
	key.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = check_authority(&key, buf_slice(&chain), err);
	if (rc == 0) {
		struct issue_record record = { .key = key.sealed, .chain = buf_slice(&chain) };
		rc = issue_record_put(domain, &record, err);
	}
	buf_done(&sealed);
	buf_done(&chain);
	return rc;
}

int issue_install(struct slice name, struct slice pem, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0 && pem.n > CHAIN_MAX)
		rc = err_set(err, ERR_LIMIT, "the text is longer than %d bytes", CHAIN_MAX);
	if (rc == 0)
		rc = install(domain, pem, &pool, err);
	pool_done(&pool);
	return rc;
}

int issue_remove(struct slice name, struct err *err)
{
	struct issue_record record = { .removed = true };
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = issue_record_put(domain, &record, err);
	pool_done(&pool);
	return rc;
}
