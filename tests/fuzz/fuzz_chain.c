/* fuzz_chain.c - paths of certificates: judged without harm, and never good without trust
 *
 * The last certificate is trusted, the others are sent. */
#include <stdlib.h>

#include "core/tls.h"
#include "pki/verify.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NOW = 1792540800 }; /* the seeds are valid then */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return tls_start(NULL);
}

static struct slice last_of(struct slice der)
{
	struct slice last = { 0 };

	for (struct cert cert; cert_next(&der, &cert);)
		last = cert.der;
	return last;
}

static int judge(struct slice chain, struct slice roots, enum verify_purpose purpose)
{
	struct trust trust = { { NULL, trust_set_new(roots) } };
	struct verify_spec spec = { .trust = &trust, .purpose = purpose, .now = NOW };
	struct err err = { 0 };
	int rc = verify_chain(&spec, chain, &err);

	if (rc != 0 && err.text[0] == '\0')
		abort(); /* somebody will ask why */
	trust_give_back(&trust);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n), root = last_of(in);

	for (enum verify_purpose purpose = VERIFY_SERVER; purpose <= VERIFY_ANY; purpose++)
		if (judge(in, root, purpose) == 0 && root.n == 0)
			abort();
	if (judge(in, (struct slice){ 0 }, VERIFY_ANY) == 0)
		abort();
	verify_host(in, "mail.alpha.test", SLICE("alpha.test 192.0.2.1 2001:db8::1"), NULL);
	return 0;
}
