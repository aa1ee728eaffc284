/* issue_authority.c - what a domain signs its users' certificates with */
#include <string.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/issue_private.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

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

/* The special key is sealed for another owner than the domain's own. */
static const char *special_owner(struct pool *pool, struct slice domain)
{
	return pool_printf(pool, "S/MIME of %.*s", SLICE_ARG(domain));
}

/* --- what there is --- */

static int take_special(struct slice domain, struct pool *pool, struct issue_authority *out)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	int found = issue_record_get(domain, &bytes, &record);

	if (found == 1 && !record.removed)
		*out = (struct issue_authority){
			.special = true,
			.made = record.made,
			.owner = special_owner(pool, domain),
			.key = pool_slice(pool, record.key),
			.chain = pool_slice(pool, record.chain),
		};
	else if (found == 1)
		found = 0;
	buf_done(&bytes);
	return found;
}

static int take_generic(struct slice domain, struct pool *pool, struct issue_authority *out)
{
	struct domain_record record;
	struct buf bytes = { 0 }, chain = { 0 };
	int found = record_get(domain, &bytes, &record);

	if (found == 1) {
		buf_adds(&chain, record.leaf);
		buf_adds(&chain, record.above);
		*out = (struct issue_authority){
			.made = !record.installed,
			.owner = pool_str(pool, domain),
			.key = pool_slice(pool, record.key),
			.chain = pool_slice(pool, buf_slice(&chain)),
		};
	}
	buf_done(&bytes);
	buf_done(&chain);
	return found;
}

static bool was_removed(struct slice domain)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	bool removed = issue_record_get(domain, &bytes, &record) == 1 && record.removed;

	buf_done(&bytes);
	return removed;
}

/* SPEC C-112, C-113: the special one if there is one. */
int issue_authority(
    struct slice name, struct pool *pool, struct issue_authority *out, struct err *err)
{
	struct slice domain;

	*out = (struct issue_authority){ 0 };
	if (domain_hosted(name, pool, &domain, err) != 0)
		return -1;
	int found = take_special(domain, pool, out);
	if (found == 0 && was_removed(domain))
		found = take_generic(domain, pool, out);
	return found < 0 ? err_set(err, ERR_TEMP, "cannot read the keys of %s", domain.p) : found;
}

/* --- may it issue? (SPEC C-110) --- */

static int deny(struct slice domain, const char *why, struct err *err)
{
	return err_set(err, ERR_DENIED, "%.*s issues no certificates: %s", SLICE_ARG(domain), why);
}

/* The domain's own key must be there, whichever signs (SPEC C-114). */
static int check_domain(struct slice domain, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int found = record_get(domain, &bytes, &record), rc = 0;

	if (found < 0)
		rc = err_set(err, ERR_TEMP, "cannot read the keys of %.*s", SLICE_ARG(domain));
	else if (found == 0 || record.key.n == 0)
		rc = deny(domain, "it has no private key", err);
	else if (record.mode != PKI_ENABLED)
		rc = deny(domain, "its PKI services are not enabled", err);
	buf_done(&bytes);
	return rc;
}

static int check_certificate(
    struct slice domain, const struct issue_authority *authority, struct err *err)
{
	struct slice chain = authority->chain;
	int64_t now = time(NULL);
	struct cert cert;

	if (chain.n == 0)
		return deny(domain, "it has no certificate", err);
	if (!cert_next(&chain, &cert))
		return deny(domain, "its certificate cannot be read", err);
	if (now < cert.not_before)
		return deny(domain, "its certificate is not valid yet", err);
	if (now > cert.not_after)
		return deny(domain, "its certificate is over", err);
	return 0;
}

int issue_check(struct slice domain, const struct issue_authority *authority, struct err *err)
{
	if (check_domain(domain, err) != 0)
		return -1;
	return authority ? check_certificate(domain, authority, err) : 0;
}

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

/* domain: from domain_hosted, with a terminator. */
static int make(struct slice domain, struct pool *pool, struct err *err)
{
	struct buf sealed = { 0 }, chain = { 0 };
	struct sign_key key = { .owner = special_owner(pool, domain) };
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

/* One of ours that ends within a month is followed by another. */
static bool ends_soon(const struct issue_authority *authority)
{
	struct slice chain = authority->chain;
	struct cert cert;

	return authority->special && authority->made && cert_next(&chain, &cert) &&
	    cert.not_after - time(NULL) < 30 * DAY;
}

int issue_ready(struct slice name, struct pool *pool, struct issue_authority *out, struct err *err)
{
	struct slice domain;

	if (domain_hosted(name, pool, &domain, err) != 0 || check_domain(domain, err) != 0)
		return -1;
	int found = issue_authority(domain, pool, out, err);
	if (found < 0)
		return -1;
	if (found == 0 || ends_soon(out)) {
		if (make(domain, pool, err) != 0 || issue_authority(domain, pool, out, err) != 1)
			return -1;
	}
	return check_certificate(domain, out, err);
}

int issue_self_signed(struct slice name, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = check_domain(domain, err);
	if (rc == 0)
		rc = make(domain, &pool, err);
	pool_done(&pool);
	return rc;
}

/* --- brought by an admin --- */

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
	struct sign_key key = { .owner = special_owner(pool, domain) };
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

/* --- domains go --- */

static void on_domain(void *arg, struct slice name, bool removed)
{
	(void)arg;
	if (removed)
		issue_forget(name);
}

void issue_start(void)
{
	static struct dir_watch watch = { .domain = on_domain };
	static bool watching;

	if (!watching)
		dir_watch(&watch);
	watching = true;
}
