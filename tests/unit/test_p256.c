/* test_p256.c - P-256 as RFC 6979 and NIST's vectors have it; points off the curve */
#include "tests/unit/unit.h"

#include "core/digest.h"
#include "core/p256.h"

static void from_hex(unsigned char *out, const char *hex)
{
	for (; *hex; hex += 2) {
		unsigned value = 0;
		for (int i = 0; i < 2; i++)
			value = value * 16 +
			    (unsigned)(strchr("0123456789abcdef", hex[i]) - "0123456789abcdef");
		*out++ = (unsigned char)value;
	}
}

static struct slice hash_of(const char *text)
{
	static unsigned char hash[DIGEST_SIZE];

	digest_sha256(slice_str(text), hash);
	return slice_of(hash, sizeof(hash));
}

/* RFC 6979 A.2.5 */
static const char *const rfc_d = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char *const rfc_point =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char *const rfc_signature = /* of "sample", in DER */
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

static void verifies(void **state)
{
	unsigned char point[P256_POINT], signature[P256_SIGNATURE_MAX];

	(void)state;
	from_hex(point, rfc_point);
	from_hex(signature, rfc_signature);
	struct slice s = slice_of(signature, strlen(rfc_signature) / 2);
	assert_true(p256_verify(point, hash_of("sample"), s));
	assert_false(p256_verify(point, hash_of("simple"), s));
	for (size_t i = 0; i < s.n; i++) {
		signature[i] ^= 1;
		want_true("each bit counts", !p256_verify(point, hash_of("sample"), s));
		signature[i] ^= 1;
	}
	for (size_t n = 0; n < s.n; n++)
		want_true("it is whole", !p256_verify(point, hash_of("sample"), slice_of(s.p, n)));
	point[P256_POINT - 1] ^= 1;
	assert_false(p256_verify(point, hash_of("sample"), s));
}

static void signs(void **state)
{
	unsigned char d[P256_NUMBER], point[P256_POINT];
	unsigned char first[P256_SIGNATURE_MAX], second[P256_SIGNATURE_MAX];

	(void)state;
	from_hex(d, rfc_d);
	from_hex(point, rfc_point);
	size_t first_n = p256_sign(d, hash_of("text"), first);
	size_t second_n = p256_sign(d, hash_of("text"), second);
	assert_true(p256_verify(point, hash_of("text"), slice_of(first, first_n)));
	assert_true(p256_verify(point, hash_of("text"), slice_of(second, second_n)));
	want_true("a nonce of its own each time",
	    first_n != second_n || memcmp(first, second, first_n) != 0);
}

/* A hash that is longer than the curve's numbers is cut, a shorter one is taken as it is. */
static void signs_other_hashes(void **state)
{
	static const unsigned char hash[64] = { 1, 2, 3, [63] = 4 };
	unsigned char d[P256_NUMBER], point[P256_POINT], signature[P256_SIGNATURE_MAX];

	(void)state;
	assert_true(p256_make(d, point));
	for (size_t n = 20; n <= sizeof(hash); n += 4) {
		size_t got = p256_sign(d, slice_of(hash, n), signature);
		want_true(
		    "signed", p256_verify(point, slice_of(hash, n), slice_of(signature, got)));
	}
}

static void is_no_key(void **state)
{
	unsigned char d[P256_NUMBER] = { 0 }, signature[P256_SIGNATURE_MAX];

	(void)state;
	want_num("zero", (int64_t)p256_sign(d, hash_of("text"), signature), 0);
	memset(d, 0xff, sizeof(d));
	want_num("more than the order", (int64_t)p256_sign(d, hash_of("text"), signature), 0);
}

/* NIST's CAVP, ECC CDH primitive, P-256, count 0. */
static void shares(void **state)
{
	unsigned char d[P256_NUMBER], point[P256_POINT], want[P256_NUMBER], x[P256_NUMBER];

	(void)state;
	from_hex(d, "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534");
	from_hex(point,
	    "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	    "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac");
	from_hex(want, "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
	assert_true(p256_share(d, point, x));
	assert_memory_equal(x, want, sizeof(want));
	point[0] ^= 1;
	want_true("off the curve", !p256_share(d, point, x));
	memset(point, 0, sizeof(point));
	want_true("zeros", !p256_share(d, point, x));
}

static void agree(void **state)
{
	unsigned char a[P256_NUMBER], b[P256_NUMBER], a_point[P256_POINT], b_point[P256_POINT];
	unsigned char one[P256_NUMBER], other[P256_NUMBER];

	(void)state;
	assert_true(p256_make(a, a_point));
	assert_true(p256_make(b, b_point));
	assert_true(p256_share(a, b_point, one));
	assert_true(p256_share(b, a_point, other));
	assert_memory_equal(one, other, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifies),
		cmocka_unit_test(signs),
		cmocka_unit_test(signs_other_hashes),
		cmocka_unit_test(is_no_key),
		cmocka_unit_test(shares),
		cmocka_unit_test(agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
