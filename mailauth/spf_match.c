/* spf_match.c - does a mechanism match? What the DNS is asked for it (RFC 7208 5) */
#include "core/loop.h"
#include "mailauth/spf_private.h"

enum { LOOKUPS_MAX = 10, VOIDS_MAX = 2, NAMES_MAX = 10 };

/* --- asking --- */

/* RFC 7208 4.6.4 */
bool spf_may_look_up(struct spf *spf)
{
	if (++spf->lookups <= LOOKUPS_MAX)
		return true;
	spf->why = "it needs more than ten lookups";
	return false;
}

static bool spf_too_many_voids(struct spf *spf)
{
	if (spf->voids <= VOIDS_MAX)
		return false;
	spf->why = "more than two lookups found nothing";
	return true;
}

enum dns_status spf_ask(
    struct spf *spf, struct slice name, enum dns_type type, bool counted, struct dns_answer *out)
{
	struct err err = { 0 };

	*out = (struct dns_answer){ 0 };
	if (loop_now() > spf->until)
		return DNS_FAILED;
	enum dns_status status = asker_ask(spf->question->asker, name, type, spf->pool, out, &err);
	if (counted && (status == DNS_EMPTY || status == DNS_ABSENT))
		spf->voids++;
	if (status == DNS_FAILED)
		spf->why = "the DNS does not answer";
	return status;
}

/* --- addresses --- */

static bool same_net(const void *a, const void *b, unsigned bits)
{
	const unsigned char *x = a, *y = b;
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(x, y, bytes) != 0)
		return false;
	return rest == 0 || (x[bytes] ^ y[bytes]) >> (8 - rest) == 0;
}

static enum dns_type address_type(const struct spf *spf)
{
	return spf->v6 ? DNS_AAAA : DNS_A;
}

static bool is_in_net(const struct spf *spf, const struct spf_term *term, const void *ip)
{
	return same_net(ip, spf->ip, spf->v6 ? term->bits6 : term->bits4);
}

/* Does one of the host's addresses match? */
static enum spf_match match_host(
    struct spf *spf, const struct spf_term *term, struct slice host, bool counted)
{
	struct dns_answer answer;
	size_t size = spf->v6 ? 16 : 4;

	if (spf_ask(spf, host, address_type(spf), counted, &answer) == DNS_FAILED)
		return SPF_MATCH_TEMP;
	if (spf_too_many_voids(spf))
		return SPF_MATCH_PERM;
	for (size_t i = 0; i < answer.n; i++)
		if (answer.rr[i].n == size && is_in_net(spf, term, answer.rr[i].p))
			return SPF_YES;
	return SPF_NO;
}

static enum spf_match match_a(struct spf *spf, const struct spf_term *term)
{
	if (!spf_may_look_up(spf))
		return SPF_MATCH_PERM;
	return match_host(spf, term, spf_target(spf, term->domain), true);
}

static enum spf_match match_mx(struct spf *spf, const struct spf_term *term)
{
	enum spf_match match = SPF_NO;
	struct dns_answer answer;
	struct dns_mx mx;

	if (!spf_may_look_up(spf))
		return SPF_MATCH_PERM;
	if (spf_ask(spf, spf_target(spf, term->domain), DNS_MX, true, &answer) == DNS_FAILED)
		return SPF_MATCH_TEMP;
	if (spf_too_many_voids(spf))
		return SPF_MATCH_PERM;
	if (answer.n > NAMES_MAX) {
		spf->why = "a domain has more than ten mail servers";
		return SPF_MATCH_PERM;
	}
	for (size_t i = 0; match == SPF_NO && i < answer.n; i++)
		if (dns_read_mx(answer.rr[i], spf->pool, &mx))
			match = match_host(spf, term, mx.host, true);
	return match;
}

static enum spf_match match_exists(struct spf *spf, const struct spf_term *term)
{
	struct dns_answer answer;

	if (!spf_may_look_up(spf))
		return SPF_MATCH_PERM;
	/* RFC 7208 5.7: an A record, whatever the client's address is. */
	enum dns_status status = spf_ask(spf, spf_target(spf, term->domain), DNS_A, true, &answer);
	if (status == DNS_FAILED)
		return SPF_MATCH_TEMP;
	if (spf_too_many_voids(spf))
		return SPF_MATCH_PERM;
	return status == DNS_FOUND ? SPF_YES : SPF_NO;
}

/* --- names of the client --- */

static const char hex_digits[] = "0123456789abcdef";

static struct slice reverse_name(struct spf *spf)
{
	struct buf name = { 0 };

	if (spf->v6)
		for (int i = 15; i >= 0; i--)
			buf_printf(&name, "%c.%c.", hex_digits[spf->ip[i] & 15],
			    hex_digits[spf->ip[i] >> 4]);
	else
		for (int i = 3; i >= 0; i--)
			buf_printf(&name, "%u.", spf->ip[i]);
	buf_addz(&name, spf->v6 ? "ip6.arpa" : "in-addr.arpa");
	struct slice s = pool_slice(spf->pool, buf_slice(&name));
	buf_done(&name);
	return s;
}

static bool is_at_or_below(struct slice name, struct slice domain)
{
	if (!slice_iends(name, domain))
		return false;
	return name.n == domain.n || name.p[name.n - domain.n - 1] == '.';
}

static bool leads_back(struct spf *spf, struct slice name)
{
	struct spf_term exact = { .bits4 = 32, .bits6 = 128 };

	return match_host(spf, &exact, name, false) == SPF_YES;
}

/* The first validated name at or below the domain (RFC 7208 5.5); `any`: else one. */
static struct slice find_validated(struct spf *spf, struct slice domain, bool any)
{
	struct slice name, rest, other = { 0 };
	struct dns_answer answer;

	if (spf_ask(spf, reverse_name(spf), DNS_PTR, false, &answer) != DNS_FOUND)
		return other;
	for (size_t i = 0; i < answer.n && i < NAMES_MAX; i++) {
		rest = answer.rr[i];
		if (!dns_read_name(&rest, spf->pool, &name))
			continue;
		bool below = is_at_or_below(name, domain);
		if ((below || (any && other.n == 0)) && leads_back(spf, name)) {
			if (below)
				return name;
			other = name;
		}
	}
	return other;
}

struct slice spf_validated(struct spf *spf)
{
	if (!spf->validated.p) {
		spf->validated = find_validated(spf, spf->domain, true);
		if (!spf->validated.p)
			spf->validated = SLICE("");
	}
	return spf->validated;
}

/* RFC 7208 5.5: what the DNS does not say here is no error. */
static enum spf_match match_ptr(struct spf *spf, const struct spf_term *term)
{
	if (!spf_may_look_up(spf))
		return SPF_MATCH_PERM;
	struct slice target = spf_target(spf, term->domain);
	return find_validated(spf, target, false).n > 0 ? SPF_YES : SPF_NO;
}

enum spf_match spf_match(struct spf *spf, const struct spf_term *term)
{
	switch (term->kind) {
	case SPF_IS_ALL:
		return SPF_YES;
	case SPF_IS_IP4:
		return !spf->v6 && is_in_net(spf, term, term->ip) ? SPF_YES : SPF_NO;
	case SPF_IS_IP6:
		return spf->v6 && is_in_net(spf, term, term->ip) ? SPF_YES : SPF_NO;
	case SPF_IS_A:
		return match_a(spf, term);
	case SPF_IS_MX:
		return match_mx(spf, term);
	case SPF_IS_EXISTS:
		return match_exists(spf, term);
	case SPF_IS_PTR:
		return match_ptr(spf, term);
	case SPF_IS_INCLUDE:
		break;
	}
	return SPF_NO;
}
