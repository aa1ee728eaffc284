/* source_record.c - how a domain's directory is asked: kept in the directory of domains
 *
 *	DOMAIN -> version, then each with its length before it: url, base, filter, bind DN,
 *	          attributes, sealed password */
#include "core/log.h"
#include "core/num.h"
#include "storage/source_private.h"
#include "storage/sealed.h"
#include "storage/store.h"

static const char room[] = "ldap";

enum { VERSION = 1, FIELDS = 6 };

/* Fills the fields from a record's value; they point into it or pool. */
static bool source_read(struct slice value, struct pool *pool, struct source_spec *out)
{
	struct slice rest = slice_from(value, 1), field[FIELDS];

	if (value.n == 0 || value.p[0] != VERSION)
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		if (!num_take_bytes(&rest, &field[i]))
			return false;
	*out = (struct source_spec){ .url = pool_str(pool, field[0]),
		.base = pool_str(pool, field[1]),
		.filter = pool_str(pool, field[2]),
		.bind_dn = pool_str(pool, field[3]),
		.attributes = pool_str(pool, field[4]),
		.sealed = pool_slice(pool, field[5]) };
	return rest.n == 0;
}

static bool find_sealed(
    struct slice key, struct slice value, struct buf *what, struct slice *secret)
{
	struct pool pool = { 0 };
	struct source_spec spec;
	bool found = source_read(value, &pool, &spec) && spec.sealed.n > 0;

	buf_addz(what, source_purpose(key, &pool));
	if (found) /* the last field */
		*secret = slice_from(value, value.n - spec.sealed.n);
	pool_done(&pool);
	return found;
}

SEALED(ldap) = { .room = "ldap", .find = find_sealed };

int source_get(struct slice domain, struct pool *pool, struct source_spec *out)
{
	struct buf value = { 0 };
	int found = store_record_get(room, domain, &value);

	if (found == 1 && !source_read(buf_slice(&value), pool, out)) {
		log_event(LOG_ERROR, "ldap-record-malformed", log_s("domain", domain));
		found = -1;
	}
	buf_done(&value);
	return found;
}

int source_put(struct slice domain, const struct source_spec *spec, struct err *err)
{
	const char *const texts[] = { spec->url, spec->base, spec->filter, spec->bind_dn,
		spec->attributes };
	struct buf value = { 0 };

	buf_addc(&value, VERSION);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		num_put_bytes(&value, slice_str(texts[i]));
	num_put_bytes(&value, spec->sealed);
	int rc = store_record_put(room, domain, buf_slice(&value), err);
	buf_done(&value);
	return rc;
}

int source_drop(struct slice domain, struct err *err)
{
	return store_record_put(room, domain, (struct slice){ 0 }, err);
}

struct each {
	bool (*visit)(void *arg, struct slice domain, const struct source_spec *spec);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;
	struct pool pool = { 0 };
	struct source_spec spec;
	bool more = true;

	if (source_read(value, &pool, &spec))
		more = each->visit(each->arg, key, &spec);
	else
		log_event(LOG_ERROR, "ldap-record-malformed", log_s("domain", key));
	pool_done(&pool);
	return more;
}

int source_each(
    bool (*visit)(void *arg, struct slice domain, const struct source_spec *spec), void *arg)
{
	struct each each = { visit, arg };

	return store_record_each(room, (struct slice){ 0 }, see, &each);
}

/* --- what stands for a user --- */

static const char *fill(const char *text, struct slice domain, struct slice local,
    void (*put)(struct buf *out, struct slice value), struct pool *pool)
{
	struct buf out = { 0 };

	for (const char *p = text; *p; p++) {
		char what = *p == '%' ? p[1] : '\0';
		if (what != 'u' && what != 'd' && what != 'a') {
			buf_addc(&out, *p);
			continue;
		}
		p++;
		if (what != 'd')
			put(&out, local);
		if (what == 'a')
			buf_addc(&out, '@');
		if (what != 'u')
			put(&out, domain);
	}
	const char *filled = pool_str(pool, buf_slice(&out));
	buf_done(&out);
	return filled;
}

const char *source_base(
    const char *base, struct slice domain, struct slice local, struct pool *pool)
{
	return fill(base, domain, local, ldapc_put_dn, pool);
}

const char *source_filter(
    const char *filter, struct slice domain, struct slice local, struct pool *pool)
{
	return fill(filter, domain, local, ldapc_put_filter, pool);
}
