/* fuzz_signed.c - signed messages, and SignedData alone */
#include <stdint.h>
#include <stdlib.h>

#include "core/tls.h"
#include "smime/signed_parts.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (tls_start(NULL) != 0)
		abort();
	return 0;
}

/* What it signs, or the bytes themselves: no signature of random bytes fits. */
static void check(const struct cms_signed *s, struct slice in)
{
	struct cert cert;
	int64_t when;

	for (size_t i = 0; i < s->n; i++)
		if (cms_signer_cert(s, &s->signer[i], &cert, NULL) == 0)
			cms_signer_check(
			    s, &s->signer[i], &cert, s->has_content ? s->content : in, &when, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n);
	struct cms_signed s = { 0 };
	struct signed_parts parts = { 0 };

	if (cms_signed_read(in, &s, NULL) == 0)
		check(&s, in);
	cms_signed_done(&s);
	if (signed_parts(in, &parts, NULL) == 0)
		check(&parts.cms, buf_slice(&parts.content));
	signed_parts_done(&parts);
	return 0;
}
