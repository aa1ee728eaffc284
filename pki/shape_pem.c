/* shape_pem.c - PEM texts with blocks of any kind in any order (RFC 7468, RFC 1421) */
#include "pki/pem.h"
#include "pki/shape.h"

/* --- kinds --- */

static int take_key(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	(void)password;
	return shape_take_key(der, out, err);
}

static int take_cert(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	(void)password;
	return shape_take_cert(der, out, err);
}

static int take_request(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	return shape_take_der(der, password, out, err); /* says what it is */
}

static int take_ssh(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	(void)der, (void)password, (void)out;
	return err_set(err, ERR_INPUT,
	    "the private key is in the form of OpenSSH: ssh-keygen -p -m PEM -f KEY makes it PEM");
}

/* Parameters and public keys stand beside what is wanted; they are passed over. */
static const struct kind {
	const char *name;
	int (*take)(struct slice der, struct slice password, struct shape *out, struct err *err);
} kinds[] = {
	{ "CERTIFICATE", take_cert },
	{ "X509 CERTIFICATE", take_cert },
	{ "TRUSTED CERTIFICATE", take_cert }, /* COMPAT: openssl; what is behind it is its own */
	{ "PRIVATE KEY", take_key },
	{ "RSA PRIVATE KEY", take_key },
	{ "EC PRIVATE KEY", take_key },
	{ "ENCRYPTED PRIVATE KEY", shape_take_locked },
	{ "PKCS7", shape_take_der },
	{ "CMS", shape_take_der },
	{ "PKCS12", shape_take_der },
	{ "CERTIFICATE REQUEST", take_request },
	{ "NEW CERTIFICATE REQUEST", take_request },
	{ "OPENSSH PRIVATE KEY", take_ssh },
};

static const struct kind *kind_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_eq(name, slice_str(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

static int take_block(const struct kind *kind, const struct pem_block *block, struct slice der,
    struct slice password, struct shape *out, struct err *err)
{
	if (block->encrypted)
		return err_set(err, ERR_INPUT,
		    "the private key is encrypted in an old way: take its password away with "
		    "openssl pkey -in KEY -out NEW");
	return kind->take(der, password, out, err);
}

int shape_take_pem(struct slice pem, struct slice password, struct shape *out, struct err *err)
{
	size_t before = out->key.n + out->certs.n;
	struct slice rest = pem;
	struct pem_block block;
	struct buf der = { 0 };
	struct err why = { 0 };
	enum pem_got got;
	int rc = 0;

	for (unsigned n = 1; rc == 0 && (got = pem_take(&rest, &block, &der, &why)) != PEM_END;
	     n++) {
		const struct kind *kind = kind_of(block.kind);
		if (kind && got == PEM_BROKEN && !block.encrypted)
			rc = err_set(err, ERR_INPUT, "block %u of the PEM text (%.*s) %s", n,
			    SLICE_ARG(block.kind), why.text);
		else if (kind)
			rc = take_block(kind, &block, buf_slice(&der), password, out, err);
	}
	buf_wipe(&der);
	out->form = "PEM";
	if (rc == 0 && out->key.n + out->certs.n == before)
		rc = pem_missing(pem, "key and no certificate", err);
	return rc;
}
