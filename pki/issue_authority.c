/* issue_authority.c - what a domain signs its users' certificates with, and whether it may */
#include <time.h>

#include "pki/issue_private.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

enum { DAY = 24 * 60 * 60 };

const char *issue_owner(struct pool *pool, struct slice domain)
{
	return pool_printf(pool, "S/MIME of %.*s", SLICE_ARG(domain));
}

/* --- what there is --- */

int issue_special(struct slice domain, struct pool *pool, struct issue_authority *out)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	int found = issue_record_get(domain, &bytes, &record);

	if (found == 1 && !record.removed)
		*out = (struct issue_authority){
			.special = true,
			.made = record.made,
			.owner = issue_owner(pool, domain),
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
	int found = issue_special(domain, pool, out);
	if (found == 0 && was_removed(domain))
		found = take_generic(domain, pool, out);
	return found < 0 ? err_set(err, ERR_TEMP, "cannot read the keys of %s", domain.p) : found;
}

/* --- may it issue? (SPEC C-110) --- */

static int deny(struct slice domain, const char *why, struct err *err)
{
	return err_set(err, ERR_DENIED, "%.*s issues no certificates: %s", SLICE_ARG(domain), why);
}

int issue_check_domain(struct slice domain, struct err *err)
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

int issue_check(struct slice name, const struct issue_authority *authority, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = issue_check_domain(domain, err);
	if (rc == 0 && authority)
		rc = check_certificate(domain, authority, err);
	pool_done(&pool);
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

	if (domain_hosted(name, pool, &domain, err) != 0 || issue_check_domain(domain, err) != 0)
		return -1;
	int found = issue_authority(domain, pool, out, err);
	if (found < 0)
		return -1;
	if (found == 0 || ends_soon(out)) {
		if (issue_make(domain, pool, err) != 0 ||
		    issue_authority(domain, pool, out, err) != 1)
			return -1;
	}
	return check_certificate(domain, out, err);
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
