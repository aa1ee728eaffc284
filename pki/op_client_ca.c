/* op_client_ca.c - whose certificates a domain asks its clients for */
#include "core/text.h"
#include "pki/op_pki.h"
#include "pki/trust.h"

/* --- show --- */

static bool is_issuer(const struct cert *cert, struct slice issuer)
{
	return issuer.n > 0 && slice_eq(cert->der, issuer);
}

/* The rows are those that may be chosen (SPEC C-093). */
static void put_choices(struct op_call *call, const char *domain, struct slice issuer)
{
	struct trust_set *set = trust_stored(slice_str(domain));

	for (size_t i = 0; i < trust_set_count(set); i++) {
		op_row(call);
		op_put_bool(call, "chosen", is_issuer(trust_set_at(set, i), issuer));
		pki_call_put_cert(call, trust_set_at(set, i));
	}
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
	client_issuer(domain.p, &record, &der);
	op_put_text(call, "domain", domain);
	op_put_bool(call, "asked", der.n > 0);
	op_put_bool(call, "required", der.n > 0 && record.client_required);
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
	.more = "The rows are the certificates that may be chosen: the domain's own trusted ones.",
	.example = "client-ca show example.org",
	.reads = true,
	.run = run_show,
};

/* --- set --- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Nothing, or 32 bytes. */
static bool read_fingerprint(const char *hex, struct buf *out)
{
	size_t n = strlen(hex);

	for (size_t i = 0; i + 1 < n; i += 2) {
		int high = digit(hex[i]), low = digit(hex[i + 1]);
		if (high < 0 || low < 0)
			return false;
		buf_addc(out, (char)(high << 4 | low));
	}
	return n == 64;
}

static int run_set(struct op_call *call)
{
	const char *issuer = op_text(call, "issuer");
	struct buf fingerprint = { 0 };
	struct err err = { 0 };
	bool none = strcmp(issuer, "none") == 0;

	if (!none && !read_fingerprint(issuer, &fingerprint)) {
		buf_done(&fingerprint);
		return op_fail(call, ERR_INPUT, "issuer: a SHA-256 fingerprint, or none");
	}
	int rc = domain_ask_clients(
	    pki_call_domain(call), buf_slice(&fingerprint), op_bool(call, "required"), &err);
	buf_done(&fingerprint);
	return rc == 0 ? run_show(call) : op_fail_err(call, &err);
}

static const struct op_arg set_args[] = {
	OP_PKI_DOMAIN,
	{ "issuer", OP_TEXT, OP_REQUIRED, "fingerprint of one of the domain's trusted, or none",
	    NULL },
	{ "required", OP_BOOL, OP_OPTION, "without a good one there is no TLS", NULL },
	{ 0 },
};

OPERATION(client_ca_set) = {
	.name = "client-ca set",
	.role = OP_DOMAIN_ADMIN,
	.args = set_args,
	.help = "ask a domain's clients for certificates of one issuer",
	.more =
	    "Every client that comes by TLS is asked. Who shows a good one with the address of an\n"
	    "account of the domain may log in without a password (SASL EXTERNAL). Add the issuer to\n"
	    "the domain's trusted ones first: trust add --domain. Clients that show a certificate\n"
	    "that is not good go on without, unless one is required or the setting\n"
	    "tls.abort-on-wrong-client-certificate is on. Under TLS 1.3 the issuer's name is not\n"
	    "told to clients: this is not in this build.",
	.example = "client-ca set example.org 5e0c... --required",
	.run = run_set,
};
