/* record.c - what is stored of a domain: its sealed key, its chain, and how they are used
 *
 *	d DOMAIN    version, flags, mode, when its key came, then each with its length before it:
 *	            sealed key, certificate, those above it, subject, issuer of clients
 *	n HOST      DOMAIN: a name in its certificate that nobody would look for there
 *
 * Names are a hint: who finds one looks into the certificate. So what a crash
 * leaves of them does no harm. */
#include "core/log.h"
#include "core/num.h"
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/store.h"

enum { VERSION = 2, HEADER = 3 + 8, FIELDS = 5 };

enum flag { INSTALLED = 1, CLIENT_REQUIRED = 2 };

static struct slice record_key(struct buf *out, char kind, struct slice name)
{
	buf_addc(out, kind);
	buf_addc(out, ' ');
	host_lower(out, name);
	return buf_slice(out);
}

/* --- bytes --- */

static void put_field(struct buf *out, struct slice value)
{
	unsigned char length[4];

	num_put32(length, (uint32_t)value.n);
	buf_add(out, length, sizeof(length));
	buf_adds(out, value);
}

static bool take_field(struct slice *rest, struct slice *value)
{
	const unsigned char *p = (const unsigned char *)rest->p;

	if (rest->n < 4 || num_get32(p) > rest->n - 4)
		return false;
	*value = slice_head(slice_from(*rest, 4), num_get32(p));
	*rest = slice_from(*rest, 4 + value->n);
	return true;
}

static void write_record(const struct domain_record *record, struct buf *out)
{
	const struct slice fields[FIELDS] = { record->key, record->leaf, record->above,
		record->subject, record->client_issuer };
	unsigned char header[HEADER];

	header[0] = VERSION;
	header[1] = (unsigned char)((record->installed ? INSTALLED : 0) |
	    (record->client_required ? CLIENT_REQUIRED : 0));
	header[2] = (unsigned char)record->mode;
	num_put64(header + 3, (uint64_t)record->made);
	buf_add(out, header, sizeof(header));
	for (size_t i = 0; i < FIELDS; i++)
		put_field(out, fields[i]);
}

/* The first form: flags, when it was made, the key with its length, the chain. */
static bool read_first_form(struct slice bytes, struct domain_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	struct slice rest = slice_from(bytes, 1 + 8);
	struct cert leaf;

	if (bytes.n < 1 + 8 || !take_field(&rest, &out->key))
		return false;
	out->mode = PKI_ENABLED;
	out->installed = p[0] & INSTALLED;
	out->made = (int64_t)num_get64(p + 1);
	out->above = rest;
	if (!cert_next(&out->above, &leaf))
		return false;
	out->leaf = leaf.der;
	return true;
}

static bool read_record(struct slice bytes, struct domain_record *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	struct slice rest = slice_from(bytes, HEADER);

	*out = (struct domain_record){ 0 };
	if (bytes.n == 0 || p[0] < VERSION)
		return read_first_form(bytes, out);
	if (bytes.n < HEADER || p[0] != VERSION || p[2] > PKI_ENABLED)
		return false;
	out->installed = p[1] & INSTALLED;
	out->client_required = p[1] & CLIENT_REQUIRED;
	out->mode = (enum pki_mode)p[2];
	out->made = (int64_t)num_get64(p + 3);
	struct slice *const fields[FIELDS] = { &out->key, &out->leaf, &out->above, &out->subject,
		&out->client_issuer };
	for (size_t i = 0; i < FIELDS; i++)
		if (!take_field(&rest, fields[i]))
			return false;
	return rest.n == 0;
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

bool record_is(struct slice domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	bool is = record_get(domain, &bytes, &record) == 1;

	buf_done(&bytes);
	return is;
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

/* Nobody is led to a profile by a name. */
static int put_names(struct slice domain, struct slice certificate, struct err *err)
{
	struct naming n = { .domain = domain, .value = domain, .err = err };
	struct cert leaf;

	if (!owner_is_profile(domain) && cert_next(&certificate, &leaf))
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
	if (record_get(domain, &bytes, &record) == 1 && cert_next(&record.leaf, &old))
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
	int rc = put_names(domain, record->leaf, err);
	if (rc == 0)
		rc = drop_names(domain, record->leaf, err);
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
