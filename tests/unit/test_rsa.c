/* test_rsa.c - RSA with private keys, against the TLS library's own public operation */
#include "tests/unit/unit.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "core/rsa.h"
#include "tests/unit/keys.h"

enum { BYTES = 256 }; /* of a number modulo the tests' key */

static RsaKey key;
static unsigned char n[BYTES], e[4], d[BYTES], p[BYTES / 2], q[BYTES / 2], u[BYTES / 2];
static unsigned char dp[BYTES / 2], dq[BYTES / 2];

static struct slice bytes_of(mp_int *number, unsigned char *out)
{
	assert_int_equal(mp_to_unsigned_bin(number, out), MP_OKAY);
	return slice_of(out, (size_t)mp_unsigned_bin_size(number));
}

static struct rsa_numbers numbers(void)
{
	return (struct rsa_numbers){
		.n = bytes_of(&key.n, n),
		.e = bytes_of(&key.e, e),
		.d = bytes_of(&key.d, d),
		.p = bytes_of(&key.p, p),
		.q = bytes_of(&key.q, q),
		.dp = bytes_of(&key.dP, dp),
		.dq = bytes_of(&key.dQ, dq),
		.q_inverse = bytes_of(&key.u, u),
	};
}

/* What was done with the private key is undone with the public one. */
static void is_the_inverse(void **state)
{
	unsigned char in[BYTES] = { 0, 1, 2, [BYTES - 1] = 9 }, out[BYTES], back[BYTES];
	struct rsa_numbers numbers_of_key = numbers();
	word32 back_n = sizeof(back);

	(void)state;
	assert_true(rsa_private(&numbers_of_key, in, out));
	assert_int_equal(
	    wc_RsaFunction(out, sizeof(out), back, &back_n, RSA_PUBLIC_DECRYPT, &key, NULL), 0);
	assert_int_equal(back_n, sizeof(back));
	assert_memory_equal(back, in, sizeof(in));
}

static void takes_no_more_than_n(void **state)
{
	struct rsa_numbers numbers_of_key = numbers();
	unsigned char in[BYTES], out[BYTES];

	(void)state;
	memset(in, 0xff, sizeof(in));
	assert_false(rsa_private(&numbers_of_key, in, out));
}

/* A result that a fault spoiled would give away a factor (Boneh, DeMillo, Lipton). */
static void gives_out_nothing_wrong(void **state)
{
	unsigned char in[BYTES] = { 0, 1, 2, [BYTES - 1] = 9 }, out[BYTES], want[BYTES];
	struct rsa_numbers numbers_of_key = numbers();
	unsigned char *const parts[] = { dp, dq, u };

	(void)state;
	assert_true(rsa_private(&numbers_of_key, in, want));
	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i][BYTES / 2 - 1] ^= 2;
		want_true("refused, or right all the same",
		    !rsa_private(&numbers_of_key, in, out) || memcmp(out, want, BYTES) == 0);
		parts[i][BYTES / 2 - 1] ^= 2;
	}
}

static void is_no_key(void **state)
{
	struct rsa_numbers numbers_of_key = numbers();
	static const unsigned char zero[1], large[RSA_BYTES_MAX + 1] = { 1 };
	unsigned char in[BYTES] = { 0 }, out[BYTES];

	(void)state;
	numbers_of_key.p = slice_of(zero, 0);
	assert_false(rsa_private(&numbers_of_key, in, out) && out[0] != 0);
	numbers_of_key = numbers();
	numbers_of_key.n = slice_of(large, sizeof(large));
	assert_false(rsa_private(&numbers_of_key, large, out));
}

static int set_up(void **state)
{
	unsigned char der[2048];
	word32 at = 0;

	(void)state;
	int got = wc_KeyPemToDer((const byte *)test_key_rsa_pkcs1, (int)strlen(test_key_rsa_pkcs1),
	    der, sizeof(der), NULL);
	return got > 0 && wc_InitRsaKey_ex(&key, NULL, INVALID_DEVID) == 0
	    ? wc_RsaPrivateKeyDecode(der, &at, &key, (word32)got)
	    : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return wc_FreeRsaKey(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_inverse),
		cmocka_unit_test(takes_no_more_than_n),
		cmocka_unit_test(gives_out_nothing_wrong),
		cmocka_unit_test(is_no_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
