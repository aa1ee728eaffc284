/* fuzz_der.c - DER taken apart and put together again; BER made DER */
#include <stdint.h>
#include <stdlib.h>

#include "pki/ber.h"
#include "pki/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What was read as DER is written as the same bytes. */
static void walk(struct slice bytes, unsigned depth)
{
	struct buf text = { 0 }, again = { 0 };
	struct der value;
	int64_t time;

	while (der_next(&bytes, &value)) {
		struct slice whole = value.whole;
		buf_clear(&again);
		der_put(&again, value.tag, value.value);
		if (!slice_eq(buf_slice(&again), value.whole))
			abort();
		if (value.tag == DER_OID && der_oid_text(value.value, &text) &&
		    !der_oid_is(value.value, buf_z(&text)))
			abort();
		buf_clear(&text);
		der_time_get(&whole, &time);
		if (value.tag & 0x20 && depth > 0)
			walk(value.value, depth - 1);
	}
	buf_done(&text);
	buf_done(&again);
}

/* Nothing with a length left open is in there any more: what is made once stays
   as it is. */
static void from_ber(struct slice bytes)
{
	struct buf der = { 0 }, again = { 0 };
	struct slice rest;
	struct der value;

	if (ber_to_der(bytes, &der)) {
		rest = buf_slice(&der);
		if (!der_next(&rest, &value) || rest.n > 0)
			abort();
		if (!ber_to_der(buf_slice(&der), &again) ||
		    !slice_eq(buf_slice(&der), buf_slice(&again)))
			abort();
	}
	buf_clear(&again);
	ber_join(bytes, &again);
	if (again.n > bytes.n)
		abort();
	buf_done(&der);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);

	walk(in, 20);
	from_ber(in);
	return 0;
}
