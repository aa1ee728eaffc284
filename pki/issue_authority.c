/* issue_authority.c - what a scope signs with, and whether it may */
#include <time.h>

#include "core/log.h"

#include "pki/issue_private.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

enum { DAY = 24 * 60 * 60 };

int issue_scope(struct slice name, struct pool *pool, struct slice *scope, struct err *err)
{
	if (name.n > 0)
		return domain_hosted(name, pool, scope, err);
	*scope = SLICE("");
	return 0;
}

const char *issue_scope_text(struct slice scope)
{
	return scope.n > 0 ? scope.p : "the server";
}

/* The first word is from when authorities issued to users alone. */
const char *issue_owner(struct pool *pool, struct slice scope)
{
	return scope.n > 0 ? pool_printf(pool, "S/MIME of %.*s", SLICE_ARG(scope))
			   : "authority of the server";
}

/* --- what there is --- */

int issue_special(struct slice scope, struct pool *pool, struct issue_authority *out)
{
	struct issue_record record;
	struct buf bytes = { 0 };
	int found = issue_record_get(scope, &bytes, &record);

	if (found == 1 && !record.removed)
		*out = (struct issue_authority){
			.special = true,
			.made = record.made,
			.owner = issue_owner(pool, scope),
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

/* C-112, C-113: the special one if there is one. */
int issue_authority(
    struct slice name, struct pool *pool, struct issue_authority *out, struct err *err)
{
	struct slice scope;

	*out = (struct issue_authority){ 0 };
	if (issue_scope(name, pool, &scope, err) != 0)
		return -1;
	int found = issue_special(scope, pool, out);
	if (found == 0 && scope.n > 0 && was_removed(scope))
		found = take_generic(scope, pool, out);
	return found < 0
	    ? err_set(err, ERR_TEMP, "the authority of %s cannot be read", issue_scope_text(scope))
	    : found;
}

/* --- may it issue? (C-110) --- */

static int deny(struct slice scope, const char *why, struct err *err)
{
	return err_set(
	    err, ERR_DENIED, "%s issues no certificates: %s", issue_scope_text(scope), why);
}

int issue_check_scope(struct slice scope, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int rc = 0;

	if (scope.n == 0)
		return 0;
	int found = record_get(scope, &bytes, &record);
	if (found < 0)
		rc = err_set(err, ERR_TEMP, "cannot read the keys of %.*s", SLICE_ARG(scope));
	else if (found == 0 || record.key.n == 0)
		rc = deny(scope, "it has no private key", err);
	else if (record.mode != PKI_ENABLED)
		rc = deny(scope, "its PKI services are not enabled", err);
	buf_done(&bytes);
	return rc;
}

static int check_certificate(
    struct slice scope, const struct issue_authority *authority, struct err *err)
{
	struct slice chain = authority->chain;
	int64_t now = time(NULL);
	struct cert cert;

	if (chain.n == 0)
		return deny(scope, "it has no certificate", err);
	if (!cert_next(&chain, &cert))
		return deny(scope, "its certificate cannot be read", err);
	if (now < cert.not_before)
		return deny(scope, "its certificate is not valid yet", err);
	if (now > cert.not_after)
		return deny(scope, "its certificate is over", err);
	return 0;
}

int issue_check(struct slice name, const struct issue_authority *authority, struct err *err)
{
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = issue_check_scope(scope, err);
	if (rc == 0 && authority)
		rc = check_certificate(scope, authority, err);
	pool_done(&pool);
	return rc;
}

int issue_special_ready(
    struct slice scope, struct pool *pool, struct issue_authority *out, struct err *err)
{
	if (issue_check_scope(scope, err) != 0)
		return -1;
	int found = issue_special(scope, pool, out);
	if (found < 0)
		return err_set(
		    err, ERR_TEMP, "the authority of %s cannot be read", issue_scope_text(scope));
	if (found == 0)
		return deny(
		    scope, "it has no authority of its own: see signet help ca create", err);
	return check_certificate(scope, out, err);
}

/* One of ours that ends within a month goes on with the same key. */
static bool ends_soon(const struct issue_authority *authority)
{
	struct slice chain = authority->chain;
	struct cert cert;

	return authority->special && authority->made && cert_next(&chain, &cert) &&
	    cert.not_after - time(NULL) < 30 * DAY;
}

static int make_ready(
    struct slice scope, int found, struct pool *pool, struct issue_authority *out, struct err *err)
{
	int rc = 0;

	if (found == 0)
		rc = issue_make(scope, pool, err);
	else if (ends_soon(out))
		rc = issue_renew(scope, false, NULL, 0, err);
	else
		return 0;
	return rc == 0 && issue_authority(scope, pool, out, err) == 1 ? 0 : -1;
}

int issue_ready(struct slice name, struct pool *pool, struct issue_authority *out, struct err *err)
{
	struct slice scope;

	if (issue_scope(name, pool, &scope, err) != 0 || issue_check_scope(scope, err) != 0)
		return -1;
	int found = issue_authority(scope, pool, out, err);
	if (found < 0 || make_ready(scope, found, pool, out, err) != 0)
		return -1;
	return check_certificate(scope, out, err);
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
