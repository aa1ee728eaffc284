/* dir_record.c - keys and records of the directory, written and read */
#include <stdlib.h>

#include "core/num.h"
#include "storage/dir_private.h"

enum { VERSION = 1, SECRETS_MAX = 3 };

/* --- writing --- */

static void put32(struct buf *out, uint32_t n)
{
	unsigned char p[4];

	num_put32(p, n);
	buf_add(out, p, sizeof(p));
}

static void put64(struct buf *out, uint64_t n)
{
	unsigned char p[8];

	num_put64(p, n);
	buf_add(out, p, sizeof(p));
}

static void put_text(struct buf *out, const char *text)
{
	struct slice s = slice_str(text);

	put32(out, (uint32_t)s.n);
	buf_adds(out, s);
}

/* --- reading: one look at `bad` at the end is enough --- */

struct reader {
	struct slice rest;
	struct pool *pool;
	bool bad;
};

static const unsigned char *take(struct reader *r, size_t n)
{
	static const unsigned char zeros[8];
	const unsigned char *p = (const unsigned char *)r->rest.p;

	if (r->bad || r->rest.n < n) {
		r->bad = true;
		return zeros;
	}
	r->rest = slice_from(r->rest, n);
	return p;
}

static uint8_t get8(struct reader *r)
{
	return *take(r, 1);
}

static uint32_t get32(struct reader *r)
{
	return num_get32(take(r, 4));
}

static uint64_t get64(struct reader *r)
{
	return num_get64(take(r, 8));
}

/* An empty text is NULL. */
static const char *get_text(struct reader *r)
{
	uint32_t n = get32(r);

	if (n > r->rest.n)
		r->bad = true;
	if (r->bad || n == 0)
		return NULL;
	return pool_str(r->pool, slice_of(take(r, n), n));
}

static struct reader begin(struct slice value, struct pool *pool)
{
	struct reader r = { .rest = value, .pool = pool };

	if (get8(&r) != VERSION)
		r.bad = true;
	return r;
}

/* --- keys --- */

struct slice dir_address_key(struct pool *pool, struct slice domain, struct slice local)
{
	char *key = pool_get(pool, domain.n + 1 + local.n);

	memcpy(key, domain.p, domain.n);
	if (local.n > 0) /* else where a domain's begin */
		memcpy(key + domain.n + 1, local.p, local.n);
	return slice_of(key, domain.n + 1 + local.n);
}

struct slice dir_id_key(struct pool *pool, const char *what, uint64_t id)
{
	size_t n = strlen(what);
	char *key = pool_get(pool, n + 8);

	memcpy(key, what, n);
	num_put64((unsigned char *)key + n, id);
	return slice_of(key, n + 8);
}

const char *dir_key_address(struct pool *pool, struct slice key)
{
	struct slice local = key;
	struct slice domain = slice_cut(&local, '\0');

	return local.n == 0 ? NULL
			    : pool_printf(pool, "%.*s@%.*s", SLICE_ARG(local), SLICE_ARG(domain));
}

/* --- records --- */

void dir_domain_write(struct buf *out, const struct dir_domain_record *record)
{
	const struct dir_domain *domain = &record->domain;

	buf_addc(out, VERSION);
	buf_addc(out, (char)domain->main);
	put64(out, domain->id);
	put64(out, (uint64_t)domain->created);
	put_text(out, domain->catch_all);
	put_text(out, domain->addresses);
	put_text(out, record->alias_of);
}

bool dir_domain_read(
    struct slice name, struct slice value, struct pool *pool, struct dir_domain_record *out)
{
	struct reader r = begin(value, pool);

	*out = (struct dir_domain_record){ 0 };
	out->domain.name = pool_str(pool, name);
	out->domain.main = get8(&r);
	out->domain.id = get64(&r);
	out->domain.created = (int64_t)get64(&r);
	out->domain.catch_all = get_text(&r);
	out->domain.addresses = get_text(&r);
	out->alias_of = get_text(&r);
	return !r.bad;
}

void dir_account_write(struct buf *out, const struct dir_account *account)
{
	buf_addc(out, VERSION);
	put64(out, account->id);
	put32(out, account->shard);
	buf_addc(out, (char)account->suspended);
	buf_addc(out, (char)account->role);
	put64(out, account->quota);
	put64(out, (uint64_t)account->created);
}

bool dir_account_read(
    struct slice key, struct slice value, struct pool *pool, struct dir_account *out)
{
	struct reader r = begin(value, pool);

	*out = (struct dir_account){ .name = dir_key_address(pool, key) };
	out->id = get64(&r);
	out->shard = get32(&r);
	out->suspended = get8(&r);
	out->role = get8(&r);
	out->quota = get64(&r);
	out->created = (int64_t)get64(&r);
	return !r.bad && out->name;
}

void dir_secrets_write(struct buf *out, const char *const secrets[])
{
	buf_addc(out, VERSION);
	for (int i = 0; i < SECRETS_MAX && secrets && secrets[i]; i++)
		put_text(out, secrets[i]);
}

bool dir_secrets_read(struct slice value, struct pool *pool, const char *secrets[4])
{
	struct reader r = begin(value, pool);
	int n = 0;

	while (!r.bad && r.rest.n > 0 && n < SECRETS_MAX)
		secrets[n++] = get_text(&r);
	secrets[n] = NULL;
	return !r.bad;
}

void dir_text_write(struct buf *out, struct slice text)
{
	buf_addc(out, VERSION);
	put32(out, (uint32_t)text.n);
	buf_adds(out, text);
}

bool dir_text_read(struct slice value, struct pool *pool, const char **out)
{
	struct reader r = begin(value, pool);

	*out = get_text(&r);
	return !r.bad;
}

void dir_number_write(struct buf *out, uint64_t number)
{
	buf_addc(out, VERSION);
	put64(out, number);
}

bool dir_number_read(struct slice value, uint64_t *out)
{
	struct reader r = begin(value, NULL);

	*out = get64(&r);
	return !r.bad;
}
