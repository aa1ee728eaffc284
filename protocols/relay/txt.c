/* txt.c - the one TXT record of a name that begins as it should */
#include "protocols/relay/txt.h"

#include "core/dns.h"

/* RFC 1035 3.3.14: each string has its length before it. */
struct slice txt_join(struct slice rr, struct pool *pool)
{
	struct buf text = { 0 };

	while (rr.n > 0) {
		size_t n = (unsigned char)rr.p[0];
		buf_adds(&text, slice_head(slice_from(rr, 1), n));
		rr = slice_from(rr, n + 1);
	}
	struct slice copy = pool_slice(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

bool txt_ask(struct slice name, struct slice begin, struct pool *pool, struct slice *out)
{
	struct dns_answer answer;
	struct err err = { 0 };
	unsigned found = 0;

	if (dns_ask(name, DNS_TXT, pool, &answer, &err) != DNS_FOUND)
		return false;
	for (size_t i = 0; i < answer.n; i++) {
		struct slice text = txt_join(answer.rr[i], pool);
		if (!slice_starts(text, begin))
			continue;
		*out = text;
		found++;
	}
	return found == 1;
}
