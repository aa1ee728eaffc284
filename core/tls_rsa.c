/* tls_rsa.c - the crypto callback: RSA with private keys, in the library's form */
#include "core/tls_private.h"

#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/rsa.h"

enum { NUMBERS = 8 };

/* Where a key's numbers lie as bytes, until they are wiped. */
struct bytes {
	unsigned char at[NUMBERS][RSA_BYTES_MAX];
	struct slice numbers[NUMBERS];
};

static bool load(struct bytes *to, RsaKey *key)
{
	mp_int *from[NUMBERS] = { &key->n, &key->e, &key->d, &key->p, &key->q, &key->dP, &key->dQ,
		&key->u };

	for (int i = 0; i < NUMBERS; i++) {
		int n = mp_unsigned_bin_size(from[i]);
		if (n > RSA_BYTES_MAX || mp_to_unsigned_bin(from[i], to->at[i]) != MP_OKAY)
			return false;
		to->numbers[i] = slice_of(to->at[i], (size_t)n);
	}
	return true;
}

static bool compute(RsaKey *key, const unsigned char *in, unsigned char *out)
{
	struct bytes bytes;
	const struct slice *k = bytes.numbers;

	bool good = load(&bytes, key) &&
	    rsa_private(
		&(struct rsa_numbers){ k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7] }, in, out);
	bytes_wipe(&bytes, sizeof(bytes));
	return good;
}

int tls_rsa(const wc_CryptoInfo *info)
{
	RsaKey *key = info->pk.rsa.key;
	int n = wc_RsaEncryptSize(key);

	/* Public operations are quick in the library; keys without factors are its own, too. */
	if ((info->pk.rsa.type != RSA_PRIVATE_ENCRYPT &&
		info->pk.rsa.type != RSA_PRIVATE_DECRYPT) ||
	    key->type != RSA_PRIVATE || n <= 0 || n > RSA_BYTES_MAX || mp_iszero(&key->p) ||
	    mp_iszero(&key->u))
		return CRYPTOCB_UNAVAILABLE;
	if (*info->pk.rsa.outLen < (word32)n || info->pk.rsa.inLen != (word32)n ||
	    !compute(key, info->pk.rsa.in, info->pk.rsa.out))
		return RSA_BUFFER_E;
	*info->pk.rsa.outLen = (word32)n;
	return n;
}
