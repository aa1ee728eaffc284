/* key_read.c - private keys as people bring them: the forms that are read, and words for the others
 */
#include "pki/key_private.h"

#include "pki/der.h"
#include "pki/pem.h"

/* --- PEM --- */

static const char *const forms[] = { "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY" };

static const struct {
	const char *kind, *why;
} refusals[] = {
	{ "ENCRYPTED PRIVATE KEY", NULL },
	{ "OPENSSH PRIVATE KEY",
	    "the private key is in OpenSSH's own form: ssh-keygen -p -m PEM -f FILE makes PEM of it" },
	{ "DSA PRIVATE KEY", "DSA keys are not used: EC P-256 and P-384, and RSA are" },
};

static bool is_private_key(struct slice kind)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (slice_eq(kind, slice_str(forms[i])))
			return true;
	return false;
}

static int check_refusals(const struct pem_block *block, struct err *err)
{
	const char *why = NULL;
	bool refused = block->encrypted && is_private_key(block->kind);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (slice_eq(block->kind, slice_str(refusals[i].kind))) {
			refused = true;
			why = refusals[i].why;
		}
	if (!refused)
		return 0;
	return err_set(err, ERR_INPUT, "%s",
	    why ? why
		: "the private key is encrypted: remove its password first, openssl pkey -in FILE "
		  "does");
}

/* *der is kept by the first; a second one is a mistake. */
static int take_key(struct buf *one, struct buf *der, bool *found, struct err *err)
{
	if (*found)
		return err_set(err, ERR_INPUT, "there are several private keys: give one");
	*found = true;
	buf_room(der, one->n);
	buf_adds(der, buf_slice(one));
	return 0;
}

int key_from_pem(struct slice pem, struct buf *der, struct err *err)
{
	struct slice rest = pem;
	struct pem_block block;
	struct buf one = { 0 };
	struct err why = { 0 };
	bool found = false;
	enum pem_got got;
	int rc = 0;

	while (rc == 0 && (got = pem_take(&rest, &block, &one, &why)) != PEM_END) {
		rc = check_refusals(&block, err);
		if (rc != 0 || !is_private_key(block.kind))
			continue;
		if (got == PEM_BROKEN)
			rc = err_set(err, ERR_INPUT, "the private key %s", why.text);
		else
			rc = take_key(&one, der, &found, err);
	}
	buf_wipe(&one);
	return rc == 0 && !found ? pem_missing(pem, "private key", err) : rc;
}

/* --- DER: what kind of key is it? --- */

struct kind_name {
	const char *oid, *name;
};

/* Those that may be met; the first column of each decides, the others are named. */
static const struct kind_name algorithms[] = {
	{ "1.2.840.113549.1.1.10", "RSA-PSS keys are" },
	{ "1.3.101.112", "Ed25519 keys are" },
	{ "1.3.101.113", "Ed448 keys are" },
	{ "1.3.101.110", "X25519 keys are" },
	{ "1.3.101.111", "X448 keys are" },
	{ "1.2.840.10040.4.1", "DSA keys are" },
	{ "1.2.840.113549.1.3.1", "Diffie-Hellman keys are" },
};

static const struct kind_name curves[] = {
	{ "1.3.132.0.35", "keys on the curve P-521 are" },
	{ "1.3.132.0.10", "keys on the curve secp256k1 are" },
	{ "1.3.36.3.3.2.8.1.1.7", "keys on the curve brainpoolP256r1 are" },
	{ "1.3.36.3.3.2.8.1.1.11", "keys on the curve brainpoolP384r1 are" },
	{ "1.2.840.10045.3.1.1", "keys on the curve P-192 are" },
	{ "1.3.132.0.33", "keys on the curve P-224 are" },
};

static int not_used(const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s not used here: EC P-256 and P-384, and RSA are", what);
}

static int refuse(
    const struct kind_name *names, size_t n, struct slice oid, const char *other, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (der_oid_is(oid, names[i].oid))
			return not_used(names[i].name, err);
	return not_used(other, err);
}

/* RFC 5480 2.1.1: the curve by its name, and no other way. */
static int check_curve(struct slice parameters, struct err *err)
{
	struct slice oid = { 0 };

	if (!der_want(&parameters, DER_OID, &oid))
		return not_used("keys on curves without a name are", err);
	if (der_oid_is(oid, "1.2.840.10045.3.1.7") || der_oid_is(oid, "1.3.132.0.34"))
		return 0;
	return refuse(curves, sizeof(curves) / sizeof(*curves), oid, "keys on this curve are", err);
}

/* SEC 1, RFC 5915 3: number, then [0] the curve. */
static int look_sec1(struct slice inside, struct key_form *out, struct err *err)
{
	struct slice number, parameters;

	out->kind = KEY_FORM_EC;
	if (!der_want(&inside, DER_OCTETS, &number))
		return -1;
	if (!der_want(&inside, DER_CONTEXT_CONSTRUCTED | 0, &parameters))
		return err_set(err, ERR_INPUT, "the private key does not say on which curve it is");
	return check_curve(parameters, err);
}

/* RFC 5958 2: algorithm, then the key in the form of its kind. */
static int look_pkcs8(struct slice inside, struct key_form *out, struct err *err)
{
	struct slice algorithm, oid;

	if (!der_want(&inside, DER_SEQUENCE, &algorithm) || !der_want(&algorithm, DER_OID, &oid) ||
	    !der_want(&inside, DER_OCTETS, &out->inside))
		return -1;
	if (der_oid_is(oid, "1.2.840.113549.1.1.1")) {
		out->kind = KEY_FORM_RSA;
		return 0;
	}
	out->kind = KEY_FORM_EC;
	if (der_oid_is(oid, "1.2.840.10045.2.1"))
		return check_curve(algorithm, err);
	return refuse(algorithms, sizeof(algorithms) / sizeof(*algorithms), oid,
	    "keys of this kind are", err);
}

int key_form(struct slice der, struct key_form *out, struct err *err)
{
	struct slice rest = der, inside, version;
	struct der next = { 0 };
	struct err why = { 0 };
	int rc = -1;

	*out = (struct key_form){ .inside = der };
	if (der_want(&rest, DER_SEQUENCE, &inside) && rest.n == 0 &&
	    der_want(&inside, DER_INTEGER, &version)) {
		struct slice behind = inside;
		if (!der_next(&behind, &next))
			next.tag = 0;
	}
	if (next.tag == DER_SEQUENCE) {
		rc = look_pkcs8(inside, out, &why);
	} else if (next.tag == DER_OCTETS) {
		rc = look_sec1(inside, out, &why);
	} else if (next.tag == DER_INTEGER) {
		out->kind = KEY_FORM_RSA;
		rc = 0;
	}
	if (rc == 0)
		return 0;
	return err_set(err, ERR_INPUT, "%s",
	    why.kind != ERR_NONE ? why.text : "this is no private key for EC or RSA");
}
