/* told.c - changes of keys and certificates, told to the audit trail by fingerprints */
#include "pki/told.h"

#include "core/digest.h"
#include "core/op.h"
#include "core/text.h"
#include "pki/pki_private.h"

static void put_digest(struct slice der, struct buf *hex)
{
	unsigned char digest[DIGEST_SIZE];

	if (der.n == 0)
		return;
	digest_sha256(der, digest);
	hex_put(hex, slice_of(digest, sizeof(digest)));
}

void told_der(const char *what, const char *of, struct slice before, struct slice after)
{
	struct buf old = { 0 }, new = { 0 };

	put_digest(before, &old);
	put_digest(after, &new);
	op_changed(what, of, buf_slice(&old), buf_slice(&new));
	buf_done(&old);
	buf_done(&new);
}

static bool holds(struct slice list, const struct cert *cert)
{
	struct cert other;

	while (cert_next(&list, &other))
		if (slice_eq(other.der, cert->der))
			return true;
	return false;
}

void told_certs(const char *what, const char *of, struct slice before, struct slice after)
{
	struct slice none = { 0 };
	struct cert cert;

	for (struct slice rest = before; cert_next(&rest, &cert);)
		if (!holds(after, &cert))
			told_der(what, of, cert.der, none);
	for (struct slice rest = after; cert_next(&rest, &cert);)
		if (!holds(before, &cert))
			told_der(what, of, none, cert.der);
}

/* The public half of a key: as it stands in the certificate, if there is one. */
static void put_public(const char *domain, const struct domain_record *record, struct buf *out)
{
	struct sign_key key = { domain, record->key };
	struct slice der = record->leaf;
	struct key_info info = { 0 };
	struct cert leaf;

	if (record->key.n == 0)
		return;
	if (cert_next(&der, &leaf))
		buf_adds(out, leaf.public_info);
	else if (sign_look(&key, &info, NULL) == 0)
		buf_adds(out, buf_slice(&info.public_info));
	key_info_done(&info);
}

static void told_key(
    const char *domain, const struct domain_record *before, const struct domain_record *after)
{
	struct buf old = { 0 }, new = { 0 };

	put_public(domain, before, &old);
	put_public(domain, after, &new);
	told_der("key", domain, buf_slice(&old), buf_slice(&new));
	buf_done(&old);
	buf_done(&new);
}

void told_record(
    const char *domain, const struct domain_record *before, const struct domain_record *after)
{
	/* A key that is sealed anew looks new, but is not worth opening it for each change. */
	if (!slice_eq(before->key, after->key))
		told_key(domain, before, after);
	told_der("certificate", domain, before->leaf, after->leaf);
	told_der("chain", domain, before->above, after->above);
}
