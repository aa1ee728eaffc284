/* test_crc.c - CRC-32 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/crc.h"

static void known(void **state)
{
	(void)state;
	assert_int_equal(crc_add(0, SLICE("")), 0);
	assert_int_equal(crc_add(0, SLICE("123456789")), 0xcbf43926);
	assert_int_equal(
	    crc_add(0, SLICE("The quick brown fox jumps over the lazy dog")), 0x414fa339);
}

/* In pieces it is the same as at once, whatever their lengths. */
static void pieces(void **state)
{
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 31 + i / 251);
	uint32_t whole = crc_add(0, slice_of(text, sizeof text));
	for (size_t at = 0; at <= sizeof text; at++)
		assert_int_equal(
		    crc_add(crc_add(0, slice_of(text, at)), slice_of(text + at, sizeof text - at)),
		    whole);
	assert_int_equal(crc_add(whole, (struct slice){ 0 }), whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
