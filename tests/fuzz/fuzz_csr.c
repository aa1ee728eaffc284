/* fuzz_csr.c - requests that others bring: found in a text, read, their key and signature judged
 *
 * The names are given to the policy as a certificate would have them; that asks the
 * directory, which is not there: so only their form is looked at. */
#include <stdlib.h>

#include "pki/cert_build.h"
#include "pki/csr.h"
#include "pki/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whatever is said to be inside, is. */
static void inside(struct slice part, struct slice whole)
{
	if (part.n > 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void look(struct slice der)
{
	struct csr csr;
	struct buf text = { 0 };

	if (csr_read(der, &csr, NULL) != 0)
		return;
	inside(csr.info, der);
	inside(csr.subject, csr.info);
	inside(csr.public_info, csr.info);
	inside(csr.asks.alt_names, csr.info);
	inside(csr.asks.purposes, csr.info);
	cert_name_text(csr.subject, &text);
	cert_name_canonical(csr.subject, &text);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	struct buf der = { 0 };

	look(in);
	if (csr_take(in, &der, NULL) == 0)
		look(buf_slice(&der));
	else if (der.n > CSR_MAX)
		abort();
	buf_done(&der);
	return 0;
}
