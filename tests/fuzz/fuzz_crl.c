/* fuzz_crl.c - lists of revoked certificates: read and asked */
#include <stdlib.h>

#include "pki/crl.h"
#include "pki/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Each serial number that is listed is found, of whoever issued it. */
static void look(const struct crl *crl)
{
	struct slice rest = crl->revoked, entry, serial;
	unsigned reason;
	size_t counted = 0;

	while (der_want(&rest, DER_SEQUENCE, &entry) && der_want(&entry, DER_INTEGER, &serial)) {
		if (!crl->indirect && !crl_find(crl, crl->issuer, serial, &reason))
			abort();
		if (++counted > 50)
			return;
	}
	if (counted != crl_count(crl))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n), rest = in;
	struct buf der = { 0 };
	struct crl crl;

	while (crl_next(&rest, &crl)) {
		look(&crl);
		crl_repeats(&crl);
		if (!crl_same_scope(&crl, &crl))
			abort();
	}
	crl_from_pem(in, &der, NULL);
	crl_readable_from_pem(in, &der);
	buf_done(&der);
	return 0;
}
