/* keysig.c - is this the signature of that key? */
#include "mailauth/keysig.h"

#include <nettle/asn1.h>
#include <nettle/eddsa.h>
#include <nettle/rsa.h>

enum { RSA_BITS_MIN = 1024, RSA_BITS_MAX = 4096, EXPONENT_BITS_MAX = 33 };

/* SubjectPublicKeyInfo: SEQUENCE { algorithm, BIT STRING } (RFC 5280 4.1). False: it is
   none. *inner is at what is in the bits. */
static bool enter_public_info(struct slice der, struct asn1_der_iterator *inner)
{
	struct asn1_der_iterator outer, info;

	return asn1_der_iterator_first(&outer, der.n, (const uint8_t *)der.p) ==
	    ASN1_ITERATOR_CONSTRUCTED &&
	    outer.type == ASN1_SEQUENCE &&
	    asn1_der_decode_constructed(&outer, &info) == ASN1_ITERATOR_CONSTRUCTED &&
	    info.type == ASN1_SEQUENCE &&
	    asn1_der_iterator_next(&info) == ASN1_ITERATOR_PRIMITIVE &&
	    info.type == ASN1_BITSTRING &&
	    asn1_der_decode_bitstring(&info, inner) == ASN1_ITERATOR_CONSTRUCTED;
}

/* RFC 6376 3.6.1 names an RSAPublicKey and shows a SubjectPublicKeyInfo: both are in
   use. */
static bool read_rsa(struct slice der, struct rsa_public_key *key)
{
	struct asn1_der_iterator i;

	if (!enter_public_info(der, &i) &&
	    asn1_der_iterator_first(&i, der.n, (const uint8_t *)der.p) != ASN1_ITERATOR_CONSTRUCTED)
		return false;
	return i.type == ASN1_SEQUENCE &&
	    rsa_public_key_from_der_iterator(key, 2 * RSA_BITS_MAX, &i);
}

static bool is_fair(const struct rsa_public_key *key)
{
	size_t bits = mpz_sizeinbase(key->n, 2);

	return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX &&
	    mpz_sizeinbase(key->e, 2) <= EXPONENT_BITS_MAX;
}

static enum keysig_result check_rsa(
    struct slice der, const unsigned char *digest, struct slice signature)
{
	enum keysig_result result = KEYSIG_NO_KEY;
	struct rsa_public_key key;
	mpz_t s;

	rsa_public_key_init(&key);
	mpz_init(s);
	if (read_rsa(der, &key)) {
		mpz_import(s, signature.n, 1, 1, 1, 0, signature.p);
		result = !is_fair(&key) ? KEYSIG_WEAK
		    : signature.n == key.size && rsa_sha256_verify_digest(&key, digest, s)
		    ? KEYSIG_GOOD
		    : KEYSIG_BAD;
	}
	mpz_clear(s);
	rsa_public_key_clear(&key);
	return result;
}

/* RFC 8463 3: it is the digest that is signed. */
static enum keysig_result check_ed25519(
    struct slice key, const unsigned char *digest, struct slice signature)
{
	if (key.n != ED25519_KEY_SIZE)
		return KEYSIG_NO_KEY;
	return signature.n == ED25519_SIGNATURE_SIZE &&
		ed25519_sha512_verify(
		    (const uint8_t *)key.p, DIGEST_SIZE, digest, (const uint8_t *)signature.p)
	    ? KEYSIG_GOOD
	    : KEYSIG_BAD;
}

enum keysig_result keysig_check(enum keysig_algorithm algorithm, struct slice key,
    const unsigned char digest[DIGEST_SIZE], struct slice signature)
{
	return algorithm == KEYSIG_RSA_SHA256 ? check_rsa(key, digest, signature)
					      : check_ed25519(key, digest, signature);
}
