/* dns_text.c - TXT records that say what they are about */
#include "core/dns.h"

bool dns_text_of(
    struct slice name, struct slice begin, struct pool *pool, struct slice *out, bool *failed)
{
	struct dns_answer answer;
	struct err err = { 0 };
	struct slice text;
	unsigned found = 0;

	enum dns_status status = dns_ask(name, DNS_TXT, pool, &answer, &err);
	if (failed)
		*failed = status == DNS_FAILED;
	for (size_t i = 0; status == DNS_FOUND && i < answer.n; i++) {
		if (!dns_read_text(answer.rr[i], pool, &text) || !slice_starts(text, begin))
			continue;
		*out = text;
		found++;
	}
	return found == 1;
}
