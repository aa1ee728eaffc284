/* p256.c - the curve P-256 by libcrypto
 *
 * By its functions for one kind of key, which version 3 deprecates: those for all kinds look
 * up and allocate so much that a signature costs twice as much. */
#define OPENSSL_API_COMPAT 0x10101000L

#include "core/p256.h"

#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#include "core/err.h"
#include "core/libcrypto.h"

enum { UNCOMPRESSED = 4 }; /* the form of a point, SEC 1 2.3.3 */

static EC_GROUP *curve;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
	libcrypto_start();
	curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (!curve)
		bug("libcrypto has no P-256");
}

static EC_KEY *new_key(void)
{
	pthread_once(&once, start);
	EC_KEY *key = EC_KEY_new();
	if (key && !EC_KEY_set_group(key, curve)) {
		EC_KEY_free(key);
		key = NULL;
	}
	return key;
}

static EC_KEY *private_key(const unsigned char d[P256_NUMBER])
{
	EC_KEY *key = new_key();
	BIGNUM *number = BN_bin2bn(d, P256_NUMBER, NULL);

	/* From 1 to the order less one (FIPS 186-5 A.2.2): libcrypto would take others. */
	if (!key || !number || BN_is_zero(number) ||
	    BN_cmp(number, EC_GROUP_get0_order(curve)) >= 0 ||
	    !EC_KEY_set_private_key(key, number)) {
		EC_KEY_free(key);
		key = NULL;
	}
	BN_clear_free(number);
	return key;
}

/* NULL when it is not on the curve. */
static EC_POINT *point_of(const unsigned char bytes[P256_POINT])
{
	unsigned char form[1 + P256_POINT] = { UNCOMPRESSED };

	pthread_once(&once, start);
	EC_POINT *point = EC_POINT_new(curve);
	memcpy(form + 1, bytes, P256_POINT);
	if (point && !EC_POINT_oct2point(curve, point, form, sizeof(form), NULL)) {
		EC_POINT_free(point);
		point = NULL;
	}
	return point;
}

/* What libcrypto remembers of a failure is of no use to anybody later. */
static bool done(bool good)
{
	if (!good)
		ERR_clear_error();
	return good;
}

size_t p256_sign(const unsigned char d[P256_NUMBER], struct slice hash, unsigned char *signature)
{
	EC_KEY *key = private_key(d);
	unsigned n = 0;
	bool good = key &&
	    ECDSA_sign(0, (const unsigned char *)hash.p, (int)hash.n, signature, &n, key) == 1;

	EC_KEY_free(key);
	return done(good) ? n : 0;
}

bool p256_verify(const unsigned char point[P256_POINT], struct slice hash, struct slice signature)
{
	EC_KEY *key = new_key();
	EC_POINT *q = point_of(point);
	bool good = key && q && EC_KEY_set_public_key(key, q) == 1 &&
	    ECDSA_verify(0, (const unsigned char *)hash.p, (int)hash.n,
		(const unsigned char *)signature.p, (int)signature.n, key) == 1;

	EC_POINT_free(q);
	EC_KEY_free(key);
	return done(good);
}

static bool put_pair(const EC_KEY *key, unsigned char *d, unsigned char *point)
{
	unsigned char form[1 + P256_POINT];

	if (EC_POINT_point2oct(curve, EC_KEY_get0_public_key(key), POINT_CONVERSION_UNCOMPRESSED,
		form, sizeof(form), NULL) != sizeof(form) ||
	    BN_bn2binpad(EC_KEY_get0_private_key(key), d, P256_NUMBER) != P256_NUMBER)
		return false;
	memcpy(point, form + 1, P256_POINT);
	return true;
}

bool p256_make(unsigned char d[P256_NUMBER], unsigned char point[P256_POINT])
{
	EC_KEY *key = new_key();
	bool good = key && EC_KEY_generate_key(key) == 1 && put_pair(key, d, point);

	EC_KEY_free(key);
	return done(good);
}

bool p256_share(const unsigned char d[P256_NUMBER], const unsigned char point[P256_POINT],
    unsigned char x[P256_NUMBER])
{
	EC_KEY *key = private_key(d);
	EC_POINT *q = point_of(point);
	bool good = key && q && ECDH_compute_key(x, P256_NUMBER, q, key, NULL) == P256_NUMBER;

	EC_POINT_free(q);
	EC_KEY_free(key);
	return done(good);
}
