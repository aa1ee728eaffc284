/* issue_create.c - authorities that the server makes: new ones, and the same again for a new time
 */
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "pki/der.h"
#include "pki/issue_name.h"
#include "pki/issue_private.h"

enum { DAY = 24 * 60 * 60, BACKDATE = 60 * 60 };

CONF_KEY(smime_authority_days) = {
	.name = "smime.authority-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "3650",
	.min = 30,
	.max = 36500,
	.help = "for how many days an authority's certificate is valid that the server makes",
};

/* What is to be made. */
struct making {
	struct slice scope;
	struct sign_key key;
	struct slice subject; /* Name, DER */
	int64_t days;	      /* 0: as the setting says */
	int path_length;
	bool by_server;
};

static int64_t days_of(const struct making *m)
{
	struct conf_at at = { .domain = m->scope.n > 0 ? m->scope.p : NULL };

	return m->days > 0 ? m->days : conf_num_at(&conf_key_smime_authority_days, &at);
}

/* --- signed by itself --- */

static int sign_own(
    const struct making *m, struct slice public_info, struct buf *chain, struct err *err)
{
	int64_t now = time(NULL);
	struct cert_plan plan = {
		.subject = m->subject,
		.public_info = public_info,
		.not_before = now - BACKDATE,
		.not_after = now + days_of(m) * DAY,
		.is_ca = true,
		.path_length = m->path_length,
		.usage = CERT_CERT_SIGN | CERT_CRL_SIGN,
	};

	return cert_build(&plan, NULL, &m->key, chain, err);
}

/* --- signed by the server's authority --- */

static int check_above(const struct issue_authority *server, struct err *err)
{
	struct slice chain = server->chain;
	struct cert cert;

	return cert_next(&chain, &cert) && cert.path_length != 0
	    ? 0
	    : err_set(err, ERR_DENIED,
		  "the server's authority has path length 0: it may sign no authorities");
}

/* For names of the domain, whatever it signs. */
static int sign_by_server(
    const struct making *m, struct slice public_info, struct buf *chain, struct err *err)
{
	struct pool pool = { 0 };
	struct buf constraints = { 0 };
	struct issue_authority server;
	int rc = issue_special_ready(SLICE(""), &pool, &server, err);

	if (rc == 0)
		rc = check_above(&server, err);
	if (rc == 0)
		rc = issue_constraints(m->scope, &constraints, err);
	if (rc == 0) {
		struct issue_order order = { .whom = m->scope.p,
			.profile = ISSUE_AUTHORITY,
			.subject = m->subject,
			.public_info = public_info,
			.name_constraints = buf_slice(&constraints),
			.usage = CERT_CERT_SIGN | CERT_CRL_SIGN,
			.days = days_of(m),
			.path_length = m->path_length };
		rc = issue_sign(SLICE(""), &server, &order, chain, err);
	}
	buf_done(&constraints);
	pool_done(&pool);
	return rc;
}

/* --- both --- */

static int sign_and_keep(const struct making *m, struct err *err)
{
	struct key_info info;
	struct buf chain = { 0 };

	if (sign_look(&m->key, &info, err) != 0)
		return -1;
	int rc = m->by_server ? sign_by_server(m, buf_slice(&info.public_info), &chain, err)
			      : sign_own(m, buf_slice(&info.public_info), &chain, err);
	key_info_done(&info);
	if (rc == 0) {
		struct issue_record record = {
			.made = true, .key = m->key.sealed, .chain = buf_slice(&chain)
		};
		rc = issue_record_put(m->scope, &record, err);
	}
	if (rc == 0)
		log_event(LOG_INFO, "authority-made", log_z("of", issue_scope_text(m->scope)));
	buf_done(&chain);
	return rc;
}

/* With a key of its own, under a name that no authority of the scope had before. */
static int make_new(
    struct making *m, struct pool *pool, enum key_kind kind, struct slice name, struct err *err)
{
	struct buf sealed = { 0 }, subject = { 0 };
	int rc = issue_free_name(m->scope, name, &subject, err);

	m->key.owner = issue_owner(pool, m->scope);
	if (rc == 0)
		rc = sign_generate(m->key.owner, kind, &sealed, err);
	m->key.sealed = buf_slice(&sealed);
	m->subject = buf_slice(&subject);
	if (rc == 0)
		rc = sign_and_keep(m, err);
	buf_done(&sealed);
	buf_done(&subject);
	return rc;
}

int issue_make(struct slice scope, struct pool *pool, struct err *err)
{
	struct making m = { .scope = scope, .path_length = scope.n > 0 ? 0 : 1 };
	struct buf name = { 0 };

	issue_own_name(scope, &name);
	int rc = make_new(&m, pool, KEY_P256, buf_slice(&name), err);
	buf_done(&name);
	return rc;
}

/* --- created --- */

static int check_absent(struct slice scope, struct pool *pool, struct err *err)
{
	struct issue_authority there;
	int found = issue_special(scope, pool, &there);

	if (found < 0)
		return err_set(
		    err, ERR_TEMP, "the authority of %s cannot be read", issue_scope_text(scope));
	return found == 0
	    ? 0
	    : err_set(err, ERR_EXISTS, "%s has an authority: see signet help ca renew, ca remove",
		  issue_scope_text(scope));
}

static bool says_something(const struct subject *subject)
{
	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		if (subject->part[i])
			return true;
	return false;
}

static int create(
    struct slice scope, const struct issue_plan *plan, struct pool *pool, struct err *err)
{
	struct making m = { .scope = scope,
		.days = plan->days,
		.path_length = plan->path_length,
		.by_server = plan->by_server };
	struct subject subject = plan->subject;
	struct buf name = { 0 };

	if (scope.n == 0 && plan->by_server)
		return err_set(err, ERR_INPUT, "the server's authority signs itself");
	if (subject_check(&subject, pool, err) != 0)
		return -1;
	if (says_something(&subject))
		subject_name(&subject, scope, &name);
	else
		issue_own_name(scope, &name);
	int rc = make_new(&m, pool, plan->kind, buf_slice(&name), err);
	buf_done(&name);
	return rc;
}

int issue_create(struct slice name, const struct issue_plan *plan, struct err *err)
{
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = issue_check_scope(scope, err);
	if (rc == 0)
		rc = check_absent(scope, &pool, err);
	if (rc == 0)
		rc = create(scope, plan, &pool, err);
	pool_done(&pool);
	return rc;
}

/* --- renewed --- */

/* Who signed it: itself, the server's authority, or somebody else, who alone can do
   it again. */
static int who_signed(const struct cert *cert, struct making *m, struct err *err)
{
	unsigned char id[CERT_KEY_ID];
	struct buf scope = { 0 };
	bool own = cert_name_same(cert->issuer, cert->subject);

	m->by_server =
	    !own && issue_find_id(cert->authority_key_id, &scope, id) == 1 && scope.n == 0;
	buf_done(&scope);
	return own || m->by_server
	    ? 0
	    : err_set(err, ERR_INPUT,
		  "another authority signed it: ask that one again, see signet help smime ca-csr");
}

/* As long as it was valid before, unless it is said. */
static void same_again(const struct cert *cert, int64_t days, struct making *m)
{
	m->days = days > 0 ? days : (cert->not_after - cert->not_before + DAY - 1) / DAY;
	m->path_length = cert->path_length;
	m->subject = cert->subject;
}

static enum key_kind kind_like(const struct cert *cert)
{
	const char *type = cert_key_type(cert);

	if (strcmp(type, "P-384") == 0)
		return KEY_P384;
	return strcmp(type, "P-256") == 0 ? KEY_P256 : KEY_RSA_3072;
}

static int renew(struct slice scope, bool new_key, const enum key_kind *kind, int64_t days,
    struct pool *pool, struct err *err)
{
	struct making m = { .scope = scope };
	struct issue_authority authority;
	struct cert cert;

	if (issue_special(scope, pool, &authority) != 1 ||
	    !cert_next(&(struct slice){ authority.chain.p, authority.chain.n }, &cert))
		return err_set(err, ERR_ABSENT, "%s has no authority: see signet help ca create",
		    issue_scope_text(scope));
	if (who_signed(&cert, &m, err) != 0)
		return -1;
	if (issue_was_revoked(&cert, NULL))
		return err_set(err, ERR_DENIED, "it was revoked: see signet help ca remove");
	same_again(&cert, days, &m);
	if (new_key)
		return make_new(&m, pool, kind ? *kind : kind_like(&cert), cert.subject, err);
	m.key = (struct sign_key){ authority.owner, authority.key };
	return sign_and_keep(&m, err);
}

int issue_renew(
    struct slice name, bool new_key, const enum key_kind *kind, int64_t days, struct err *err)
{
	struct pool pool = { 0 };
	struct slice scope;
	int rc = issue_scope(name, &pool, &scope, err);

	if (rc == 0)
		rc = issue_check_scope(scope, err);
	if (rc == 0)
		rc = renew(scope, new_key, kind, days, &pool, err);
	pool_done(&pool);
	return rc;
}
