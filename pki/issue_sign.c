/* issue_sign.c - one certificate signed by an authority of ours, and written down */
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "pki/issue_private.h"

enum { DAY = 24 * 60 * 60, BACKDATE = 60 * 60, TRIES = 3 };

/* Within the authority's own validity. */
static int set_validity(struct cert_plan *plan, struct slice scope, int64_t days,
    const struct cert *issuer, struct err *err)
{
	int64_t now = time(NULL);

	plan->not_before =
	    now - BACKDATE > issuer->not_before ? now - BACKDATE : issuer->not_before;
	/* RFC 5280 4.1.2.5: both ends count. */
	plan->not_after = plan->not_before + days * DAY - 1;
	if (plan->not_after > issuer->not_after)
		plan->not_after = issuer->not_after;
	if (plan->not_after - now < BACKDATE)
		return err_set(err, ERR_DENIED,
		    "the certificate of the authority of %s is nearly over",
		    issue_scope_text(scope));
	return 0;
}

static int plan_it(struct slice scope, const struct issue_authority *authority,
    const struct issue_order *order, const struct cert *issuer, struct pool *pool,
    struct cert_plan *plan, struct err *err)
{
	*plan = (struct cert_plan){
		.subject = order->subject,
		.public_info = order->public_info,
		.is_ca = order->profile == ISSUE_AUTHORITY,
		.path_length = order->path_length,
		.usage = order->usage,
		.purposes = order->purposes,
		.alt_names = order->alt_names,
		.name_constraints = order->name_constraints,
		.crl_url = slice_str(issue_url(scope, authority, "crl", pool)),
		.issuer_url = slice_str(issue_url(scope, authority, "crt", pool)),
	};
	return set_validity(plan, scope, order->days, issuer, err);
}

/* A new serial number each time. */
static int build(struct slice scope, const struct issue_authority *authority,
    const struct issue_order *order, const struct cert_plan *plan, const struct cert *issuer,
    struct buf *der, struct err *err)
{
	struct sign_key key = { authority->owner, authority->key };
	struct slice rest;
	struct cert cert;

	buf_clear(der);
	if (cert_build(plan, issuer, &key, der, err) != 0)
		return -1;
	rest = buf_slice(der);
	if (!cert_next(&rest, &cert))
		return err_set(err, ERR_TEMP, "the certificate cannot be read");
	return issue_register(scope, authority, order->whom, order->profile, &cert, err);
}

static int build_and_register(struct slice scope, const struct issue_authority *authority,
    const struct issue_order *order, struct buf *der, struct err *err)
{
	struct slice above = authority->chain;
	struct pool pool = { 0 };
	struct err why = { 0 };
	struct cert_plan plan;
	struct cert issuer;
	int rc = -1;

	if (!cert_next(&above, &issuer))
		return err_set(err, ERR_TEMP, "the authority's certificate cannot be read");
	if (plan_it(scope, authority, order, &issuer, &pool, &plan, &why) == 0) {
		for (int i = 0; rc != 0 && i < TRIES; i++) {
			why.kind = ERR_TEMP;
			rc = build(scope, authority, order, &plan, &issuer, der, &why);
			if (why.kind != ERR_EXISTS)
				break;
		}
	}
	pool_done(&pool);
	return rc == 0 ? 0 : err_set(err, why.kind, "%s", why.text);
}

int issue_sign(struct slice scope, const struct issue_authority *authority,
    const struct issue_order *order, struct buf *chain, struct err *err)
{
	struct buf der = { 0 };
	int rc = build_and_register(scope, authority, order, &der, err);

	if (rc == 0) {
		buf_adds(chain, buf_slice(&der));
		buf_adds(chain, authority->chain);
		log_event(LOG_INFO, "certificate-issued", log_z("by", issue_scope_text(scope)),
		    log_z("to", order->whom),
		    log_z("profile", issue_profile_names[order->profile]));
	}
	buf_done(&der);
	return rc;
}
