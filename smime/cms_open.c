/* cms_open.c - whom a message is for, and the content's key for him (RFC 5652 6.2) */
#include "smime/cms_open.h"

#include <stdlib.h>

#include "pki/cert.h"
#include "pki/der.h"

enum {
	RECIPIENTS_MAX = 10000,
	MATCHES_MAX = 8, /* of RecipientInfos for us: opening a key is slow on purpose */
};

struct opening {
	const struct cms_keys *keys;
	struct cert *certs; /* as many, read */
	unsigned char *out;
	size_t n;
	struct err *err;
	unsigned matches;
	bool failed;	/* a key could not be had: *err says why */
	struct buf key; /* the one that was opened last */
	size_t opened;	/* which it is; keys->n: none */
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
static size_t find(const struct opening *o, const struct der *id)
{
	size_t i = 0;

	while (i < o->keys->n && !names(&o->certs[i], id))
		i++;
	return i;
}

/* The private key of who is named; false: it is nobody of ours, or it cannot be
   had. */
static bool get_key(struct opening *o, const struct der *id)
{
	size_t i = find(o, id);

	if (i == o->keys->n || o->matches == MATCHES_MAX)
		return false;
	o->matches++;
	if (i == o->opened)
		return true;
	buf_wipe(&o->key);
	o->opened = o->keys->n;
	if (o->keys->open(o->keys->arg, i, &o->key, o->err) != 0) {
		o->failed = true;
		return false;
	}
	o->opened = i;
	return true;
}

/* --- key transport --- */

static bool try_transport(struct opening *o, struct slice info)
{
	struct slice version, algorithm, encrypted;
	struct der id;

	return der_want(&info, DER_INTEGER, &version) && der_next(&info, &id) &&
	    der_want(&info, DER_SEQUENCE, &algorithm) && der_want(&info, DER_OCTETS, &encrypted) &&
	    get_key(o, &id) &&
	    cms_open_transport(buf_slice(&o->key), algorithm, encrypted, o->out, o->n);
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
	struct der id;

	return der_next(&one, &id) && read_agree_id(&id) &&
	    der_want(&one, DER_OCTETS, &agreement->wrapped) && get_key(o, &id) &&
	    cms_open_agreement(buf_slice(&o->key), agreement, o->out, o->n);
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

static bool try_one(struct opening *o, const struct der *info)
{
	if (info->tag == DER_SEQUENCE)
		return try_transport(o, info->value);
	return info->tag == (DER_CONTEXT_CONSTRUCTED | 1) && try_agreement(o, info->value);
}

static bool try_all(struct opening *o, struct slice recipients)
{
	struct der info;

	for (unsigned i = 0; i < RECIPIENTS_MAX && !o->failed; i++) {
		if (!der_next(&recipients, &info))
			return false;
		if (try_one(o, &info))
			return true;
	}
	return false;
}

/* One that cannot be read is nobody's. */
static struct cert *read_certs(const struct cms_keys *keys)
{
	struct cert *certs = mem_get((keys->n + 1) * sizeof(*certs));

	for (size_t i = 0; i < keys->n; i++) {
		struct slice der = keys->certs[i];
		if (!cert_next(&der, &certs[i]))
			certs[i] = (struct cert){ 0 };
	}
	return certs;
}

int cms_open_key(struct slice recipients, const struct cms_keys *keys, unsigned char *out, size_t n,
    struct err *err)
{
	struct opening o = { .keys = keys,
		.certs = read_certs(keys),
		.out = out,
		.n = n,
		.err = err,
		.opened = keys->n };
	bool found = try_all(&o, recipients);

	buf_wipe(&o.key);
	free(o.certs);
	if (found)
		return 0;
	if (o.failed)
		return -1;
	return o.matches > 0
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
