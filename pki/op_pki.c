/* op_pki.c - operations on keys and certificates of domains */
#include "core/op.h"
#include "pki/pki.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

static const struct op_arg domain_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ 0 },
};

static struct slice domain_of(struct op_call *call)
{
	return slice_str(op_text(call, "domain"));
}

static void put_cert(struct op_call *call, const struct pki_cert *cert)
{
	op_put_text(call, "key", slice_str(cert->key_type));
	op_put_text(call, "subject", slice_str(cert->subject));
	op_put_text(call, "issuer", slice_str(cert->issuer));
	op_put_text(call, "names", slice_str(cert->names));
	op_put_text(call, "serial", slice_str(cert->serial));
	op_put_text(call, "sha256", slice_str(cert->sha256));
	op_put_time(call, "from", cert->not_before);
	op_put_time(call, "till", cert->not_after);
	op_put_bool(call, "self-signed", cert->self_signed);
}

/* --- show --- */

static int find_cert(struct op_call *call, struct pki_cert *cert)
{
	int found = pki_domain_cert(domain_of(call), op_pool(call), cert);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "the certificate of %s cannot be read",
		    op_text(call, "domain"));
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "%s has no certificate", op_text(call, "domain"));
	return 0;
}

static int run_show(struct op_call *call)
{
	struct pki_cert cert;

	if (find_cert(call, &cert) != 0)
		return -1;
	op_put_text(call, "domain", domain_of(call));
	put_cert(call, &cert);
	op_put_text(call, "chain", cert.chain);
	return 0;
}

OPERATION(pki_show) = {
	.name = "pki show",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "show a domain's certificate and its chain",
	.reads = true,
	.run = run_show,
};

/* --- certificate --- */

static int run_certificate(struct op_call *call)
{
	struct pki_cert cert;

	if (find_cert(call, &cert) != 0)
		return -1;
	op_put_text(call, "chain", cert.chain);
	return 0;
}

OPERATION(pki_certificate) = {
	.name = "pki certificate",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "write a domain's certificate and its chain as PEM, and nothing else",
	.example = "pki certificate example.org > example.org.pem",
	.reads = true,
	.run = run_certificate,
};

/* --- list --- */

static bool visit(void *arg, const struct dir_domain *domain)
{
	struct op_call *call = arg;
	const char *only = op_caller(call)->domain;
	struct pki_cert cert;

	if (only && strcmp(only, domain->name) != 0)
		return true;
	op_row(call);
	op_put_text(call, "domain", slice_str(domain->name));
	if (pki_domain_cert(slice_str(domain->name), op_pool(call), &cert) == 1) {
		op_put_text(call, "key", slice_str(cert.key_type));
		op_put_text(call, "issuer", slice_str(cert.issuer));
		op_put_time(call, "till", cert.not_after);
		op_put_bool(call, "self-signed", cert.self_signed);
	}
	return true;
}

static int run_list(struct op_call *call)
{
	if (dir_domains(visit, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

OPERATION(pki_list) = {
	.name = "pki list",
	.role = OP_DOMAIN_ADMIN,
	.help = "list what certificates the domains have",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- renew --- */

static int run_renew(struct op_call *call)
{
	struct err err = { 0 };

	if (pki_domain_renew(domain_of(call), &err) != 0)
		return op_fail_err(call, &err);
	return run_show(call);
}

OPERATION(pki_renew) = {
	.name = "pki renew",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "make a new key and a self-signed certificate for a domain",
	.more = "What the domain had before is gone, also when it had been installed. The new\n"
		"certificate is shown from the next connection on; open ones stay.",
	.example = "pki renew example.org",
	.run = run_renew,
};

/* --- install --- */

static const struct op_arg install_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL },
	{ "pem", OP_SECRET, OP_REQUIRED, "key and certificates as one PEM text", NULL },
	{ 0 },
};

/* The reader of each finds its own part. */
static int run_install(struct op_call *call)
{
	struct slice pem = op_secret(call, "pem");
	struct err err = { 0 };

	if (pki_domain_install(domain_of(call), pem, pem, &err) != 0)
		return op_fail_err(call, &err);
	return run_show(call);
}

OPERATION(pki_install) = {
	.name = "pki install",
	.role = OP_DOMAIN_ADMIN,
	.args = install_args,
	.help = "install a key and its certificates for a domain",
	.more =
	    "The text holds a private key (EC P-256 or P-384, RSA of 2048 to 4096 bits; PKCS#8,\n"
	    "SEC 1 or PKCS#1; not encrypted), the domain's certificate and then those of the\n"
	    "authorities that lead to its root, one behind another. The key may stand before or\n"
	    "behind them. They are shown from the next connection on; open ones stay.",
	.example = "pki install example.org < key-and-chain.pem",
	.run = run_install,
};
