/* issue_domain.c - certificates that an authority of ours signs for the keys of domains */
#include "core/conf.h"
#include "core/log.h"
#include "pki/issue_private.h"
#include "pki/pki_private.h"

struct certifying {
	struct slice key; /* the domain's, sealed, as it was when it was signed for */
	struct slice chain;
};

/* What the domain asks for in its requests, if these are its names. */
static int take_names(struct slice domain, bool any, struct pool *pool, struct buf *name,
    struct buf *names, struct buf *words, struct err *err)
{
	struct issue_policy policy = { .scope = domain, .profile = ISSUE_SERVER, .any = any };
	struct buf asked = { 0 }, in_subject = { 0 };
	struct subject subject;

	domain_subject(domain, pool, &subject);
	if (subject_complete(&subject, domain, pool, err) != 0)
		return -1;
	subject_name(&subject, domain, name);
	subject_alt_names(&subject, &asked);
	int rc = issue_subject(&policy, buf_slice(name), pool, &in_subject, err);
	if (rc == 0)
		rc = issue_names(&policy, buf_slice(&asked), pool, names, words, err);
	buf_done(&asked);
	buf_done(&in_subject);
	return rc;
}

static int sign_for(struct slice domain, const struct issue_certify *how,
    const struct sign_key *key, struct pool *pool, struct buf *chain, struct err *err)
{
	static const char *const purposes[] = { CERT_FOR_SERVERS, CERT_FOR_CLIENTS, NULL };
	struct slice scope = how->by_server ? SLICE("") : domain;
	struct conf_at at = { .domain = domain.p };
	struct buf name = { 0 }, names = { 0 }, words = { 0 };
	struct issue_authority authority;
	struct key_info info;

	if (issue_special_ready(scope, pool, &authority, err) != 0 ||
	    sign_look(key, &info, err) != 0)
		return -1;
	bool rsa = slice_starts(slice_str(info.type), SLICE("RSA"));
	int rc = take_names(domain, how->any_names, pool, &name, &names, &words, err);
	if (rc == 0) {
		struct issue_order order = {
			.whom = buf_z(&words),
			.profile = ISSUE_SERVER,
			.subject = buf_slice(&name),
			.public_info = buf_slice(&info.public_info),
			.alt_names = buf_slice(&names),
			.usage = CERT_DIGITAL_SIGNATURE | (rsa ? CERT_KEY_ENCIPHERMENT : 0),
			.purposes = purposes,
			.days = how->days > 0 ? how->days
					      : conf_num_at(&conf_key_ca_certificate_days, &at),
		};
		rc = issue_sign(scope, &authority, &order, chain, err);
	}
	key_info_done(&info);
	buf_done(&name);
	buf_done(&names);
	buf_done(&words);
	return rc;
}

static int install(void *arg, const char *domain, struct domain_record *record, struct err *err)
{
	const struct certifying *c = arg;
	struct slice rest = c->chain;
	struct cert leaf;

	if (!slice_eq(record->key, c->key))
		return err_set(err, ERR_BUSY, "the key of %s was changed meanwhile", domain);
	if (!cert_next(&rest, &leaf))
		return err_set(err, ERR_TEMP, "the certificate cannot be read");
	record->installed = true;
	record->leaf = leaf.der;
	record->above = rest;
	return 0;
}

/* The root of a path need not be sent: who trusts it has it. */
static struct slice without_root(struct slice chain)
{
	struct slice rest = chain;
	struct cert cert;

	while (rest.n > 0) {
		size_t before = chain.n - rest.n;
		if (!cert_next(&rest, &cert))
			break;
		if (before > 0 && rest.n == 0 && cert_name_same(cert.issuer, cert.subject))
			return slice_head(chain, before);
	}
	return chain;
}

static int certify(struct slice domain, const struct domain_record *record,
    const struct issue_certify *how, struct pool *pool, struct err *err)
{
	struct sign_key key = { domain.p, record->key };
	struct buf chain = { 0 };

	if (record->key.n == 0)
		return err_set(
		    err, ERR_ABSENT, "%s has no private key: make or import one", domain.p);
	int rc = sign_for(domain, how, &key, pool, &chain, err);
	if (rc == 0) {
		struct certifying c = { record->key, without_root(buf_slice(&chain)) };
		rc = domain_change(domain, install, &c, err);
	}
	if (rc == 0)
		log_event(LOG_INFO, "certificate-set", log_s("domain", domain),
		    log_z("by", how->by_server ? "the server" : domain.p));
	buf_done(&chain);
	return rc;
}

int issue_domain(struct slice name, const struct issue_certify *how, struct err *err)
{
	struct pool pool = { 0 };
	struct buf bytes = { 0 };
	struct domain_record record = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0 && record_get(domain, &bytes, &record) < 0)
		rc = err_set(err, ERR_TEMP, "cannot read what %s has", domain.p);
	if (rc == 0)
		rc = certify(domain, &record, how, &pool, err);
	buf_done(&bytes);
	pool_done(&pool);
	return rc;
}
