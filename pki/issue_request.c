/* issue_request.c - certificates for requests that others bring */
#include "core/conf.h"
#include "pki/der.h"
#include "pki/issue_private.h"

CONF_KEY(ca_certificate_days) = {
	.name = "ca.certificate-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "397",
	.min = 1,
	.max = 3650,
	.help = "for how many days a certificate is valid that an authority signs for a request",
};

enum { COMMON_NAME_MAX = 64 };

/* --- what a profile says --- */

struct profile {
	unsigned usage, usage_rsa; /* beside signing: for keys on curves, for RSA */
	const char *const *purposes;
};

/* A mail server is a client, too, of the servers it sends to. */
static const char *const for_servers[] = { CERT_FOR_SERVERS, CERT_FOR_CLIENTS, NULL };
static const char *const for_clients[] = { CERT_FOR_CLIENTS, NULL };
static const char *const for_email[] = { CERT_FOR_EMAIL, CERT_FOR_CLIENTS, NULL };

/* RFC 5280 4.2.1.3, RFC 8550 4.4.2; TLS 1.2 clients ask for keyEncipherment with RSA. */
static const struct profile profiles[] = {
	[ISSUE_SERVER] = { 0, CERT_KEY_ENCIPHERMENT, for_servers },
	[ISSUE_CLIENT] = { 0, 0, for_clients },
	[ISSUE_EMAIL] = { CERT_KEY_AGREEMENT, CERT_KEY_ENCIPHERMENT, for_email },
	[ISSUE_AUTHORITY] = { CERT_CERT_SIGN | CERT_CRL_SIGN, CERT_CERT_SIGN | CERT_CRL_SIGN,
	    NULL },
};

static unsigned usage_of(enum issue_profile profile, const struct csr *csr)
{
	const char *type = cert_key_type(&csr->asks);
	const struct profile *p = &profiles[profile];

	if (profile == ISSUE_AUTHORITY)
		return p->usage;
	if (slice_starts(slice_str(type), SLICE("RSA")))
		return CERT_DIGITAL_SIGNATURE | p->usage_rsa;
	/* Ed25519 and the like sign, and nothing else. */
	return CERT_DIGITAL_SIGNATURE | (*type ? p->usage : 0);
}

/* --- what is asked for and not given --- */

static bool has_purpose(const char *const *purposes, struct slice oid)
{
	for (; purposes && *purposes; purposes++)
		if (der_oid_is(oid, *purposes))
			return true;
	return false;
}

static void note_rest(const struct csr *csr, enum issue_profile profile, struct buf *notes)
{
	struct slice rest = csr->asks.purposes, oid;
	const char *name = issue_profile_names[profile];

	if (csr->asks.is_ca && profile != ISSUE_AUTHORITY)
		buf_printf(notes,
		    "The request asks for the certificate of an authority; the profile %s gives "
		    "none.\n",
		    name);
	while (der_want(&rest, DER_OID, &oid))
		if (!has_purpose(profiles[profile].purposes, oid)) {
			struct buf text = { 0 };
			der_oid_text(oid, &text);
			buf_printf(notes,
			    "The request asks for the purpose %.*s, which the profile %s does not "
			    "give.\n",
			    SLICE_ARG(text), name);
			buf_done(&text);
		}
}

/* --- the order --- */

struct granting {
	struct issue_policy policy;
	const struct issue_request *request;
	struct csr csr;
	struct buf names, words, subject;
	struct pool *pool;
};

/* Those that were given beside the request, else those that it asks for, else those in
   its subject. */
static int take_names(struct granting *g, struct slice in_subject, struct err *err)
{
	struct buf given = { 0 };
	struct slice names = g->csr.asks.alt_names;
	int rc = 0;

	if (g->request->names) {
		rc = issue_names_of(g->request->names, g->pool, &given, err);
		names = buf_slice(&given);
	} else if (names.n == 0) {
		names = in_subject;
	}
	if (rc == 0)
		rc = issue_names(&g->policy, names, g->pool, &g->names, &g->words, err);
	buf_done(&given);
	return rc;
}

/* CN alone, which is the first name. */
static void put_first_name(struct granting *g)
{
	struct slice rest = buf_slice(&g->words);
	size_t mark = der_open(&g->subject, DER_SEQUENCE);

	cert_put_attribute(
	    &g->subject, "2.5.4.3", DER_UTF8, cert_text_cut(slice_word(&rest), COMMON_NAME_MAX));
	der_close(&g->subject, mark);
}

static int check_complete(const struct granting *g, struct err *err)
{
	struct slice name = buf_slice(&g->subject), list = { 0 };

	der_want(&name, DER_SEQUENCE, &list);
	if (g->policy.profile == ISSUE_AUTHORITY)
		return list.n > 0 ? 0 : err_set(err, ERR_INPUT, "an authority must have a subject");
	return g->names.n > 0
	    ? 0
	    : err_set(err, ERR_INPUT,
		  "the request names nobody: neither subjectAltName nor a common name that is "
		  "a host or an e-mail address; say --names");
}

static int take(struct granting *g, struct err *err)
{
	struct buf in_subject = { 0 };
	bool own = g->request->subject && strcmp(g->request->subject, "name") == 0;
	int rc = 0;

	if (!own)
		rc = issue_subject(&g->policy, g->csr.subject, g->pool, &in_subject, err);
	if (rc == 0 && g->policy.profile != ISSUE_AUTHORITY)
		rc = take_names(g, buf_slice(&in_subject), err);
	if (rc == 0 && own)
		put_first_name(g);
	else if (rc == 0)
		buf_adds(&g->subject, g->csr.subject);
	buf_done(&in_subject);
	return rc == 0 ? check_complete(g, err) : rc;
}

static int grant(
    struct granting *g, const struct issue_authority *authority, struct buf *chain, struct err *err)
{
	struct slice scope = g->policy.scope;
	struct conf_at at = { .domain = scope.n > 0 ? scope.p : NULL };
	enum issue_profile profile = g->policy.profile;
	struct buf name = { 0 };

	cert_name_text(buf_slice(&g->subject), &name);
	struct issue_order order = {
		.whom = pool_str(g->pool, buf_slice(g->words.n > 0 ? &g->words : &name)),
		.profile = profile,
		.subject = buf_slice(&g->subject),
		.public_info = g->csr.public_info,
		.alt_names = buf_slice(&g->names),
		.usage = usage_of(profile, &g->csr),
		.purposes = profiles[profile].purposes,
		.days = g->request->days > 0 ? g->request->days
					     : conf_num_at(&conf_key_ca_certificate_days, &at),
	};
	buf_done(&name);
	return issue_sign(scope, authority, &order, chain, err);
}

static int serve(struct granting *g, struct buf *chain, struct buf *notes, struct err *err)
{
	struct issue_authority authority;
	struct buf der = { 0 };
	int rc = issue_special_ready(g->policy.scope, g->pool, &authority, err);

	if (rc == 0)
		rc = csr_take(g->request->text, &der, err);
	if (rc == 0)
		rc = csr_read(buf_slice(&der), &g->csr, err);
	if (rc == 0)
		rc = take(g, err);
	if (rc == 0)
		rc = grant(g, &authority, chain, err);
	if (rc == 0)
		note_rest(&g->csr, g->policy.profile, notes);
	buf_done(&der);
	return rc;
}

int issue_request(struct slice name, const struct issue_request *request, struct buf *chain,
    struct buf *notes, struct err *err)
{
	struct pool pool = { 0 };
	struct granting g = { .policy = { .profile = request->profile, .any = request->any_names },
		.request = request,
		.pool = &pool };
	int rc = issue_scope(name, &pool, &g.policy.scope, err);

	if (rc == 0)
		rc = serve(&g, chain, notes, err);
	buf_done(&g.names);
	buf_done(&g.words);
	buf_done(&g.subject);
	pool_done(&pool);
	return rc;
}
