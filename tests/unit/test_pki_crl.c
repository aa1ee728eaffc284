/* test_pki_crl.c - long lists of revoked certificates are asked by an index, and say the same */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pki/crl.h"
#include "pki/der.h"

enum { ENTRIES = 1000, STEP = 7919 /* no two alike below 2^24 */ };

static const char name[] = { 0x30, 0x00 };

static struct slice serial_of(unsigned n, char out[4])
{
	unsigned value = n * STEP % 0xffffff;

	out[0] = 0x01;
	out[1] = (char)(value >> 16);
	out[2] = (char)(value >> 8);
	out[3] = (char)value;
	return slice_of(out, 4);
}

static void put_entry(struct buf *out, struct slice serial, unsigned reason)
{
	size_t entry = der_open(out, DER_SEQUENCE);

	der_put(out, DER_INTEGER, serial);
	der_time(out, 1790000000);
	size_t list = der_open(out, DER_SEQUENCE), one = der_open(out, DER_SEQUENCE);
	der_oid(out, "2.5.29.21");
	size_t value = der_open(out, DER_OCTETS);
	der_put(out, 0x0a, slice_of(&(char){ (char)reason }, 1));
	der_close(out, value);
	der_close(out, one);
	der_close(out, list);
	der_close(out, entry);
}

static void make(struct buf *out, unsigned n)
{
	char bytes[4];

	for (unsigned i = 0; i < n; i++)
		put_entry(out, serial_of(i, bytes), 1 + i % 6);
	/* Twice: the first one counts. */
	put_entry(out, serial_of(0, bytes), CRL_REMOVED);
}

static void test_same_answers(void **state)
{
	struct buf entries = { 0 };
	unsigned plain, fast;
	char bytes[4];

	(void)state;
	make(&entries, ENTRIES);
	struct crl slow = { .issuer = slice_of(name, 2), .revoked = buf_slice(&entries) };
	struct crl quick = slow;
	quick.index = crl_index_new(&slow);
	assert_non_null(quick.index);
	for (unsigned i = 0; i < 2 * ENTRIES; i++) {
		struct slice serial = serial_of(i, bytes);
		plain = fast = 99;
		bool found = crl_find(&slow, slow.issuer, serial, &plain);
		assert_true(found == (i < ENTRIES));
		assert_true(crl_find(&quick, slow.issuer, serial, &fast) == found);
		if (found)
			assert_int_equal(fast, plain);
	}
	assert_false(crl_find(&quick, slice_of("\x30\x02\x31\x00", 4), serial_of(1, bytes), &fast));
	assert_int_equal(crl_count(&quick), ENTRIES + 1);
	free((void *)(uintptr_t)quick.index);
	buf_done(&entries);
}

static void test_none_where_it_does_not_help(void **state)
{
	struct buf entries = { 0 };

	(void)state;
	make(&entries, 5);
	struct crl crl = { .issuer = slice_of(name, 2), .revoked = buf_slice(&entries) };
	assert_null(crl_index_new(&crl));
	make(&entries, ENTRIES);
	crl.revoked = buf_slice(&entries);
	crl.indirect = true;
	assert_null(crl_index_new(&crl));
	buf_done(&entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_answers),
		cmocka_unit_test(test_none_where_it_does_not_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
