/* fuzz_cert.c - certificates: read, shown, in PEM and back */
#include <stdlib.h>

#include "pki/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool see(void *arg, struct slice name)
{
	const struct cert *cert = arg;

	if (slice_chr(name, '*') < 0 && !cert_covers(cert, name))
		abort();
	return true;
}

/* Everything that is shown of a certificate. */
static void look(const struct cert *cert)
{
	struct buf text = { 0 };

	cert_name_text(cert->subject, &text);
	cert_name_text(cert->issuer, &text);
	cert_name_part(cert->subject, "O", &text);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ')
			abort(); /* would forge a line */
	buf_done(&text);
	cert_names(cert, see, (void *)(uintptr_t)cert);
	cert_covers(cert, SLICE("mail.alpha.test"));
}

/* What was taken as certificates is the same after PEM and back. */
static void through_pem(struct slice der)
{
	struct buf pem = { 0 }, back = { 0 };

	cert_to_pem(der, &pem);
	if (cert_from_pem(buf_slice(&pem), &back, NULL) != 0 || !slice_eq(buf_slice(&back), der))
		abort();
	buf_done(&pem);
	buf_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n), rest = in;
	struct buf der = { 0 };
	struct cert cert;

	while (cert_next(&rest, &cert))
		look(&cert);
	if (rest.n < in.n)
		through_pem(slice_head(in, in.n - rest.n));
	cert_from_pem(in, &der, NULL);
	buf_done(&der);
	return 0;
}
