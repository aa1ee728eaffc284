/* show.c - what a certificate says, for people */
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/text.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/pki_private.h"

static const char *hex(struct pool *pool, struct slice bytes)
{
	struct buf text = { 0 };

	hex_put(&text, bytes);
	const char *copy = pool_str(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

static const char *fingerprint(struct pool *pool, const struct cert *cert)
{
	struct buf text = { 0 };

	cert_fingerprint(cert, &text);
	const char *copy = pool_str(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

/* Of those that prove nothing any more. */
static const char *old_fingerprint(
    struct pool *pool, const struct cert *cert, enum wc_HashType type)
{
	unsigned char hash[WC_SHA_DIGEST_SIZE] = { 0 };
	int n = wc_HashGetDigestSize(type);

	wc_Hash(type, (const unsigned char *)cert->der.p, (word32)cert->der.n, hash, (word32)n);
	return hex(pool, slice_of(hash, (size_t)n));
}

static bool add_name(void *arg, struct slice name)
{
	struct buf *names = arg;

	buf_printf(names, "%s%.*s", names->n ? " " : "", SLICE_ARG(name));
	return true;
}

/* A DER INTEGER's leading zero says that it is positive, and is no part of the
   number as people know it. */
static struct slice number_bytes(struct slice integer)
{
	return integer.n > 1 && integer.p[0] == 0 ? slice_from(integer, 1) : integer;
}

void cert_describe(const struct cert *leaf, struct pool *pool, struct pki_cert *out)
{
	struct buf names = { 0 };

	cert_names(leaf, add_name, &names);
	out->names = pool_str(pool, buf_slice(&names));
	buf_done(&names);
	out->subject = cert_name_string(pool, leaf->subject);
	out->issuer = cert_name_string(pool, leaf->issuer);
	out->serial = hex(pool, number_bytes(leaf->serial));
	out->sha256 = fingerprint(pool, leaf);
	out->sha1 = old_fingerprint(pool, leaf, WC_HASH_TYPE_SHA);
	out->md5 = old_fingerprint(pool, leaf, WC_HASH_TYPE_MD5);
	out->not_before = leaf->not_before;
	out->not_after = leaf->not_after;
	out->self_signed = slice_eq(leaf->subject, leaf->issuer);
	out->key_type = cert_key_type(leaf);
}
