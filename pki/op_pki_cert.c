/* op_pki_cert.c - operations on certificates of domains: asked for, made, set, removed */
#include "pki/op_pki.h"

/* --- what is said of the owner --- */

bool pki_call_subject(struct op_call *call, struct subject *subject)
{
	bool any = op_given(call, "names");

	*subject = (struct subject){ .names = op_text(call, "names") };
	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++) {
		subject->part[i] = op_text(call, subject_words[i]);
		any |= subject->part[i] != NULL;
	}
	return any;
}

/* --- csr --- */

static const struct op_arg csr_args[] = { OP_PKI_DOMAIN, OP_PKI_SUBJECT, { 0 } };

int pki_run_csr(struct op_call *call)
{
	struct subject subject;
	struct buf pem = { 0 };
	struct err err = { 0 };
	bool said = pki_call_subject(call, &subject);

	if (domain_csr(pki_call_domain(call), said ? &subject : NULL, &pem, &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "pem", buf_slice(&pem));
	buf_done(&pem);
	return 0;
}

OPERATION(pki_csr) = {
	.name = "pki csr",
	.role = OP_DOMAIN_ADMIN,
	.args = csr_args,
	.help = "write a request for a certificate, to be signed by an authority",
	.more =
	    "What is said of the domain is kept for the next request; with nothing said it is what\n"
	    "was said last. Give the authority the PEM text, ask it for X.509 PEM (\"Apache\")\n"
	    "with its intermediate certificates, and give what it sends back to pki cert-set. The\n"
	    "key stays; requests may be made as often as wanted.",
	.example = "pki csr example.org --o 'Example, Inc.' --c US --contact ca@example.net",
	.run = pki_run_csr,
};

/* --- self-signed --- */

int pki_run_self_signed(struct op_call *call)
{
	struct subject subject;
	struct err err = { 0 };
	bool said = pki_call_subject(call, &subject);

	return pki_call_answer(
	    call, domain_self_signed(pki_call_domain(call), said ? &subject : NULL, &err), &err);
}

OPERATION(pki_self_signed) = {
	.name = "pki self-signed",
	.role = OP_DOMAIN_ADMIN,
	.args = csr_args,
	.help = "make a certificate that the domain's key signs itself",
	.more =
	    "Clients warn of it until their users trust it. It says of the domain what pki csr\n"
	    "would.",
	.example = "pki self-signed example.org --cn mail.example.org",
	.run = pki_run_self_signed,
};

/* --- refresh --- */

int pki_run_refresh(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(
	    call, domain_refresh(pki_call_domain(call), op_bool(call, "new-serial"), &err), &err);
}

static const struct op_arg refresh_args[] = {
	OP_PKI_DOMAIN,
	{ "new-serial", OP_BOOL, OP_OPTION, "with a serial number of its own", NULL },
	{ 0 },
};

OPERATION(pki_refresh) = {
	.name = "pki refresh",
	.role = OP_DOMAIN_ADMIN,
	.args = refresh_args,
	.help = "make a self-signed certificate anew, for a new time",
	.more = "Key, names and serial number stay. Some clients refuse two certificates of one\n"
		"issuer that have the same serial number: --new-serial gives it another.",
	.example = "pki refresh example.org",
	.run = pki_run_refresh,
};

/* --- set and remove --- */

static const struct op_arg cert_args[] = {
	OP_PKI_DOMAIN,
	{ "pem", OP_SECRET, OP_REQUIRED, "the certificate", NULL },
	{ "chain", OP_SECRET, 0, "those above it, when they are in a file of their own", NULL },
	{ 0 },
};

int pki_run_cert_set(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(call,
	    domain_cert_set(
		pki_call_domain(call), op_secret(call, "pem"), op_secret(call, "chain"), &err),
	    &err);
}

OPERATION(pki_cert_set) = {
	.name = "pki cert-set",
	.role = OP_DOMAIN_ADMIN,
	.args = cert_args,
	.help = "set the certificate that an authority signed for a domain",
	.more =
	    "It must be for the domain's private key: the one that the request was made with. Ask\n"
	    "the authority for X.509 PEM (\"Apache\") and its intermediate certificates; DER and\n"
	    "PKCS#7 are taken as well. The intermediates may stand behind it, be in --chain-file,\n"
	    "or go to pki chain-set.",
	.example = "pki cert-set example.org < certificate.pem\n"
		   "pki cert-set example.org --pem-file cert.pem --chain-file intermediate.pem",
	.run = pki_run_cert_set,
};

static const struct op_arg pem_args[] = {
	OP_PKI_DOMAIN,
	{ "pem", OP_SECRET, OP_REQUIRED, "certificates of authorities", NULL },
	{ 0 },
};

static int run_cert_remove(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(call, domain_cert_remove(pki_call_domain(call), &err), &err);
}

OPERATION(pki_cert_remove) = {
	.name = "pki cert-remove",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "remove a domain's certificate; its key stays",
	.example = "pki cert-remove example.org",
	.run = run_cert_remove,
};

int pki_run_chain_set(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(
	    call, domain_chain_set(pki_call_domain(call), op_secret(call, "pem"), &err), &err);
}

OPERATION(pki_chain_set) = {
	.name = "pki chain-set",
	.role = OP_DOMAIN_ADMIN,
	.args = pem_args,
	.help = "set the certificates of authorities that are sent with a domain's own",
	.more =
	    "One or more in PEM form, one behind another: the issuer of the domain's certificate\n"
	    "first, then the issuer of that one. They are sent in the order given. When one\n"
	    "cannot be read none is taken. What looks wrong otherwise is said, and taken.",
	.example = "pki chain-set example.org < intermediates.pem",
	.run = pki_run_chain_set,
};

int pki_run_chain_remove(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(call, domain_chain_remove(pki_call_domain(call), &err), &err);
}

OPERATION(pki_chain_remove) = {
	.name = "pki chain-remove",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "send a domain's certificate alone",
	.example = "pki chain-remove example.org",
	.run = pki_run_chain_remove,
};
