/* test_tls_chacha.c - ChaCha20 as RFC 8439 has it, in one piece and in many */
#include "tests/unit/unit.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/chacha.h>

#include "core/tls.h"

enum { N = 1000 };

static const unsigned char nonce[12] = { [7] = 0x4a };
static unsigned char key[32];

static void start(ChaCha *ctx, unsigned key_n, unsigned counter)
{
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	assert_int_equal(wc_Chacha_SetKey(ctx, key, key_n), 0);
	assert_int_equal(wc_Chacha_SetIV(ctx, nonce, counter), 0);
}

/* RFC 8439 2.4.2 */
static void as_the_rfc(void **state)
{
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
				   "only one tip for the future, sunscreen would be it.";
	static const unsigned char first[] = { 0x6e, 0x2e, 0x35, 0x9a, 0x25, 0x68, 0xf9, 0x80 };
	static const unsigned char last[] = { 0x5e, 0x42, 0x87, 0x4d };
	unsigned char out[sizeof(text) - 1];
	ChaCha ctx;

	(void)state;
	start(&ctx, 32, 1);
	assert_int_equal(wc_Chacha_Process(&ctx, out, (const byte *)text, sizeof(out)), 0);
	assert_memory_equal(out, first, sizeof(first));
	assert_memory_equal(out + sizeof(out) - sizeof(last), last, sizeof(last));
}

/* Each cut gives the same stream, whoever of the two makes which part of it. */
static void in_pieces(void **state)
{
	static const unsigned pieces[] = { 1, 7, 63, 64, 65, 128, 200, 999 };
	static unsigned char in[N], whole[N], out[N];

	(void)state;
	for (unsigned key_n = 16; key_n <= 32; key_n += 16) {
		ChaCha ctx;
		start(&ctx, key_n, 5);
		assert_int_equal(wc_Chacha_Process(&ctx, whole, in, N), 0);
		for (size_t p = 0; p < COUNT(pieces); p++) {
			start(&ctx, key_n, 5);
			for (unsigned at = 0; at < N; at += pieces[p])
				wc_Chacha_Process(&ctx, out + at, in + at,
				    N - at < pieces[p] ? N - at : pieces[p]);
			assert_memory_equal(out, whole, N);
		}
	}
}

static void wrong_use(void **state)
{
	unsigned char bytes[64] = { 0 };
	ChaCha ctx;

	(void)state;
	start(&ctx, 32, 0);
	assert_int_not_equal(wc_Chacha_Process(NULL, bytes, bytes, sizeof(bytes)), 0);
	assert_int_not_equal(wc_Chacha_Process(&ctx, NULL, bytes, sizeof(bytes)), 0);
	assert_int_equal(wc_Chacha_Process(&ctx, bytes, bytes, 0), 0);
}

static int set_up(void **state)
{
	(void)state;
	return tls_start(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_rfc),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(wrong_use),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
