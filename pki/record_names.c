/* record_names.c - names in certificates that nobody would look for at their domains
 *
 *	n HOST      DOMAIN
 *
 * Names are a hint: who finds one looks into the certificate. So what a crash
 * leaves of them does no harm. */
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/store.h"

static struct slice name_key(struct buf *out, struct slice host)
{
	buf_addz(out, "n ");
	buf_add_lower(out, host);
	return buf_slice(out);
}

/* What find_by_name tries by itself: the domain, or one label before it. */
static bool follows_from(struct slice host, struct slice domain)
{
	if (slice_ieq(host, domain))
		return true;
	ptrdiff_t dot = slice_chr(host, '.');
	return dot >= 0 && slice_ieq(slice_from(host, (size_t)dot + 1), domain);
}

struct naming {
	struct slice domain;
	struct slice value; /* what the names' records are to say: the domain, or nothing */
	const struct cert *except;
	struct err *err;
	int rc;
};

/* Does another domain own this name by now? */
static bool taken_over(struct slice key, struct slice domain)
{
	struct buf value = { 0 };
	bool taken =
	    store_record_get(PKI_ROOM, key, &value) == 1 && !slice_eq(buf_slice(&value), domain);

	buf_done(&value);
	return taken;
}

static bool put_name(void *arg, struct slice host)
{
	struct naming *n = arg;
	struct buf key = { 0 };

	if (follows_from(host, n->domain) || (n->except && cert_covers(n->except, host)))
		return true;
	name_key(&key, host);
	if (n->value.n > 0 || !taken_over(buf_slice(&key), n->domain))
		n->rc = store_record_put(PKI_ROOM, buf_slice(&key), n->value, n->err);
	buf_done(&key);
	return n->rc == 0;
}

/* Nobody is led to a profile by a name. */
int record_names_put(struct slice domain, struct slice certificate, struct err *err)
{
	struct naming n = { .domain = domain, .value = domain, .err = err };
	struct cert leaf;

	if (!owner_is_profile(domain) && cert_next(&certificate, &leaf))
		cert_names(&leaf, put_name, &n);
	return n.rc;
}

/* Of the certificate that the domain has now, those that `next` lacks. */
int record_names_drop(struct slice domain, struct slice next, struct err *err)
{
	struct naming n = { .domain = domain, .err = err };
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert old, new;

	if (cert_next(&next, &new))
		n.except = &new;
	if (!owner_is_profile(domain) && record_get(domain, &bytes, &record) == 1 &&
	    cert_next(&record.leaf, &old))
		cert_names(&old, put_name, &n);
	buf_done(&bytes);
	return n.rc;
}

int record_named(struct slice host, struct pool *pool, const char **domain)
{
	struct buf key = { 0 }, value = { 0 };
	int found = store_record_get(PKI_ROOM, name_key(&key, host), &value);

	if (found == 1)
		*domain = pool_str(pool, buf_slice(&value));
	buf_done(&key);
	buf_done(&value);
	return found;
}
