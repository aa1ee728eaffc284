/* fuzz_chain.c - paths of certificates: judged without harm, and never good without trust
 *
 * The last certificate is trusted, the others are sent; what follows them is read as
 * lists of revoked ones. What is good when more is asked is good when less is. */
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

struct more {
	struct slice lists;
	bool profile, lists_needed, policies;
};

static int judge(
    struct slice chain, struct slice roots, enum verify_purpose purpose, const struct more *more)
{
	struct trust trust = { { NULL, trust_set_new(roots) } };
	struct verify_spec spec = { .trust = &trust,
		.purpose = purpose,
		.now = NOW,
		.profile = more->profile,
		.lists_needed = more->lists_needed,
		.policies = { .explicit = more->policies } };
	struct err err = { 0 };

	trust_set_lists(trust.set[1], more->lists);
	int rc = verify_chain(&spec, chain, &err);

	if (rc != 0 && err.text[0] == '\0')
		abort(); /* somebody will ask why */
	trust_give_back(&trust);
	return rc;
}

static struct slice behind_certificates(struct slice der)
{
	for (struct cert cert; cert_next(&der, &cert);)
		;
	return der;
}

static void ask(struct slice in, struct slice root, enum verify_purpose purpose)
{
	struct more less = { .lists = behind_certificates(in) };

	int rc = judge(in, root, purpose, &less);
	if (rc == 0 && root.n == 0)
		abort();
	for (int i = 1; i < 8; i++) {
		struct more more = { less.lists, i & 1, i & 2, i & 4 };
		if (judge(in, root, purpose, &more) == 0 && rc != 0 && purpose == VERIFY_ANY)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n), root = last_of(in);

	for (enum verify_purpose purpose = VERIFY_SERVER; purpose <= VERIFY_ANY; purpose++)
		ask(in, root, purpose);
	if (judge(in, (struct slice){ 0 }, VERIFY_ANY, &(struct more){ 0 }) == 0)
		abort();
	verify_host(in, "mail.alpha.test", SLICE("alpha.test 192.0.2.1 2001:db8::1"), NULL);
	return 0;
}
