/* audit.c - the audit trail: events come in, and are asked for */
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/loop.h"
#include "storage/audit_private.h"
#include "storage/dir_private.h"
#include "storage/rename.h"

enum { BEGUN = 'b', INTERRUPTED = 200 };

/* --- keep --- */

struct keeping {
	struct kv_write write; /* first member */
	struct buf key, value, domain_key, begun;
};

static enum kv_result apply(struct kv_write *write, struct kv_txn *txn)
{
	struct keeping *k = (struct keeping *)write;
	struct kv *tree = dir_kv(DIR_TREE_AUDIT);
	int r = kv_put(tree, txn, buf_slice(&k->key), buf_slice(&k->value));

	if (r == 0 && k->domain_key.n > 0)
		r = kv_put(tree, txn, buf_slice(&k->domain_key), SLICE("\1"));
	if (r == 0 && k->begun.n > 0)
		r = kv_del(tree, txn, buf_slice(&k->begun));
	return dir_result(r);
}

static char class_of(const struct op_event *event)
{
	bool good = strcmp(event->result, "ok") == 0;

	return good && event->role > OP_USER ? 'a' : 'o';
}

/* A domain's events are found by its own name, whatever alias or former name was said. */
static const char *domain_of(const struct op_event *event, struct pool *pool)
{
	struct dir_domain domain;
	const char *now;

	if (event->domain && dir_domain(slice_str(event->domain), pool, &domain) == 1)
		return domain.name;
	if (event->domain && dir_domain_former(slice_str(event->domain), pool, &now) == 1)
		return now;
	return event->domain;
}

static void write_out(struct keeping *k, const struct op_event *event)
{
	if (kv_write(dir_env(), &k->write) != KV_DONE)
		log_event(LOG_ERROR, "audit-not-kept", log_z("op", event->op));
	buf_done(&k->key);
	buf_done(&k->value);
	buf_done(&k->domain_key);
	buf_done(&k->begun);
}

static void keep_of(const struct op_event *event, int64_t when)
{
	struct keeping k = { .write.apply = apply };
	struct op_event named = *event;
	struct pool pool = { 0 };
	uint64_t id = log_id();
	char class = class_of(event);

	named.domain = domain_of(event, &pool);
	audit_key(&k.key, class, id);
	audit_write(&k.value, &named, when);
	if (named.domain) {
		audit_domain_prefix(&k.domain_key, class, named.domain);
		audit_put_id(&k.domain_key, id);
	}
	if (event->begun)
		audit_key(&k.begun, BEGUN, event->begun);
	atomic_fetch_add(&audit_came, 1);
	write_out(&k, event);
	pool_done(&pool);
}

static void keep(const struct op_event *event)
{
	keep_of(event, time(NULL));
}

/* --- what is begun --- */

static uint64_t begin(const struct op_event *event)
{
	struct keeping k = { .write.apply = apply };
	uint64_t id = log_id();

	audit_key(&k.key, BEGUN, id);
	audit_write(&k.value, event, time(NULL));
	write_out(&k, event);
	return id;
}

struct interrupted {
	struct pool pool;
	struct audit_entry entry[INTERRUPTED];
	size_t n;
};

static bool see_begun(void *arg, struct slice key, struct slice value)
{
	struct interrupted *all = arg;
	struct audit_entry *entry = &all->entry[all->n];

	if (audit_read(value, &all->pool, entry)) {
		entry->event.begun = audit_key_id(key);
		all->n++;
	}
	return all->n < INTERRUPTED;
}

/* The server ended while these ran: what became of them is not known, that they were
   called is. */
static void settle_begun(void)
{
	struct interrupted all = { 0 };
	const char prefix = BEGUN;

	kv_each(dir_kv(DIR_TREE_AUDIT), NULL, slice_of(&prefix, 1), (struct slice){ 0 }, see_begun,
	    &all);
	for (size_t i = 0; i < all.n; i++) {
		struct op_event *event = &all.entry[i].event;

		event->result = "interrupted";
		event->reason = "the server ended before it was done; see whether it is";
		keep_of(event, all.entry[i].when);
		log_event(LOG_WARN, "audit-interrupted", log_z("by", event->who),
		    log_z("op", event->op), log_z("args", event->args));
	}
	pool_done(&all.pool);
}

void audit_start(void)
{
	settle_begun();
	op_recorder_set(begin, keep);
}

void audit_stop(void)
{
	op_recorder_set(NULL, NULL);
}

/* --- ask --- */

struct asking {
	const struct audit_query *query;
	struct pool pool;
	struct audit_entry *found;
	size_t n, of_class; /* found in all, and of the class at hand */
	char class;
	bool failed;
};

/* False: those behind it are older still. */
static bool take(struct asking *a, uint64_t id, struct slice value)
{
	const struct audit_query *query = a->query;
	struct audit_entry *entry = &a->found[a->n];
	struct pool scratch = { 0 };
	bool good = audit_read(value, &scratch, entry);
	bool older = good && entry->when < query->since;

	if (good && query->who)
		good = entry->event.who && strcmp(entry->event.who, query->who) == 0;
	pool_done(&scratch);
	if (!good || older)
		return !older;
	audit_read(value, &a->pool, entry);
	entry->id = id;
	a->n++;
	return ++a->of_class < query->limit;
}

static bool see_event(void *arg, struct slice key, struct slice value)
{
	return take(arg, audit_key_id(key), value);
}

static bool see_of_domain(void *arg, struct slice key, struct slice nothing)
{
	struct asking *a = arg;
	uint64_t id = audit_key_id(key);
	struct buf event_key = { 0 }, value = { 0 };
	bool more = true;

	(void)nothing;
	audit_key(&event_key, a->class, id);
	int found = kv_get(dir_kv(DIR_TREE_AUDIT), NULL, buf_slice(&event_key), &value);
	a->failed |= found < 0;
	if (found == 1)
		more = take(a, id, buf_slice(&value));
	buf_done(&event_key);
	buf_done(&value);
	return more && !a->failed;
}

static int ask_class(struct asking *a, char class)
{
	const struct audit_query *query = a->query;
	struct buf prefix = { 0 }, from = { 0 };

	a->class = class;
	a->of_class = 0;
	if (query->domain)
		audit_domain_prefix(&prefix, class, query->domain);
	else
		buf_addc(&prefix, class);
	if (query->before > 0) {
		buf_adds(&from, buf_slice(&prefix));
		audit_put_id(&from, query->before - 1);
	}
	int rc = kv_each(dir_kv(DIR_TREE_AUDIT), NULL, buf_slice(&prefix), buf_slice(&from),
	    query->domain ? see_of_domain : see_event, a);
	buf_done(&prefix);
	buf_done(&from);
	return rc == 0 && !a->failed ? 0 : -1;
}

static int newest_first(const void *a, const void *b)
{
	const struct audit_entry *one = a, *two = b;

	return (one->id < two->id) - (one->id > two->id);
}

int audit_each(const struct audit_query *query,
    void (*visit)(void *arg, const struct audit_entry *entry), void *arg)
{
	struct asking a = { .query = query };
	int rc = 0;

	/* One more than can be found: what does not fit the question is read into it. */
	a.found = mem_get((2 * query->limit + 1) * sizeof(*a.found));
	for (const char *class = AUDIT_CLASSES; rc == 0 && *class; class ++)
		rc = ask_class(&a, *class);
	qsort(a.found, a.n, sizeof(*a.found), newest_first);
	for (size_t i = 0; rc == 0 && i < a.n && i < query->limit; i++)
		visit(arg, &a.found[i]);
	free(a.found);
	pool_done(&a.pool);
	return rc;
}
