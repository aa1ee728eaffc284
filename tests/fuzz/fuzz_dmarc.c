/* fuzz_dmarc.c - DMARC records: the domain in From, NUL, then what is published */
#include <stdint.h>
#include <stdlib.h>

#include "mailauth/dmarc.h"
#include "tests/fuzz/fuzz_asker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice texts = slice_of(data, n), from = slice_cut(&texts, '\0');
	struct spf_answer spf = { .result = SPF_PASS, .domain = SLICE("b.test") };
	struct pool pool = { 0 };
	struct dmarc_record record;
	struct dmarc_answer answer;
	struct fuzz_dns dns;

	if (dmarc_read(texts, &record) && (record.percent > 100 || record.p > DMARC_REJECT))
		abort();
	fuzz_dns_init(&dns, texts);
	dmarc_check(&(struct dmarc_question){ .asker = &dns.asker, .from = from, .spf = &spf },
	    &pool, &answer);
	if (dns.asked > 3 || answer.wish > answer.policy || answer.policy > DMARC_REJECT)
		abort();
	pool_done(&pool);
	return 0;
}
