/* fuzz_sts.c - what strangers publish about TLS: MTA-STS policies, TXT records */
#include <stdint.h>
#include <stdlib.h>

#include "core/dns.h"
#include "core/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_of(data, n), text, id;
	struct pool pool = { 0 };
	struct sts_policy policy;

	if (sts_policy_read(in, &pool, &policy)) {
		if (policy.max_age < 0 || policy.max_age > STS_AGE_MAX)
			abort();
		sts_policy_names(&policy, SLICE("mx.a.test"));
	}
	if (dns_read_text(in, &pool, &text) && sts_record_id(text, &id) && (id.n == 0 || id.n > 32))
		abort();
	pool_done(&pool);
	return 0;
}
