/* record.c - what is stored of a domain: its sealed key and its chain
 *
 *	d DOMAIN    flags, when it was made, length of the key, sealed key, chain
 *	n HOST      DOMAIN: a name in its certificate that nobody would look for there
 *
 * Names are a hint: who finds one looks into the certificate. So what a crash
 * leaves of them does no harm. */
#include "core/log.h"
#include "core/num.h"
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/store.h"

enum { INSTALLED = 1, HEADER = 1 + 8 + 4 };

static struct slice record_key(struct buf *out, char kind, struct slice name)
{
	buf_addc(out, kind);
	buf_addc(out, ' ');
	host_lower(out, name);
	return buf_slice(out);
}

/* --- bytes --- */

static void write_record(const struct domain_record *record, struct buf *out)
{
	unsigned char header[HEADER];

	header[0] = record->installed ? INSTALLED : 0;
	num_put64(header + 1, (uint64_t)record->made);
	num_put32(header + 9, (uint32_t)record->key.n);
	buf_add(out, header, sizeof(header));
	buf_adds(out, record->key);
	buf_adds(out, record->chain);
}

static bool read_record(struct slice bytes, struct domain_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	if (bytes.n < HEADER || num_get32(p + 9) > bytes.n - HEADER)
		return false;
	out->installed = p[0] & INSTALLED;
	out->made = (int64_t)num_get64(p + 1);
	out->key = slice_head(slice_from(bytes, HEADER), num_get32(p + 9));
	out->chain = slice_from(bytes, HEADER + out->key.n);
	return true;
}

static int malformed(struct slice domain)
{
	log_event(LOG_ERROR, "pki-record-malformed", log_s("domain", domain));
	return -1;
}

int record_get(struct slice domain, struct buf *bytes, struct domain_record *out)
{
	struct buf key = { 0 };
	int found = store_record_get(PKI_ROOM, record_key(&key, 'd', domain), bytes);

	buf_done(&key);
	if (found == 1 && !read_record(buf_slice(bytes), out))
		return malformed(domain);
	return found;
}

struct each {
	bool (*visit)(void *arg, struct slice domain, const struct domain_record *record);
	void *arg;
};

static bool visit_record(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct slice domain = slice_from(key, 2);
	struct domain_record record;

	if (read_record(value, &record))
		return each->visit(each->arg, domain, &record);
	malformed(domain);
	return true;
}

int record_each(
    bool (*visit)(void *arg, struct slice domain, const struct domain_record *record), void *arg)
{
	struct each each = { visit, arg };

	return store_record_each(PKI_ROOM, SLICE("d "), visit_record, &each);
}

/* --- names --- */

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
	record_key(&key, 'n', host);
	if (n->value.n > 0 || !taken_over(buf_slice(&key), n->domain))
		n->rc = store_record_put(PKI_ROOM, buf_slice(&key), n->value, n->err);
	buf_done(&key);
	return n->rc == 0;
}

static int put_names(struct slice domain, struct slice chain, struct err *err)
{
	struct naming n = { .domain = domain, .value = domain, .err = err };
	struct cert leaf;

	if (cert_next(&chain, &leaf))
		cert_names(&leaf, put_name, &n);
	return n.rc;
}

/* Of the certificate that the domain has now, those that `next` lacks. */
static int drop_names(struct slice domain, struct slice next, struct err *err)
{
	struct naming n = { .domain = domain, .err = err };
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert old, new;

	if (cert_next(&next, &new))
		n.except = &new;
	if (record_get(domain, &bytes, &record) == 1 && cert_next(&record.chain, &old))
		cert_names(&old, put_name, &n);
	buf_done(&bytes);
	return n.rc;
}

int record_named(struct slice host, struct pool *pool, const char **domain)
{
	struct buf key = { 0 }, value = { 0 };
	int found = store_record_get(PKI_ROOM, record_key(&key, 'n', host), &value);

	if (found == 1)
		*domain = pool_str(pool, buf_slice(&value));
	buf_done(&key);
	buf_done(&value);
	return found;
}

/* --- change --- */

int record_put(struct slice domain, const struct domain_record *record, struct err *err)
{
	struct buf key = { 0 }, value = { 0 };

	write_record(record, &value);
	record_key(&key, 'd', domain);
	int rc = put_names(domain, record->chain, err);
	if (rc == 0)
		rc = drop_names(domain, record->chain, err);
	if (rc == 0)
		rc = store_record_put(PKI_ROOM, buf_slice(&key), buf_slice(&value), err);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

int record_drop(struct slice domain, struct err *err)
{
	struct buf key = { 0 };
	int rc = drop_names(domain, (struct slice){ 0 }, err);

	if (rc == 0)
		rc = store_record_put(
		    PKI_ROOM, record_key(&key, 'd', domain), (struct slice){ 0 }, err);
	buf_done(&key);
	return rc;
}
