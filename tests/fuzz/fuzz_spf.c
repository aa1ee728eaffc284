/* fuzz_spf.c - SPF records of strangers: the sender, NUL, then what domains publish */
#include <stdint.h>
#include <stdlib.h>

#include "mailauth/spf.h"
#include "tests/fuzz/fuzz_asker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Ten lookups, each of ten hosts at most, and a list of names for each macro. */
enum { ASKED_MAX = 1000 };

static void check(struct slice sender, struct slice texts, const char *address)
{
	struct pool pool = { 0 };
	struct spf_answer answer;
	struct fuzz_dns dns;

	fuzz_dns_init(&dns, texts);
	struct spf_question question = { .asker = &dns.asker,
		.address = slice_str(address),
		.helo = SLICE("client.test"),
		.sender = sender };
	spf_check(&question, &pool, &answer);
	if (dns.asked > ASKED_MAX || answer.result > SPF_PERMERROR)
		abort();
	for (size_t i = 0; i < answer.explanation.n; i++)
		if (answer.explanation.p[i] < ' ' || answer.explanation.p[i] > '~')
			abort(); /* it goes into a reply */
	pool_done(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice texts = slice_of(data, n), sender = slice_cut(&texts, '\0');

	if (slice_chr(sender, '@') < 0)
		sender = SLICE("ann@a.test");
	check(sender, texts, "192.0.2.1");
	check(sender, texts, "2001:db8::2");
	return 0;
}
