/* cms_open.c - whom a message is for, and the content's key for him (RFC 5652 6.2) */
#include "smime/cms_open.h"

#include "pki/cert.h"
#include "pki/der.h"

enum { RECIPIENTS_MAX = 10000 };

struct opening {
	const struct cms_keys *keys;
	unsigned char *out;
	size_t n;
	struct err *err;
	bool failed; /* a key could not be had: *err says why */
	bool met;    /* there was one for us */
};

/* --- whose --- */

/* RecipientIdentifier: IssuerAndSerialNumber, or a key identifier. */
static bool names(const struct cert *cert, const struct der *id)
{
	struct slice rest = id->value, serial;
	struct der issuer;

	if (id->tag != DER_SEQUENCE)
		return cert->subject_key_id.n > 0 && slice_eq(id->value, cert->subject_key_id);
	return der_next(&rest, &issuer) && der_want(&rest, DER_INTEGER, &serial) &&
	    slice_eq(issuer.whole, cert->issuer) && slice_eq(serial, cert->serial);
}

/* Which of the certificates; or keys->n. */
static size_t find(const struct cms_keys *keys, const struct der *id)
{
	struct cert cert;
	size_t i = 0;

	for (; i < keys->n; i++) {
		struct slice der = keys->certs[i];
		if (cert_next(&der, &cert) && names(&cert, id))
			break;
	}
	return i;
}

/* The private key of that certificate. */
static bool get_key(struct opening *o, size_t i, struct buf *key)
{
	o->met = true;
	if (o->keys->open(o->keys->arg, i, key, o->err) == 0)
		return true;
	o->failed = true;
	return false;
}

/* --- key transport --- */

static bool try_transport(struct opening *o, struct slice info)
{
	struct slice version, algorithm, encrypted;
	struct buf key = { 0 };
	struct der id;

	if (!der_want(&info, DER_INTEGER, &version) || !der_next(&info, &id) ||
	    !der_want(&info, DER_SEQUENCE, &algorithm) || !der_want(&info, DER_OCTETS, &encrypted))
		return false;
	size_t i = find(o->keys, &id);
	if (i == o->keys->n)
		return false;
	bool good = get_key(o, i, &key) &&
	    cms_open_transport(buf_slice(&key), algorithm, encrypted, o->out, o->n);
	buf_wipe(&key);
	return good;
}

/* --- key agreement --- */

/* KeyAgreeRecipientIdentifier: [0] has the key identifier first. */
static bool read_agree_id(struct der *id)
{
	struct slice rest = id->value;

	if (id->tag == (DER_CONTEXT_CONSTRUCTED | 0))
		return der_want(&rest, DER_OCTETS, &id->value);
	return id->tag == DER_SEQUENCE;
}

static bool try_encrypted_key(struct opening *o, struct cms_agreement *agreement, struct slice one)
{
	struct buf key = { 0 };
	struct der id;

	if (!der_next(&one, &id) || !read_agree_id(&id) ||
	    !der_want(&one, DER_OCTETS, &agreement->wrapped))
		return false;
	size_t i = find(o->keys, &id);
	if (i == o->keys->n)
		return false;
	bool good =
	    get_key(o, i, &key) && cms_open_agreement(buf_slice(&key), agreement, o->out, o->n);
	buf_wipe(&key);
	return good;
}

static bool try_agreement(struct opening *o, struct slice info)
{
	struct slice version, originator, tagged, ukm, list, one;
	struct cms_agreement agreement = { 0 };

	if (!der_want(&info, DER_INTEGER, &version) ||
	    !der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &originator) ||
	    !der_want(&originator, DER_CONTEXT_CONSTRUCTED | 1, &agreement.point))
		return false; /* RFC 5753 3.1.1: EC senders show a key */
	if (der_want(&info, DER_CONTEXT_CONSTRUCTED | 1, &tagged) &&
	    der_want(&tagged, DER_OCTETS, &ukm))
		agreement.ukm = &ukm;
	if (!der_want(&info, DER_SEQUENCE, &agreement.algorithm) ||
	    !der_want(&info, DER_SEQUENCE, &list))
		return false;
	while (!o->failed && der_want(&list, DER_SEQUENCE, &one))
		if (try_encrypted_key(o, &agreement, one))
			return true;
	return false;
}

/* --- all --- */

int cms_open_key(struct slice recipients, const struct cms_keys *keys, unsigned char *out, size_t n,
    struct err *err)
{
	struct opening o = { .keys = keys, .out = out, .n = n, .err = err };
	struct der info;
	bool found = false;

	for (unsigned i = 0; !found && !o.failed && i < RECIPIENTS_MAX; i++) {
		if (!der_next(&recipients, &info))
			break;
		if (info.tag == DER_SEQUENCE)
			found = try_transport(&o, info.value);
		else if (info.tag == (DER_CONTEXT_CONSTRUCTED | 1))
			found = try_agreement(&o, info.value);
	}
	if (found)
		return 0;
	if (o.failed)
		return -1;
	return o.met
	    ? err_set(err, ERR_INPUT, "how the key was encrypted is not known here, or malformed")
	    : err_set(err, ERR_DENIED, "the message is not encrypted for any of these keys");
}

bool cms_private_key(
    struct slice pkcs8, struct slice *oid, struct slice *parameters, struct slice *key)
{
	struct slice info, version, algorithm;

	if (!der_want(&pkcs8, DER_SEQUENCE, &info) || !der_want(&info, DER_INTEGER, &version) ||
	    !der_want(&info, DER_SEQUENCE, &algorithm) || !der_want(&algorithm, DER_OID, oid) ||
	    !der_want(&info, DER_OCTETS, key))
		return false;
	*parameters = algorithm;
	return true;
}
