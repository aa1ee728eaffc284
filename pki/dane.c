/* dane.c - certificates judged by what was said of them beforehand (RFC 6698, RFC 7671, RFC 7672)
 */
#include "pki/dane.h"

#include <time.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "pki/verify.h"

enum { USAGE_TA = 2, USAGE_EE = 3, CHAIN_MAX = 20 };

struct pin {
	unsigned usage, selector, matching;
	struct slice data;
};

static bool next_pin(struct slice *rest, struct pin *out)
{
	const unsigned char *p = (const unsigned char *)rest->p;

	if (rest->n < 2)
		return false;
	size_t n = (size_t)p[0] << 8 | p[1];
	if (n < 4 || n > rest->n - 2)
		return false;
	*out = (struct pin){ p[2], p[3], p[4], slice_of(p + 5, n - 3) };
	*rest = slice_from(*rest, 2 + n);
	return true;
}

/* --- does one fit? (RFC 6698 2.1.2, 2.1.3) --- */

static bool hash_fits(enum wc_HashType type, struct slice data, struct slice hash)
{
	unsigned char out[WC_MAX_DIGEST_SIZE];
	int n = wc_HashGetDigestSize(type);

	return n > 0 && wc_Hash(type, (const byte *)data.p, (word32)data.n, out, (word32)n) == 0 &&
	    slice_eq(hash, slice_of(out, (size_t)n));
}

static bool fits(const struct pin *pin, const struct cert *cert)
{
	struct slice data = pin->selector == 0 ? cert->der : cert->public_info;

	if (pin->selector > 1)
		return false;
	switch (pin->matching) {
	case 0:
		return slice_eq(pin->data, data);
	case 1:
		return hash_fits(WC_HASH_TYPE_SHA256, data, pin->data);
	case 2:
		return hash_fits(WC_HASH_TYPE_SHA512, data, pin->data);
	default:
		return false;
	}
}

/* --- an authority --- */

static int trace_to(const struct tls_claim *claim, struct slice anchor, struct err *err)
{
	struct trust trust = { { trust_set_new(anchor) } };
	struct verify_spec spec = { .trust = &trust, .purpose = VERIFY_SERVER, .now = time(NULL) };
	int rc = verify_chain(&spec, claim->chain, err);

	trust_give_back(&trust);
	return rc == 0 ? verify_host(claim->chain, claim->host, claim->names, err) : -1;
}

/* One that the server sent, or that the record itself holds (RFC 7671 5.2). */
static int by_authority(const struct pin *pin, const struct tls_claim *claim, struct err *err)
{
	struct slice rest = claim->chain, whole = pin->data;
	struct cert cert;
	int rc = -1;

	cert_next(&rest, &cert); /* the server's own is no authority */
	for (size_t i = 0; rc != 0 && i < CHAIN_MAX && cert_next(&rest, &cert); i++)
		if (fits(pin, &cert))
			rc = trace_to(claim, cert.der, err);
	if (rc != 0 && pin->selector == 0 && pin->matching == 0 && cert_next(&whole, &cert))
		rc = trace_to(claim, cert.der, err);
	return rc;
}

int dane_verify(const struct tls_claim *claim, struct err *err)
{
	struct slice rest = claim->pins, chain = claim->chain;
	struct err why = { 0 };
	struct cert leaf;
	struct pin pin;

	if (!cert_next(&chain, &leaf))
		return err_set(err, ERR_INPUT, "it cannot be read");
	while (next_pin(&rest, &pin)) {
		if (pin.usage == USAGE_EE && fits(&pin, &leaf))
			return 0;
		if (pin.usage == USAGE_TA && by_authority(&pin, claim, &why) == 0)
			return 0;
	}
	return why.kind != ERR_NONE
	    ? err_set(err, why.kind, "%s", why.text)
	    : err_set(err, ERR_INPUT, "it is none of those that were announced");
}
