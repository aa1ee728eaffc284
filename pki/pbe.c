/* pbe.c - PBES2 (RFC 8018): secrets under a password */
#include "pki/pbe_private.h"

#include <nettle/pbkdf2.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "core/random.h"
#include "pki/der.h"

enum {
	SALT = 16,
	SALT_MAX = 1024,
	SCRYPT_MEMORY_MAX = 64 << 20,
	SCRYPT_WORK_MAX = 1 << 22, /* N * r * p */
};

#define OID_PBES2 "1.2.840.113549.1.5.13"
#define OID_PBKDF2 "1.2.840.113549.1.5.12"
#define OID_SCRYPT "1.3.6.1.4.1.11591.4.11"
#define OID_HMAC_SHA256 "1.2.840.113549.2.9"
#define OID_AES_256_CBC "2.16.840.1.101.3.4.1.42"

/* --- deriving the key --- */

typedef void derive_fn(size_t password_n, const uint8_t *password, unsigned iterations,
    size_t salt_n, const uint8_t *salt, size_t n, uint8_t *out);

static const struct {
	const char *oid;
	derive_fn *derive;
} functions[] = {
	{ OID_HMAC_SHA256, pbkdf2_hmac_sha256 },
	{ "1.2.840.113549.2.7", pbkdf2_hmac_sha1 },
	{ "1.2.840.113549.2.10", pbkdf2_hmac_sha384 },
	{ "1.2.840.113549.2.11", pbkdf2_hmac_sha512 },
};

/* RFC 8018 A.2: HMAC-SHA-1 when nothing is said. */
static derive_fn *function_of(struct slice rest)
{
	struct slice algorithm, oid;

	if (rest.n == 0)
		return pbkdf2_hmac_sha1;
	if (!der_want(&rest, DER_SEQUENCE, &algorithm) || !der_want(&algorithm, DER_OID, &oid))
		return NULL;
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (der_oid_is(oid, functions[i].oid))
			return functions[i].derive;
	return NULL;
}

/* A non-negative INTEGER of at most 31 bits. */
static bool take_number(struct slice *rest, unsigned *out)
{
	struct slice n;

	if (!der_want(rest, DER_INTEGER, &n) || n.n == 0 || n.n > 4 || (n.p[0] & 0x80))
		return false;
	*out = 0;
	for (size_t i = 0; i < n.n; i++)
		*out = *out << 8 | (unsigned char)n.p[i];
	return true;
}

bool pbe_iterations(struct slice *rest, unsigned *out)
{
	return take_number(rest, out) && *out > 0 && *out <= PBE_ITERATIONS_MAX;
}

static int malformed(struct err *err)
{
	return err_set(
	    err, ERR_INPUT, "how this was encrypted is malformed, or asks for too much work");
}

static int unknown(struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "this was encrypted in a way that is not read here: openssl pkcs12 -legacy, or pkcs8, "
	    "writes it anew");
}

static int by_pbkdf2(
    struct slice password, struct slice p, unsigned char *key, size_t n, struct err *err)
{
	struct slice salt, length;
	unsigned iterations;

	if (!der_want(&p, DER_OCTETS, &salt) || salt.n > SALT_MAX ||
	    !pbe_iterations(&p, &iterations))
		return malformed(err);
	der_want(&p, DER_INTEGER, &length); /* follows from the cipher */
	derive_fn *derive = function_of(p);
	if (!derive)
		return unknown(err);
	derive(password.n, (const uint8_t *)password.p, iterations, salt.n, (const uint8_t *)salt.p,
	    n, key);
	return 0;
}

/* RFC 7914 7.1 */
static int by_scrypt(
    struct slice password, struct slice p, unsigned char *key, size_t n, struct err *err)
{
	struct slice salt;
	unsigned cost, block, parallel;
	int bits = 0;

	if (!der_want(&p, DER_OCTETS, &salt) || salt.n > SALT_MAX || !take_number(&p, &cost) ||
	    !take_number(&p, &block) || !take_number(&p, &parallel) || cost < 2 ||
	    (cost & (cost - 1)) != 0 || block == 0 || parallel == 0 ||
	    (uint64_t)cost * block > SCRYPT_MEMORY_MAX / 128 ||
	    (uint64_t)cost * block * parallel > SCRYPT_WORK_MAX)
		return malformed(err);
	while (1u << bits < cost)
		bits++;
	int rc = wc_scrypt(key, (const byte *)password.p, (int)password.n, (const byte *)salt.p,
	    (int)salt.n, bits, (int)block, (int)parallel, (int)n);
	return rc == 0 ? 0 : malformed(err);
}

static int derive_key(
    struct slice password, struct slice function, unsigned char *key, size_t n, struct err *err)
{
	struct slice oid, parameters;

	if (!der_want(&function, DER_OID, &oid) || !der_want(&function, DER_SEQUENCE, &parameters))
		return malformed(err);
	if (der_oid_is(oid, OID_PBKDF2))
		return by_pbkdf2(password, parameters, key, n, err);
	if (der_oid_is(oid, OID_SCRYPT))
		return by_scrypt(password, parameters, key, n, err);
	return unknown(err);
}

/* --- unlock --- */

int pbe_open(const struct cbc *cipher, const unsigned char *key, const unsigned char *iv,
    struct slice in, struct buf *plain, struct err *err)
{
	struct err why = { 0 };

	if (cbc_open(cipher, key, iv, in, plain, &why) == 0)
		return 0;
	return err_set(err, why.kind, "%s", why.kind == ERR_DENIED ? "wrong password" : why.text);
}

static int unlock_pbes2(struct slice password, struct slice parameters, struct slice cipher,
    struct buf *plain, struct err *err)
{
	unsigned char key[CBC_KEY_MAX];
	struct slice function, scheme, oid, iv;

	if (!der_want(&parameters, DER_SEQUENCE, &function) ||
	    !der_want(&parameters, DER_SEQUENCE, &scheme) || !der_want(&scheme, DER_OID, &oid) ||
	    !der_want(&scheme, DER_OCTETS, &iv))
		return malformed(err);
	const struct cbc *by = cbc_find(oid);
	if (!by)
		return unknown(err);
	if (iv.n != by->block_n)
		return malformed(err);
	int rc = derive_key(password, function, key, by->key_n, err);
	if (rc == 0)
		rc = pbe_open(by, key, (const unsigned char *)iv.p, cipher, plain, err);
	bytes_wipe(key, sizeof(key));
	return rc;
}

int pbe_unlock(struct slice password, struct slice algorithm, struct slice cipher,
    struct buf *plain, struct err *err)
{
	struct slice inside, oid, parameters;

	if (password.n > PBE_PASSWORD_MAX)
		return err_set(err, ERR_DENIED, "wrong password");
	if (!der_want(&algorithm, DER_SEQUENCE, &inside) || !der_want(&inside, DER_OID, &oid) ||
	    !der_want(&inside, DER_SEQUENCE, &parameters))
		return malformed(err);
	if (der_oid_is(oid, OID_PBES2))
		return unlock_pbes2(password, parameters, cipher, plain, err);
	const struct cbc *by = cbc_find_pkcs12(oid);
	return by ? pbe_unlock_pkcs12(password, by, parameters, cipher, plain, err) : unknown(err);
}

/* --- lock --- */

static void put_algorithm(struct buf *out, struct slice salt, struct slice iv)
{
	size_t whole = der_open(out, DER_SEQUENCE);
	der_oid(out, OID_PBES2);
	size_t pbes2 = der_open(out, DER_SEQUENCE);

	size_t function = der_open(out, DER_SEQUENCE);
	der_oid(out, OID_PBKDF2);
	size_t parameters = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OCTETS, salt);
	der_number(out, PBE_ITERATIONS);
	size_t hmac = der_open(out, DER_SEQUENCE);
	der_oid(out, OID_HMAC_SHA256);
	der_null(out);
	der_close(out, hmac);
	der_close(out, parameters);
	der_close(out, function);

	size_t scheme = der_open(out, DER_SEQUENCE);
	der_oid(out, OID_AES_256_CBC);
	der_put(out, DER_OCTETS, iv);
	der_close(out, scheme);
	der_close(out, pbes2);
	der_close(out, whole);
}

int pbe_lock(struct slice password, struct slice plain, struct buf *algorithm, struct buf *cipher,
    struct err *err)
{
	unsigned char salt[SALT], iv[16], key[32];

	if (password.n > PBE_PASSWORD_MAX)
		return err_set(
		    err, ERR_LIMIT, "the password is longer than %d bytes", PBE_PASSWORD_MAX);
	random_bytes(salt, sizeof(salt));
	random_bytes(iv, sizeof(iv));
	pbkdf2_hmac_sha256(password.n, (const uint8_t *)password.p, PBE_ITERATIONS, sizeof(salt),
	    salt, sizeof(key), key);
	put_algorithm(algorithm, slice_of(salt, sizeof(salt)), slice_of(iv, sizeof(iv)));
	cbc_close_aes_256(key, iv, plain, cipher);
	bytes_wipe(key, sizeof(key));
	return 0;
}
