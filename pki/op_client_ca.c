/* op_client_ca.c - whose certificates a domain asks its clients for */
#include <stdlib.h>

#include "pki/op_pki.h"
#include "pki/trust.h"

/* --- show --- */

static bool is_among(const struct cert *cert, struct slice issuers)
{
	struct cert issuer;

	while (cert_next(&issuers, &issuer))
		if (slice_eq(cert->der, issuer.der))
			return true;
	return false;
}

static void put_choice(struct op_call *call, const struct cert *cert, bool chosen)
{
	op_row(call);
	op_put_bool(call, "chosen", chosen);
	pki_call_put_cert(call, cert);
}

/* The rows are those that may be chosen: the domain's own (C-093), and who was
   chosen of the others that it trusts (C-064). */
static void put_choices(struct op_call *call, const char *domain, struct slice issuers)
{
	struct trust_set *set = trust_stored(slice_str(domain));
	struct trust own = { { set } };
	struct cert issuer;

	for (size_t i = 0; i < trust_set_count(set); i++)
		put_choice(call, trust_set_at(set, i), is_among(trust_set_at(set, i), issuers));
	while (cert_next(&issuers, &issuer))
		if (!trust_has(&own, &issuer))
			put_choice(call, &issuer, true);
	trust_set_unref(&set);
}

static int run_show(struct op_call *call)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 }, der = { 0 };
	struct err err = { 0 };
	struct slice domain, rest;
	struct cert issuer;

	if (domain_hosted(pki_call_domain(call), op_pool(call), &domain, &err) != 0)
		return op_fail_err(call, &err);
	record_get(domain, &bytes, &record);
	client_issuers(domain.p, &record, &der);
	op_put_text(call, "domain", domain);
	op_put_bool(call, "asked", der.n > 0);
	op_put_bool(call, "required", der.n > 0 && record.client_required);
	op_put_text(call, "map", slice_str(client_map_names[record.client_map]));
	rest = buf_slice(&der);
	if (cert_next(&rest, &issuer))
		pki_call_put_cert(call, &issuer);
	put_choices(call, domain.p, buf_slice(&der));
	buf_done(&bytes);
	buf_done(&der);
	return 0;
}

OPERATION(client_ca_show) = {
	.name = "client-ca show",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "show whose certificates a domain asks its clients for",
	.more =
	    "The rows are the certificates that may be chosen: the domain's own trusted ones, and\n"
	    "those of the server's that were chosen by their fingerprints. What stands above them\n"
	    "is said of the first one that is chosen.",
	.example = "client-ca show example.org",
	.reads = true,
	.run = run_show,
};

/* --- set --- */

/* Fingerprints in hex, or none; parted by blanks or commas. */
static int read_issuers(const char *text, struct buf *out, struct err *err)
{
	char *copy = mem_str(slice_str(text));
	int rc = 0;

	for (char *p = copy; *p; p++)
		if (*p == ',')
			*p = ' ';
	struct slice rest = slice_str(copy), word = slice_word(&rest);
	if (slice_eq(word, SLICE("none")) && rest.n == 0)
		word = rest;
	else if (word.n == 0)
		rc = err_set(err, ERR_INPUT, "issuer: a SHA-256 fingerprint, or none");
	for (; rc == 0 && word.n > 0; word = slice_word(&rest))
		rc = pki_call_fingerprint("issuer", word, out, err);
	free(copy);
	return rc;
}

static enum client_map map_of_today(struct slice name)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 };

	record_get(name, &bytes, &record);
	buf_done(&bytes);
	return record.client_map;
}

static int check_template(struct op_call *call, struct err *err)
{
	struct slice domain;

	return domain_hosted(pki_call_domain(call), op_pool(call), &domain, err) == 0
	    ? client_template_check(domain.p, err)
	    : -1;
}

static int run_set(struct op_call *call)
{
	struct buf fingerprints = { 0 };
	struct err err = { 0 };
	int64_t map = op_number(call, "map", map_of_today(pki_call_domain(call)));
	int rc = read_issuers(op_text(call, "issuer"), &fingerprints, &err);

	if (rc == 0 && map == CLIENT_MAP_TEMPLATE && fingerprints.n > 0)
		rc = check_template(call, &err);
	if (rc == 0) {
		struct client_asking asking = { buf_slice(&fingerprints), op_bool(call, "required"),
			(enum client_map)map };
		rc = domain_ask_clients(pki_call_domain(call), &asking, &err);
	}
	buf_done(&fingerprints);
	return rc == 0 ? run_show(call) : op_fail_err(call, &err);
}

static const struct op_arg set_args[] = {
	OP_PKI_DOMAIN,
	{ "issuer", OP_TEXT, OP_REQUIRED,
	    "fingerprints of one or more of the domain's trusted, or none", NULL },
	{ "required", OP_BOOL, OP_OPTION, "without a good one there is no TLS", NULL },
	{ "map", OP_CHOICE, OP_OPTION, "what in a certificate names the account; else as it was",
	    client_map_names },
	{ 0 },
};

OPERATION(client_ca_set) = {
	.name = "client-ca set",
	.role = OP_DOMAIN_ADMIN,
	.args = set_args,
	.help = "ask a domain's clients for certificates of these issuers",
	.more =
	    "Every client that comes by TLS is asked. Who shows a good one that names an account of\n"
	    "the domain may log in without a password: by SASL EXTERNAL, or on the login page. Add\n"
	    "the issuers to the domain's trusted ones first: trust add --domain. Clients that show a\n"
	    "certificate that is not good go on without, unless one is required or the setting\n"
	    "tls.abort-on-wrong-client-certificate is on. Under TLS 1.3 the issuers' names are not\n"
	    "told to clients: this is not in this build.\n"
	    "\n"
	    "--map says what in a certificate names the account: email, its e-mail addresses; cn or\n"
	    "uid, that part of its subject, a local part or an address; upn, the principal name of\n"
	    "Windows; fingerprint, nothing: accounts list theirs by account cert-add; template, parts\n"
	    "of it as the domain's setting tls.client-account-template says: '{gn}.{sn}'. Where the\n"
	    "subject counts choose issuers that write there what you mean.",
	.example = "client-ca set example.org 5e0c... --required\n"
		   "client-ca set example.org '5e0c... 77ab...' --map uid",
	.run = run_set,
};
