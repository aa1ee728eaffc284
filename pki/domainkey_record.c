/* domainkey_record.c - what is stored of a domain's signing keys
 *
 *	DOMAIN SELECTOR    version, kind, state, when made, since when, due; then each with
 *	                   its length: the public half, the sealed key */
#include "core/log.h"
#include "core/num.h"
#include "pki/domainkey_private.h"
#include "storage/sealed.h"
#include "storage/store.h"

enum { VERSION = 1, HEADER = 3 + 3 * 8 };

const char *const domainkey_state_names[] = { "waiting", "active", "old", NULL };
const char *const domainkey_kind_names[] = { "rsa", "ed25519", NULL };

static const char room[] = "dkim";

/* --- one record --- */

static void put_key(struct slice domain, struct slice selector, struct buf *out)
{
	buf_adds(out, domain);
	buf_addc(out, ' ');
	buf_adds(out, selector);
}

static void write_record(const struct domainkey *key, struct buf *out)
{
	unsigned char header[HEADER] = { VERSION, (unsigned char)key->kind,
		(unsigned char)key->state };

	num_put64(header + 3, (uint64_t)key->made);
	num_put64(header + 11, (uint64_t)key->since);
	num_put64(header + 19, (uint64_t)key->due);
	buf_add(out, header, sizeof(header));
	num_put_bytes(out, key->public);
	num_put_bytes(out, key->sealed);
}

static bool read_record(struct slice name, struct slice value, struct domainkey *out)
{
	const unsigned char *p = (const unsigned char *)value.p;
	struct slice rest = slice_from(value, HEADER);

	if (value.n < HEADER || p[0] != VERSION || p[1] > DOMAINKEY_ED25519 || p[2] > DOMAINKEY_OLD)
		return false;
	*out = (struct domainkey){ .domain = slice_cut(&name, ' '),
		.selector = name,
		.kind = (enum domainkey_kind)p[1],
		.state = (enum domainkey_state)p[2],
		.made = (int64_t)num_get64(p + 3),
		.since = (int64_t)num_get64(p + 11),
		.due = (int64_t)num_get64(p + 19) };
	return num_take_bytes(&rest, &out->public) && num_take_bytes(&rest, &out->sealed);
}

/* --- the master key --- */

void domainkey_sealed_as(const struct domainkey *key, struct buf *out)
{
	buf_printf(
	    out, "the DKIM key %.*s of %.*s", SLICE_ARG(key->selector), SLICE_ARG(key->domain));
	buf_z(out);
}

static bool find_sealed(
    struct slice name, struct slice value, struct buf *what, struct slice *secret)
{
	struct domainkey key;

	if (!read_record(name, value, &key))
		return false;
	struct buf owner = { 0 };
	domainkey_sealed_as(&key, &owner);
	domainkey_seal_name(key.kind, owner.p, what);
	buf_done(&owner);
	*secret = key.sealed;
	return true;
}

SEALED(dkim) = { .room = "dkim", .find = find_sealed };

/* --- reading, writing --- */

struct visiting {
	bool (*visit)(void *arg, const struct domainkey *key);
	void *arg;
};

static bool visit_record(void *arg, struct slice name, struct slice value)
{
	const struct visiting *v = arg;
	struct domainkey key;

	if (read_record(name, value, &key))
		return v->visit(v->arg, &key);
	log_event(LOG_ERROR, "dkim-record-malformed", log_s("key", name));
	return true;
}

int domainkey_each(
    struct slice domain, bool (*visit)(void *arg, const struct domainkey *key), void *arg)
{
	struct visiting v = { visit, arg };
	struct buf prefix = { 0 };

	if (domain.n > 0)
		put_key(domain, SLICE(""), &prefix);
	int rc = store_record_each(room, buf_slice(&prefix), visit_record, &v);
	buf_done(&prefix);
	return rc;
}

int domainkey_get(
    struct slice domain, struct slice selector, struct pool *pool, struct domainkey *out)
{
	struct buf name = { 0 }, value = { 0 };

	put_key(domain, selector, &name);
	int found = store_record_get(room, buf_slice(&name), &value);
	if (found == 1 &&
	    !read_record(
		pool_slice(pool, buf_slice(&name)), pool_slice(pool, buf_slice(&value)), out))
		found = -1;
	buf_done(&name);
	buf_done(&value);
	return found;
}

int domainkey_put(const struct domainkey *keys, size_t n, bool first, struct err *err)
{
	struct store_record records[2] = { 0 };
	struct buf bytes[4] = { 0 };

	for (size_t i = 0; i < n; i++) {
		put_key(keys[i].domain, keys[i].selector, &bytes[2 * i]);
		write_record(&keys[i], &bytes[2 * i + 1]);
		records[i] = (struct store_record){ .key = buf_slice(&bytes[2 * i]),
			.value = buf_slice(&bytes[2 * i + 1]),
			.first = first };
	}
	int rc = store_records_put(room, records, n, err);
	for (size_t i = 0; i < 4; i++)
		buf_done(&bytes[i]);
	return rc;
}

int domainkey_remove(struct slice domain, struct slice selector, struct err *err)
{
	struct buf name = { 0 };

	put_key(domain, selector, &name);
	int rc = store_record_put(room, buf_slice(&name), (struct slice){ 0 }, err);
	buf_done(&name);
	return rc;
}
