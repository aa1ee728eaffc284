/* op_pki_key.c - operations on private keys of domains */
#include "pki/op_pki.h"

#define REPLACE                                                                                    \
	{                                                                                          \
		"replace", OP_BOOL, OP_OPTION,                                                     \
		    "also a key that was brought or made before, with its certificate", NULL       \
	}

/* --- generate --- */

int pki_run_key_generate(struct op_call *call)
{
	enum key_kind kind = (enum key_kind)op_number(call, "type", KEY_P256);
	struct err err = { 0 };

	return pki_call_answer(call,
	    domain_key_generate(pki_call_domain(call), kind, op_bool(call, "replace"), &err), &err);
}

static const struct op_arg generate_args[] = {
	OP_PKI_DOMAIN,
	{ "type", OP_CHOICE, OP_OPTION, "P-256 unless said otherwise", key_kind_names },
	REPLACE,
	{ 0 },
};

OPERATION(pki_key_generate) = {
	.name = "pki key-generate",
	.role = OP_DOMAIN_ADMIN,
	.args = generate_args,
	.help = "make a new private key for a domain",
	.more =
	    "The certificate that the domain had goes with its old key: until the new key has\n"
	    "one (pki self-signed, or pki csr and pki cert-set) there is no TLS. A key that the\n"
	    "server made by itself is replaced without asking. Large RSA keys take seconds.",
	.example = "pki key-generate example.org --type RSA-3072",
	.run = pki_run_key_generate,
};

/* --- import --- */

static int run_import(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(call,
	    domain_key_import(
		pki_call_domain(call), op_secret(call, "pem"), op_bool(call, "replace"), &err),
	    &err);
}

static const struct op_arg import_args[] = {
	OP_PKI_DOMAIN,
	{ "pem", OP_SECRET, OP_REQUIRED, "the key as a PEM text", NULL },
	REPLACE,
	{ 0 },
};

OPERATION(pki_key_import) = {
	.name = "pki key-import",
	.role = OP_DOMAIN_ADMIN,
	.args = import_args,
	.help = "give a domain a private key that was made elsewhere",
	.more =
	    "EC P-256 or P-384, or RSA of 2048 to 4096 bits, in PEM form: PKCS#8, SEC 1 or PKCS#1,\n"
	    "and not encrypted: openssl pkey -in KEY takes its password away. To bring key and\n"
	    "certificate at once, with no time without TLS between, there is pki install.",
	.example = "pki key-import example.org < key.pem",
	.run = run_import,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(call, domain_key_remove(pki_call_domain(call), &err), &err);
}

OPERATION(pki_key_remove) = {
	.name = "pki key-remove",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "remove a domain's private key, and its certificate with it",
	.example = "pki key-remove example.org",
	.run = run_remove,
};

/* --- renew --- */

static int run_renew(struct op_call *call)
{
	struct err err = { 0 };

	return pki_call_answer(call, pki_domain_renew(pki_call_domain(call), &err), &err);
}

OPERATION(pki_renew) = {
	.name = "pki renew",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "make a new key and a self-signed certificate for a domain",
	.more = "What the domain had before is gone, also when it had been installed. The new\n"
		"certificate is shown from the next connection on; open ones stay.",
	.example = "pki renew example.org",
	.run = run_renew,
};

/* --- install --- */

static const struct op_arg install_args[] = {
	OP_PKI_DOMAIN,
	{ "pem", OP_SECRET, OP_REQUIRED, "key and certificates as one PEM text", NULL },
	{ 0 },
};

static int run_install(struct op_call *call)
{
	struct slice none = { 0 };
	struct err err = { 0 };

	return pki_call_answer(call,
	    pki_domain_install(pki_call_domain(call), op_secret(call, "pem"), none, &err), &err);
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
