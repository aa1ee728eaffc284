/* test_pki_der.c - DER: what is written is read back, and what only looks like it is refused */
#include "tests/unit/unit.h"

#include "core/text.h"
#include "pki/der.h"

static void want_hex(const char *name, struct buf *got, const char *want)
{
	struct buf hex = { 0 };

	hex_put(&hex, buf_slice(got));
	want_text(name, buf_slice(&hex), want);
	buf_done(&hex);
	buf_done(got);
}

static void lengths(void **state)
{
	static const struct {
		size_t n;
		const char *head;
	} cases[] = {
		{ 0, "0400" },
		{ 1, "0401" },
		{ 127, "047f" },
		{ 128, "048180" },
		{ 255, "0481ff" },
		{ 256, "04820100" },
		{ 65535, "0482ffff" },
		{ 65536, "0483010000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf put = { 0 }, opened = { 0 }, zeros = { 0 }, head = { 0 };
		struct der der;
		memset(buf_room(&zeros, cases[i].n + 1), 0, cases[i].n);
		zeros.n = cases[i].n;
		der_put(&put, DER_OCTETS, buf_slice(&zeros));
		size_t mark = der_open(&opened, DER_OCTETS);
		buf_adds(&opened, buf_slice(&zeros));
		der_close(&opened, mark);
		want_true(cases[i].head, slice_eq(buf_slice(&put), buf_slice(&opened)));
		buf_adds(&head, slice_head(buf_slice(&put), put.n - cases[i].n));
		want_hex(cases[i].head, &head, cases[i].head);
		struct slice rest = buf_slice(&put);
		want_true(cases[i].head, der_next(&rest, &der));
		want_num(cases[i].head, (int64_t)der.value.n, (int64_t)cases[i].n);
		want_num(cases[i].head, (int64_t)rest.n, 0);
		buf_done(&put);
		buf_done(&opened);
		buf_done(&zeros);
	}
}

static void values(void **state)
{
	struct buf b = { 0 };

	(void)state;
	der_bool(&b, true);
	der_bool(&b, false);
	der_null(&b);
	want_hex("bool, null", &b, "0101ff0101000500");
	der_number(&b, 0);
	der_number(&b, 127);
	der_number(&b, 128);
	der_number(&b, 0xffffffff);
	want_hex("numbers", &b,
	    "02010002017f0202008002"
	    "0500ffffffff");
	der_unsigned(&b, slice_of("\0\0\1", 3));
	der_unsigned(&b, slice_of("\x80", 1));
	der_unsigned(&b, slice_of("", 0));
	want_hex("unsigned", &b, "02010102020080020100");
	der_bits(&b, SLICE("ab"));
	want_hex("bits", &b, "0303006162");
	der_named_bits(&b, 1 << 0);
	der_named_bits(&b, 1 << 0 | 1 << 2);
	der_named_bits(&b, 1 << 5 | 1 << 6);
	der_named_bits(&b, 1 << 8);
	der_named_bits(&b, 0);
	want_hex("named bits", &b,
	    "03020780030205a003020106030307"
	    "0080030100");
	der_time(&b, 0);
	der_time(&b, 2524607999); /* 2049-12-31 23:59:59 */
	der_time(&b, 2524608000);
	want_hex("times", &b,
	    "170d3730303130313030303030305a"
	    "170d3439313233313233353935395a"
	    "180f32303530303130313030303030305a");
}

static void oids(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "2.5.29.19", "0603551d13" },
		{ "1.2.840.113549.1.1.11", "06092a864886f70d01010b" },
		{ "0.9.2342.19200300.100.1.25", "060a0992268993f22c640119" },
		{ "2.999.1", "0603883701" },
		{ "1.0.8571.2", "060428c27b02" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = { 0 }, text = { 0 };
		der_oid(&b, cases[i].text);
		struct slice rest = buf_slice(&b), value;
		want_true(cases[i].text, der_want(&rest, DER_OID, &value));
		want_true(cases[i].text, der_oid_text(value, &text));
		want_text(cases[i].text, buf_slice(&text), cases[i].text);
		want_true(cases[i].text, der_oid_is(value, cases[i].text));
		want_true(cases[i].text, !der_oid_is(value, "1.2.3"));
		buf_done(&text);
		want_hex(cases[i].text, &b, cases[i].hex);
	}
}

static void not_der(void **state)
{
	static const struct {
		const char *name;
		struct slice bytes;
	} cases[] = {
		{ "nothing", { "", 0 } },
		{ "tag alone", { "\x04", 1 } },
		{ "too short", { "\x04\x02\x01", 3 } },
		{ "indefinite", { "\x24\x80\x04\x01\x00\x00\x00", 7 } },
		{ "long form of a short one", { "\x04\x81\x01\x00", 4 } },
		{ "leading zero", { "\x04\x82\x00\x80", 4 } },
		{ "five bytes of length", { "\x04\x85\x00\x00\x00\x00\x01\x00", 8 } },
		{ "huge", { "\x04\x84\xff\xff\xff\xff", 6 } },
		{ "long tag", { "\x1f\x81\x01\x00", 4 } },
	};
	static const struct slice bad_oids[] = { { "", 0 }, { "\x80\x01", 2 }, { "\x2a\x86", 2 },
		{ "\x2a\x90\x80\x80\x80\x00", 6 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice rest = cases[i].bytes;
		struct der der;
		want_true(cases[i].name, !der_next(&rest, &der));
		want_num(cases[i].name, (int64_t)rest.n, (int64_t)cases[i].bytes.n);
	}
	for (size_t i = 0; i < COUNT(bad_oids); i++) {
		struct buf text = { 0 };
		want_true("oid", !der_oid_text(bad_oids[i], &text));
		buf_done(&text);
	}
}

static void times(void **state)
{
	static const struct {
		const char *text;
		unsigned tag;
		bool ok;
		int64_t want;
	} cases[] = {
		{ "700101000000Z", DER_UTC_TIME, true, 0 },
		{ "491231235959Z", DER_UTC_TIME, true, 2524607999 },
		{ "500101000000Z", DER_UTC_TIME, true, -631152000 },
		{ "20500101000000Z", DER_TIME, true, 2524608000 },
		{ "20240229120000Z", DER_TIME, true, 1709208000 },
		{ "20230229120000Z", DER_TIME, false, 0 },
		{ "99991231235959Z", DER_TIME, true, 253402300799 },
		{ "700101000000", DER_UTC_TIME, false, 0 },
		{ "7001010000Z", DER_UTC_TIME, false, 0 },
		{ "700101000000+0000", DER_UTC_TIME, false, 0 },
		{ "701301000000Z", DER_UTC_TIME, false, 0 },
		{ "700100000000Z", DER_UTC_TIME, false, 0 },
		{ "700101240000Z", DER_UTC_TIME, false, 0 },
		{ "70010100000/Z", DER_UTC_TIME, false, 0 },
		{ "", DER_UTC_TIME, false, 0 },
		{ "", DER_TIME, false, 0 },
		{ "20500101000000.5Z", DER_TIME, false, 0 },
		{ "700101000000Z", DER_OCTETS, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = { 0 };
		int64_t got = 0;
		der_put(&b, cases[i].tag, slice_str(cases[i].text));
		struct slice rest = buf_slice(&b);
		want_num(cases[i].text, der_time_get(&rest, &got), cases[i].ok);
		if (cases[i].ok)
			want_num(cases[i].text, got, cases[i].want);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(values),
		cmocka_unit_test(oids),
		cmocka_unit_test(not_der),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
