/* test_pki_ber.c - BER made DER: what may be open, cut and long, and what may not be at all */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/text.h"
#include "pki/ber.h"

static void bytes_of(const char *hex, struct buf *out)
{
	buf_clear(out);
	for (; hex[0] && hex[1]; hex += 2) {
		char pair[3] = { hex[0], hex[1], '\0' };
		buf_addc(out, (char)strtoul(pair, NULL, 16));
	}
}

static void values(void **state)
{
	static const struct {
		const char *name, *ber, *der; /* NULL: refused */
	} cases[] = {
		{ "as it is", "3003020105", "3003020105" },
		{ "what follows is not looked at", "0500ffff", "0500" },
		{ "open", "30800201050000", "3003020105" },
		{ "open, and empty", "30800000", "3000" },
		{ "open in open", "3080308002010500000000", "30053003020105" },
		{ "open in closed", "300730800201050000", "30053003020105" },
		{ "closed in open", "308030030201050000", "30053003020105" },
		{ "long length", "308200030201050000", "3003020105" },
		{ "longer still", "04840000000161", "040161" },
		{ "nine bytes of length", "0489000000000000000001aa", "0401aa" },
		{ "string in pieces", "2480040161040262630000", "0403616263" },
		{ "pieces in pieces",
		    "24802480040161000004026263"
		    "0000",
		    "0403616263" },
		{ "pieces, closed",
		    "24070401610402"
		    "6263",
		    "0403616263" },
		{ "no pieces", "24800000", "0400" },
		{ "tagged pieces stay",
		    "a08004016104016200"
		    "00",
		    "a006040161040162" },
		{ "nothing", "", NULL },
		{ "a tag alone", "30", NULL },
		{ "too short", "30030201", NULL },
		{ "no end", "308002010500", NULL },
		{ "no end at all", "3080", NULL },
		{ "open, but a string", "04800000", NULL },
		{ "an end that is not", "30800201050001", NULL },
		{ "inner longer than outer", "300302020101", NULL },
		{ "open longer than outer", "3005308002010500000000", NULL },
		{ "a number among pieces", "24800201050000", NULL },
		{ "long tag", "1f8101020500", NULL },
		{ "length over all", "0488ffffffffffffffff", NULL },
		{ "length over everything", "0489ffffffffffffffffff", NULL },
	};
	struct buf in = { 0 }, out = { 0 }, hex = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bytes_of(cases[i].ber, &in);
		buf_clear(&out);
		buf_clear(&hex);
		want_num(cases[i].name, ber_to_der(buf_slice(&in), &out), cases[i].der != NULL);
		hex_put(&hex, buf_slice(&out));
		if (cases[i].der)
			want_text(cases[i].name, buf_slice(&hex), cases[i].der);
	}
	buf_done(&in);
	buf_done(&out);
	buf_done(&hex);
}

static void depth(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 40; n++) {
		struct buf in = { 0 }, out = { 0 };
		for (unsigned i = 0; i < n; i++)
			buf_add(&in, "\x30\x80", 2);
		for (unsigned i = 0; i < n; i++)
			buf_add(&in, "\0\0", 2);
		want_num("depth", ber_to_der(buf_slice(&in), &out), n <= BER_DEPTH_MAX);
		buf_done(&in);
		buf_done(&out);
	}
}

static void joined(void **state)
{
	static const struct {
		const char *pieces, *want; /* NULL: refused */
	} cases[] = {
		{ "", "" },
		{ "040161", "a" },
		{ "04016104026263", "abc" },
		{ "0401612480040162040163"
		  "0000",
		    "abc" },
		{ "0401610500", NULL },
		{ "0402", NULL },
	};
	struct buf in = { 0 }, out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bytes_of(cases[i].pieces, &in);
		buf_clear(&out);
		want_num(cases[i].pieces, ber_join(buf_slice(&in), &out), cases[i].want != NULL);
		if (cases[i].want)
			want_text(cases[i].pieces, buf_slice(&out), cases[i].want);
	}
	buf_done(&in);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(depth),
		cmocka_unit_test(joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
