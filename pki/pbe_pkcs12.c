/* pbe_pkcs12.c - passwords as PKCS#12 takes them (RFC 7292 B) */
#include "pki/pbe_private.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "core/random.h"
#include "core/text.h"
#include "pki/der.h"

enum { SALT = 16, SALT_MAX = 1024, DES3_KEY = 24, DES3_BLOCK = 8 };

/* --- the password --- */

/* The next character of valid UTF-8. */
static uint32_t take_character(struct slice *s)
{
	unsigned char first = (unsigned char)s->p[0];
	size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? first : first & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s->p[i] & 0x3f);
	*s = slice_from(*s, n);
	return c;
}

static void put_unit(struct buf *out, uint32_t unit)
{
	buf_addc(out, (char)(unit >> 8));
	buf_addc(out, (char)unit);
}

bool pbe_bmp(struct slice utf8, struct buf *out)
{
	if (!utf8_valid(utf8))
		return false;
	buf_room(out, 2 * utf8.n + 2); /* no copies left behind by growing */
	while (utf8.n > 0) {
		uint32_t c = take_character(&utf8);
		if (c >= 0x10000) {
			put_unit(out, 0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		put_unit(out, c);
	}
	put_unit(out, 0);
	return true;
}

/* --- keys --- */

int pbe_pkcs12_key(struct slice password, struct slice salt, unsigned iterations,
    enum pbe_hash hash, enum pbe_use use, unsigned char *out, size_t n)
{
	static const enum wc_HashType hashes[] = {
		[PBE_SHA1] = WC_HASH_TYPE_SHA,
		[PBE_SHA256] = WC_HASH_TYPE_SHA256,
		[PBE_SHA384] = WC_HASH_TYPE_SHA384,
		[PBE_SHA512] = WC_HASH_TYPE_SHA512,
	};

	return wc_PKCS12_PBKDF(out, (const byte *)password.p, (int)password.n, (const byte *)salt.p,
		   (int)salt.n, (int)iterations, (int)n, hashes[hash], (int)use) == 0
	    ? 0
	    : -1;
}

struct derived {
	unsigned char key[CBC_KEY_MAX], iv[CBC_BLOCK_MAX];
};

static int derive(struct slice bmp, struct slice salt, unsigned iterations, size_t key_n,
    size_t iv_n, struct derived *out, struct err *err)
{
	if (pbe_pkcs12_key(bmp, salt, iterations, PBE_SHA1, PBE_USE_KEY, out->key, key_n) == 0 &&
	    pbe_pkcs12_key(bmp, salt, iterations, PBE_SHA1, PBE_USE_IV, out->iv, iv_n) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "the password cannot be used with this file");
}

static int with_password(struct slice bmp, const struct cbc *cipher, struct slice salt,
    unsigned iterations, struct slice in, struct buf *plain, struct err *err)
{
	struct derived d;
	int rc = derive(bmp, salt, iterations, cipher->key_n, cipher->block_n, &d, err);

	if (rc == 0)
		rc = pbe_open(cipher, d.key, d.iv, in, plain, err);
	bytes_wipe(&d, sizeof(d));
	return rc;
}

int pbe_unlock_pkcs12(struct slice password, const struct cbc *cipher, struct slice parameters,
    struct slice in, struct buf *plain, struct err *err)
{
	struct buf bmp = { 0 };
	struct slice salt;
	unsigned iterations;

	if (!der_want(&parameters, DER_OCTETS, &salt) || salt.n == 0 || salt.n > SALT_MAX ||
	    !pbe_iterations(&parameters, &iterations))
		return err_set(err, ERR_INPUT, "how this was encrypted is malformed");
	if (!pbe_bmp(password, &bmp))
		return err_set(err, ERR_DENIED, "wrong password: it is no UTF-8");
	int rc = with_password(buf_slice(&bmp), cipher, salt, iterations, in, plain, err);
	buf_wipe(&bmp);
	return rc;
}

/* --- lock --- */

static void put_algorithm(struct buf *out, struct slice salt)
{
	size_t whole = der_open(out, DER_SEQUENCE);

	der_oid(out, "1.2.840.113549.1.12.1.3");
	size_t parameters = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OCTETS, salt);
	der_number(out, PBE_ITERATIONS);
	der_close(out, parameters);
	der_close(out, whole);
}

int pbe_lock_older(struct slice password, struct slice plain, struct buf *algorithm,
    struct buf *cipher, struct err *err)
{
	unsigned char bytes[SALT];
	struct slice salt = { (const char *)bytes, sizeof(bytes) };
	struct buf bmp = { 0 };
	struct derived d;
	int rc;

	random_bytes(bytes, sizeof(bytes));
	if (password.n <= PBE_PASSWORD_MAX && pbe_bmp(password, &bmp))
		rc = derive(buf_slice(&bmp), salt, PBE_ITERATIONS, DES3_KEY, DES3_BLOCK, &d, err);
	else
		rc = err_set(err, ERR_INPUT, "the password is too long, or no UTF-8");
	if (rc == 0) {
		put_algorithm(algorithm, salt);
		cbc_close_des3(d.key, d.iv, plain, cipher);
	}
	bytes_wipe(&d, sizeof(d));
	buf_wipe(&bmp);
	return rc;
}
