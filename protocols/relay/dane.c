/* dane.c - what the DNS says of a mail server's certificate (RFC 7672) */
#include "protocols/relay/dane.h"

enum { USAGE_TA = 2, USAGE_EE = 3, SHA256 = 32, SHA512 = 64, RECORD_MAX = 8192 };

/* RFC 7672 3.1.3: usages 0 and 1 are not for SMTP. */
static bool is_usable(struct slice rr)
{
	const unsigned char *p = (const unsigned char *)rr.p;

	if (rr.n < 4 || rr.n > RECORD_MAX || (p[0] != USAGE_TA && p[0] != USAGE_EE) || p[1] > 1)
		return false;
	switch (p[2]) {
	case 0:
		return true;
	case 1:
		return rr.n == 3 + SHA256;
	case 2:
		return rr.n == 3 + SHA512;
	default:
		return false;
	}
}

enum dane_found dane_take(const struct dns_answer *answer, struct pool *pool, struct slice *pins)
{
	struct buf all = { 0 };

	if (!answer->secure)
		return DANE_ABSENT;
	for (size_t i = 0; i < answer->n; i++) {
		struct slice rr = answer->rr[i];
		if (!is_usable(rr))
			continue;
		buf_addc(&all, (char)(rr.n >> 8));
		buf_addc(&all, (char)rr.n);
		buf_adds(&all, rr);
	}
	*pins = pool_slice(pool, buf_slice(&all));
	buf_done(&all);
	return pins->n > 0 ? DANE_USABLE : DANE_UNUSABLE;
}

static enum dane_found ask_at(
    struct slice base, unsigned port, struct pool *pool, struct slice *pins, struct slice *why)
{
	struct dns_answer answer;
	struct err err = { 0 };
	const char *name = pool_printf(pool, "_%u._tcp.%.*s", port, SLICE_ARG(base));

	switch (dns_ask(slice_str(name), DNS_TLSA, pool, &answer, &err)) {
	case DNS_FOUND:
		return dane_take(&answer, pool, pins);
	case DNS_EMPTY:
	case DNS_ABSENT:
		return DANE_ABSENT;
	default: /* RFC 7672 2.1.1: somebody may keep them from us */
		*why = slice_str(pool_printf(pool,
		    "4.7.5 The DNS does not tell the TLSA records of %s: %s", name, err.text));
		return DANE_FAILED;
	}
}

/* RFC 7672 2.2.2, 2.2.3: whose addresses are not proved needs no TLSA records; where a
   CNAME led, they are looked for first. */
enum dane_found dane_ask(
    const struct route_host *host, struct pool *pool, struct slice *pins, struct slice *why)
{
	if (host->literal || !host->secure || !host->address_secure)
		return DANE_ABSENT;
	if (!slice_ieq(host->canonical, host->name)) {
		enum dane_found found = ask_at(host->canonical, host->port, pool, pins, why);
		if (found != DANE_ABSENT)
			return found;
	}
	return ask_at(host->name, host->port, pool, pins, why);
}
