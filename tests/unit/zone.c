/* zone.c - a DNS made up by a test */
#include "tests/unit/zone.h"

enum { ANY = 0, CNAME = 5, HOPS_MAX = 8 };

struct zone_record {
	struct slice name, data;
	int type;
	bool timeout;
	struct zone_record *next;
};

static struct zone_record *put(struct zone *zone, const char *name, int type)
{
	struct zone_record *record = pool_get(&zone->pool, sizeof(*record)), **last;

	record->name = pool_slice(&zone->pool, slice_str(name));
	record->type = type;
	for (last = &zone->records; *last; last = &(*last)->next)
		;
	return *last = record;
}

void zone_add(struct zone *zone, const char *name, int type, struct slice data)
{
	put(zone, name, type)->data = pool_slice(&zone->pool, data);
}

void zone_txt(struct zone *zone, const char *name, const char *text)
{
	struct buf data = { 0 };

	for (struct slice rest = slice_str(text); rest.n > 0;) {
		struct slice string = slice_head(rest, 255);
		buf_addc(&data, (char)string.n);
		buf_adds(&data, string);
		rest = slice_from(rest, string.n);
	}
	zone_add(zone, name, DNS_TXT, buf_slice(&data));
	buf_done(&data);
}

void zone_cname(struct zone *zone, const char *name, const char *target)
{
	zone_add(zone, name, CNAME, slice_str(target));
}

void zone_timeout(struct zone *zone, const char *name, int type)
{
	put(zone, name, type)->timeout = true;
}

static enum dns_status look(struct zone *zone, struct slice name, int type, struct pool *pool,
    struct dns_answer *out, int hops)
{
	struct slice *rr = pool_get(pool, DNS_RECORDS_MAX * sizeof(*rr));
	bool there = false, timeout = false;

	for (const struct zone_record *r = zone->records; r && hops < HOPS_MAX; r = r->next) {
		if (!slice_ieq(r->name, name))
			continue;
		there = true;
		if (r->timeout)
			timeout |= r->type == ANY || r->type == type;
		else if (r->type == CNAME)
			return look(zone, r->data, type, pool, out, hops + 1);
		else if (r->type == type && out->n < DNS_RECORDS_MAX)
			rr[out->n++] = r->data;
	}
	out->rr = rr;
	out->name = name;
	if (out->n > 0)
		return DNS_FOUND;
	return timeout || hops == HOPS_MAX ? DNS_FAILED : there ? DNS_EMPTY : DNS_ABSENT;
}

static enum dns_status ask(void *arg, struct slice name, enum dns_type type, struct pool *pool,
    struct dns_answer *out, struct err *err)
{
	struct zone *zone = arg;

	zone->asked++;
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	enum dns_status status = look(zone, name, (int)type, pool, out, 0);
	if (status == DNS_FAILED)
		err_set(err, ERR_TEMP, "no answer in time");
	return status;
}

void zone_init(struct zone *zone)
{
	*zone = (struct zone){ .asker = { .ask = ask, .arg = zone } };
}

void zone_done(struct zone *zone)
{
	pool_done(&zone->pool);
	*zone = (struct zone){ 0 };
}
