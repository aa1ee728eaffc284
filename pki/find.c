/* find.c - whose certificate? By a host name, or by the address that was connected to */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

void host_lower(struct buf *out, struct slice host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];
		buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
	}
}

/* --- by name --- */

/* The domain of that name, or of that alias. */
static const char *hosted(struct slice name, struct pool *pool)
{
	struct dir_domain domain;

	return dir_domain(name, pool, &domain) == 1 ? domain.name : NULL;
}

static bool has_certificate_for(const char *domain, struct slice host)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert leaf;
	bool has = record_get(slice_str(domain), &bytes, &record) == 1 &&
	    cert_next(&record.chain, &leaf) && cert_covers(&leaf, host);

	buf_done(&bytes);
	return has;
}

/* The domain that was noted for that name in its certificate. */
static const char *noted(struct slice name, struct slice host, struct pool *pool)
{
	const char *domain;

	return record_named(name, pool, &domain) == 1 && has_certificate_for(domain, host) ? domain
											   : NULL;
}

static const char *noted_by_wildcard(struct slice parent, struct slice host, struct pool *pool)
{
	struct buf name = { 0 };

	buf_addz(&name, "*.");
	buf_adds(&name, parent);
	const char *domain = noted(buf_slice(&name), host, pool);
	buf_done(&name);
	return domain;
}

/* mail.alpha.test: a domain or alias of that name; alpha.test, when it has a
   certificate for it; another domain that has. */
const char *find_by_name(struct slice host, struct pool *pool)
{
	const char *domain = hosted(host, pool);
	ptrdiff_t dot = slice_chr(host, '.');

	if (domain || dot <= 0)
		return domain;
	struct slice parent = slice_from(host, (size_t)dot + 1);
	domain = hosted(parent, pool);
	if (domain && has_certificate_for(domain, host))
		return domain;
	domain = noted(host, host, pool);
	return domain ? domain : noted_by_wildcard(parent, host, pool);
}

/* --- by address --- */

struct slice address_bytes(const struct sockaddr *address)
{
	const struct sockaddr_in *in4 = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address && address->sa_family == AF_INET)
		return slice_of(&in4->sin_addr, sizeof(in4->sin_addr));
	if (!address || address->sa_family != AF_INET6)
		return (struct slice){ 0 };
	/* A socket for both kinds shows IPv4 addresses mapped. */
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return slice_of((const char *)&in6->sin6_addr + 12, 4);
	return slice_of(&in6->sin6_addr, sizeof(in6->sin6_addr));
}

static bool same_address(struct slice text, struct slice bytes)
{
	unsigned char address[sizeof(struct in6_addr)];
	struct pool pool = { 0 };
	int family = bytes.n == 4 ? AF_INET : AF_INET6;
	bool same = inet_pton(family, pool_str(&pool, text), address) == 1 &&
	    memcmp(address, bytes.p, bytes.n) == 0;

	pool_done(&pool);
	return same;
}

struct search {
	struct slice address;
	struct pool *pool;
	const char *found;
};

static bool look_at_addresses(void *arg, const struct dir_domain *domain)
{
	struct search *search = arg;
	struct slice rest = slice_str(domain->addresses);

	for (struct slice text; !search->found && (text = slice_word(&rest)).n > 0;)
		if (same_address(text, search->address))
			search->found = pool_str(search->pool, slice_str(domain->name));
	return !search->found;
}

const char *find_by_address(const struct sockaddr *local, struct pool *pool)
{
	struct search search = { .address = address_bytes(local), .pool = pool };

	if (search.address.n > 0)
		dir_domains(look_at_addresses, &search);
	return search.found;
}
