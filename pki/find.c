/* find.c - whose certificate? By a host name */
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

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
	    cert_next(&record.leaf, &leaf) && cert_covers(&leaf, host);

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
