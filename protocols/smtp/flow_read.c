/* flow_read.c - all policies, groups and entries read, and the tables made of them */
#include <stdlib.h>

#include "core/log.h"
#include "protocols/smtp/flow_private.h"
#include "storage/store.h"

/* Arrays that grow while records are read; then they lie in the flow's pool. */
struct reading {
	struct flow *flow;
	struct buf policies, groups, entries;
	const struct flow_group *at; /* whose entry was read last */
};

static struct slice next_part(struct slice *key)
{
	return slice_cut(key, '\0');
}

static bool passed_over(struct slice key)
{
	log_event(LOG_ERROR, "flow-record-malformed", log_s("key", slice_from(key, 2)));
	return true;
}

static bool read_policy(void *arg, struct slice key, struct slice value)
{
	struct reading *r = arg;
	struct flow_policy policy = { .name = pool_str(&r->flow->pool, slice_from(key, 2)) };

	if (!flow_take_policy(value, &r->flow->pool, &policy))
		return passed_over(key);
	buf_add(&r->policies, &policy, sizeof(policy));
	return true;
}

static bool read_group(void *arg, struct slice key, struct slice value)
{
	struct reading *r = arg;
	struct pool *pool = &r->flow->pool;
	struct slice rest = slice_from(key, 2), listener = next_part(&rest);
	struct flow_group group = { .listener = pool_str(pool, listener),
		.name = pool_str(pool, rest) };
	const char *policy;

	if (!flow_take_group(value, pool, &group, &policy))
		return passed_over(key);
	group.policy = flow_policy(r->flow, policy);
	if (!group.policy)
		return passed_over(key);
	buf_add(&r->groups, &group, sizeof(group));
	return true;
}

/* Entries follow each other by groups, so the group is looked for once. */
static const struct flow_group *group_of(
    struct reading *r, struct slice listener, struct slice name)
{
	if (r->at && slice_eq(listener, slice_str(r->at->listener)) &&
	    slice_eq(name, slice_str(r->at->name)))
		return r->at;
	r->at = NULL;
	for (size_t l = 0; l < r->flow->n_lists; l++) {
		const struct flow_list *list = &r->flow->lists[l];
		for (size_t i = 0; i < list->n_groups; i++)
			if (slice_eq(listener, slice_str(list->listener)) &&
			    slice_eq(name, slice_str(list->groups[i].name)))
				r->at = &list->groups[i];
	}
	return r->at;
}

static bool read_entry(void *arg, struct slice key, struct slice value)
{
	struct reading *r = arg;
	struct slice rest = slice_from(key, 2), listener = next_part(&rest),
		     name = next_part(&rest);
	struct flow_entry entry = { .group = group_of(r, listener, name),
		.text = pool_str(&r->flow->pool, rest) };

	if (!entry.group || !flow_take_entry(value, &r->flow->pool, &entry.about))
		return passed_over(key);
	buf_add(&r->entries, &entry, sizeof(entry));
	return true;
}

static void *keep(struct pool *pool, struct buf *array)
{
	void *copy = pool_get(pool, array->n ? array->n : 1);

	if (array->n > 0)
		memcpy(copy, array->p, array->n);
	buf_done(array);
	return copy;
}

/* --- groups by listener, in their order --- */

static int by_place(const void *a, const void *b)
{
	const struct flow_group *x = a, *y = b;
	int order = strcmp(x->listener, y->listener);

	return order		   ? order
	    : x->order != y->order ? (x->order < y->order ? -1 : 1)
				   : strcmp(x->name, y->name);
}

static void make_lists(struct flow *flow, struct flow_group *groups, size_t n)
{
	if (n > 0)
		qsort(groups, n, sizeof(*groups), by_place);
	flow->lists = pool_get(&flow->pool, (n + 1) * sizeof(*flow->lists));
	for (size_t i = 0; i < n; i++) {
		struct flow_list *list = &flow->lists[flow->n_lists];

		if (i == 0 || strcmp(groups[i].listener, groups[i - 1].listener) != 0) {
			list->listener = groups[i].listener;
			list->groups = &groups[i];
			flow->n_lists++;
		} else {
			list--;
		}
		groups[i].order = (uint32_t)list->n_groups++;
	}
}

/* --- a listener's tables --- */

static int by_group(const void *a, const void *b)
{
	const struct flow_entry *x = a, *y = b;

	return x->group != y->group ? (x->group < y->group ? -1 : 1) : strcmp(x->text, y->text);
}

static int by_key(const void *a, const void *b)
{
	const struct flow_name *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : x->rank < y->rank ? -1 : 1;
}

struct tables {
	struct buf ranges, names;
};

static void add_entry(struct flow_list *list, uint32_t rank, struct tables *tables)
{
	const struct flow_entry *entry = &list->entries[rank];
	struct range_entry range = { .rank = rank };
	struct flow_name name = { entry->text, rank };
	struct buf text = { 0 };
	enum flow_kind kind;

	int rc = flow_entry_read(slice_str(entry->text), &kind, &range.range, &text, NULL);
	buf_done(&text);
	if (rc != 0 || entry->group->policy->behaviour == FLOW_CONTINUE)
		return;
	if (kind == FLOW_BY_ADDRESS)
		buf_add(&tables->ranges, &range, sizeof(range));
	else if (kind != FLOW_BY_ALL)
		buf_add(&tables->names, &name, sizeof(name));
	if (kind == FLOW_BY_ALL && rank < list->all)
		list->all = rank;
	if (kind == FLOW_BY_HOST && rank < list->first_host)
		list->first_host = rank;
	if (kind == FLOW_BY_DNSBL && rank < list->first_dnsbl)
		list->first_dnsbl = rank;
	list->certificates |= kind == FLOW_BY_CERTIFICATE;
}

/* Sorted; of those with one key the first. */
static void set_names(struct pool *pool, struct flow_list *list, struct buf *found)
{
	size_t n = found->n / sizeof(struct flow_name);

	list->names = keep(pool, found);
	if (n > 0)
		qsort(list->names, n, sizeof(*list->names), by_key);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(list->names[i].key, list->names[i - 1].key) != 0)
			list->names[list->n_names++] = list->names[i];
}

static void make_tables(struct pool *pool, struct flow_list *list)
{
	struct tables tables = { 0 };

	list->all = list->first_host = list->first_dnsbl = RANGE_NOWHERE;
	for (size_t i = 0; i < list->n_entries; i++)
		add_entry(list, (uint32_t)i, &tables);
	list->ranges = range_table_new((const struct range_entry *)tables.ranges.p,
	    tables.ranges.n / sizeof(struct range_entry));
	buf_done(&tables.ranges);
	set_names(pool, list, &tables.names);
}

/* Groups of a listener lie together, so sorted by group they are by listener. */
static void give_out_entries(struct flow *flow, struct flow_entry *entries, size_t n)
{
	size_t at = 0;

	if (n > 0)
		qsort(entries, n, sizeof(*entries), by_group);
	for (size_t i = 0; i < flow->n_lists; i++) {
		struct flow_list *list = &flow->lists[i];

		list->entries = &entries[at];
		while (at < n && strcmp(entries[at].group->listener, list->listener) == 0)
			at++;
		list->n_entries = (size_t)(&entries[at] - list->entries);
		make_tables(&flow->pool, list);
	}
}

/* --- all of it --- */

static int each(enum flow_record kind,
    bool (*visit)(void *arg, struct slice key, struct slice value), struct reading *r)
{
	char prefix[2] = { (char)kind, '\0' };

	return store_record_each(flow_room, slice_of(prefix, sizeof(prefix)), visit, r);
}

static int read_all(struct reading *r)
{
	struct flow *flow = r->flow;
	struct pool *pool = &flow->pool;

	if (each(FLOW_POLICY, read_policy, r) < 0)
		return -1;
	flow->n_policies = r->policies.n / sizeof(struct flow_policy);
	flow->policies = keep(pool, &r->policies);
	if (each(FLOW_GROUP, read_group, r) < 0)
		return -1;
	size_t n = r->groups.n / sizeof(struct flow_group);
	make_lists(flow, keep(pool, &r->groups), n);
	if (each(FLOW_ENTRY, read_entry, r) < 0)
		return -1;
	n = r->entries.n / sizeof(struct flow_entry);
	give_out_entries(flow, keep(pool, &r->entries), n);
	return 0;
}

struct flow *flow_read(struct err *err)
{
	struct reading r = { .flow = mem_get(sizeof(struct flow)) };

	atomic_init(&r.flow->refs, 1);
	int rc = read_all(&r);
	buf_done(&r.policies);
	buf_done(&r.groups);
	buf_done(&r.entries);
	if (rc == 0)
		return r.flow;
	flow_free(r.flow);
	err_set(err, ERR_TEMP, "cannot read the sender groups");
	return NULL;
}
