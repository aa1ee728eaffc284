/* cert_read.c - what a certificate says */
#include "pki/cert_private.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/text.h"
#include "pki/der.h"

/* --- structure (RFC 5280 4.1) --- */

static bool read_validity(struct slice *tbs, struct cert *c)
{
	struct slice validity;

	return der_want(tbs, DER_SEQUENCE, &validity) && der_time_get(&validity, &c->not_before) &&
	    der_time_get(&validity, &c->not_after) && validity.n == 0;
}

static bool read_extensions(struct slice *tbs, struct cert *c)
{
	struct slice explicit, list;

	c->path_length = CERT_PATH_UNLIMITED;
	c->explicit_policy = c->inhibit_mapping = c->inhibit_any = -1;
	if (!der_want(tbs, DER_CONTEXT_CONSTRUCTED | 3, &explicit))
		return true;
	return c->version == 3 && der_want(&explicit, DER_SEQUENCE, &list) && explicit.n == 0 &&
	    cert_read_extensions(list, c);
}

/* RFC 5280 4.1.2.1: absent, it is 1. */
static bool read_version(struct slice *tbs, struct cert *c)
{
	struct slice explicit, number;

	c->version = 1;
	if (!der_want(tbs, DER_CONTEXT_CONSTRUCTED | 0, &explicit))
		return true;
	if (!der_want(&explicit, DER_INTEGER, &number) || explicit.n > 0 || number.n != 1)
		return false;
	c->version = number.p[0] + 1;
	return c->version == 2 || c->version == 3;
}

static bool read_whole(struct slice *tbs, struct slice *whole)
{
	struct der value;

	if (!der_next(tbs, &value) || value.tag != DER_SEQUENCE)
		return false;
	*whole = value.whole;
	return true;
}

static bool read_tbs(struct slice tbs, struct cert *c)
{
	struct slice unique_id;

	if (!read_version(&tbs, c) || !der_want(&tbs, DER_INTEGER, &c->serial) ||
	    !read_whole(&tbs, &c->inner_algorithm) || !read_whole(&tbs, &c->issuer) ||
	    !read_validity(&tbs, c) || !read_whole(&tbs, &c->subject) ||
	    !read_whole(&tbs, &c->public_info))
		return false;
	der_want(&tbs, DER_CONTEXT | 1, &unique_id); /* of version 2 */
	der_want(&tbs, DER_CONTEXT | 2, &unique_id);
	return read_extensions(&tbs, c) && tbs.n == 0;
}

bool cert_next(struct slice *rest, struct cert *out)
{
	struct slice s = *rest, body;
	struct der whole, part;

	*out = (struct cert){ 0 };
	if (!der_next(&s, &whole) || whole.tag != DER_SEQUENCE)
		return false;
	out->der = whole.whole;
	body = whole.value;
	if (!der_next(&body, &part) || part.tag != DER_SEQUENCE || !read_tbs(part.value, out))
		return false;
	out->tbs = part.whole;
	if (!der_next(&body, &part) || part.tag != DER_SEQUENCE)
		return false;
	out->signature_algorithm = part.whole;
	if (!der_want(&body, DER_BITS, &out->signature) || body.n > 0)
		return false;
	*rest = s;
	return true;
}

static struct slice key_bits(struct slice public_info)
{
	struct slice info, algorithm, bits;

	if (der_want(&public_info, DER_SEQUENCE, &info) &&
	    der_want(&info, DER_SEQUENCE, &algorithm) && der_want(&info, DER_BITS, &bits))
		return bits;
	return (struct slice){ 0 };
}

bool cert_has_key(const struct cert *cert, struct slice public_info)
{
	struct slice bits = key_bits(cert->public_info);

	return bits.n > 0 && slice_eq(bits, key_bits(public_info));
}

void cert_fingerprint(const struct cert *cert, struct buf *hex)
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE] = { 0 };

	wc_Sha256Hash((const unsigned char *)cert->der.p, (word32)cert->der.n, hash);
	hex_put(hex, slice_of(hash, sizeof(hash)));
}

/* --- names --- */

static bool is_host(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	return name.n > 0;
}

void cert_names(const struct cert *cert, bool (*visit)(void *arg, struct slice name), void *arg)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT | 2) && is_host(name.value) && !visit(arg, name.value))
			return;
}

static bool matches(struct slice pattern, struct slice host)
{
	if (slice_ieq(pattern, host))
		return true;
	if (!slice_starts(pattern, SLICE("*.")))
		return false;
	ptrdiff_t dot = slice_chr(host, '.');
	/* One label, and not a whole top-level domain. */
	return dot > 0 && slice_chr(slice_from(pattern, 2), '.') >= 0 &&
	    slice_ieq(slice_from(pattern, 1), slice_from(host, (size_t)dot));
}

struct search {
	struct slice host;
	bool found;
};

static bool look(void *arg, struct slice name)
{
	struct search *search = arg;

	search->found = matches(name, search->host);
	return !search->found;
}

bool cert_covers(const struct cert *cert, struct slice host)
{
	struct search search = { .host = host };

	cert_names(cert, look, &search);
	return search.found;
}
