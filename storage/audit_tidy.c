/* audit_tidy.c - the audit trail stays within its bounds */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "core/conf.h"
#include "core/loop.h"
#include "storage/audit_private.h"
#include "storage/dir_private.h"

enum { SWEEP_MS = 60 * 60 * 1000, BATCH = 500 };

static atomic_bool wanted = true;
atomic_uint audit_came;

static void bounds_changed(int64_t num)
{
	(void)num;
	wanted = true;
}

CONF_KEY(audit_keep_time) = {
	.name = "audit.keep-time",
	.type = CONF_DURATION,
	.def = "400d",
	.min = 1000,
	.help = "for how long events are kept in the audit trail",
	.changed = bounds_changed,
};

CONF_KEY(audit_keep_count) = {
	.name = "audit.keep-count",
	.type = CONF_INT,
	.def = "200000",
	.min = 10,
	.max = 10000000,
	.help = "how many events are kept of what admins did, and as many of what users did or "
		"was refused",
	.changed = bounds_changed,
};

struct sweep {
	struct kv_write write; /* first member */
	char class;
	size_t keep, seen;
	int64_t oldest;
	size_t n;
	struct buf keys[2 * BATCH]; /* of events and of domains */
};

static void drop(struct sweep *s, struct slice key, const struct audit_entry *entry)
{
	struct buf *domain_key = &s->keys[2 * s->n + 1];

	buf_adds(&s->keys[2 * s->n], key);
	if (entry->event.domain) {
		audit_domain_prefix(domain_key, s->class, entry->event.domain);
		audit_put_id(domain_key, audit_key_id(key));
	}
	s->n++;
}

static bool look(void *arg, struct slice key, struct slice value)
{
	struct sweep *s = arg;
	struct audit_entry entry = { 0 };
	struct pool pool = { 0 };

	bool known = audit_read(value, &pool, &entry);
	if (!known || entry.when < s->oldest || s->seen >= s->keep)
		drop(s, key, &entry);
	else
		s->seen++;
	pool_done(&pool);
	return s->n < BATCH;
}

static enum kv_result apply(struct kv_write *write, struct kv_txn *txn)
{
	struct sweep *s = (struct sweep *)write;
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2 * s->n; i++)
		if (s->keys[i].n > 0)
			r = kv_del(dir_kv(DIR_TREE_AUDIT), txn, buf_slice(&s->keys[i]));
	return dir_result(r);
}

/* One batch, from the key at which the last one stopped: true, and there may be more. */
static bool sweep_some(struct sweep *s)
{
	struct slice prefix = slice_of(&s->class, 1);
	struct buf from = { 0 };

	if (s->n > 0)
		buf_adds(&from, buf_slice(&s->keys[2 * (s->n - 1)]));
	for (size_t i = 0; i < 2 * s->n; i++)
		buf_clear(&s->keys[i]);
	s->n = 0;
	int rc = kv_each(dir_kv(DIR_TREE_AUDIT), NULL, prefix, buf_slice(&from), look, s);
	buf_done(&from);
	if (rc != 0 || s->n == 0)
		return false;
	return kv_write(dir_env(), &s->write) == KV_DONE && s->n == BATCH;
}

static void sweep(char class)
{
	struct sweep *s = mem_get(sizeof(*s));

	s->write.apply = apply;
	s->class = class;
	s->keep = (size_t)conf_num(&conf_key_audit_keep_count);
	s->oldest = time(NULL) - conf_num(&conf_key_audit_keep_time) / 1000;
	while (!threads_ending() && sweep_some(s))
		;
	for (size_t i = 0; i < 2 * BATCH; i++)
		buf_done(&s->keys[i]);
	free(s);
}

void audit_tidy(void)
{
	static uint64_t next;

	if (!atomic_exchange(&wanted, false) && loop_now() < next &&
	    atomic_load(&audit_came) <= conf_num(&conf_key_audit_keep_count) / 10)
		return;
	atomic_store(&audit_came, 0);
	next = loop_now() + SWEEP_MS;
	for (const char *class = AUDIT_CLASSES; *class; class ++)
		sweep(*class);
}
