/* flow_change.c - policies, groups and entries changed: the records first, then what is read
 *
 * Changes come one at a time. Each writes its records in one transaction and reads
 * all of them anew; connections that have begun keep what they hold. */
#include <pthread.h>
#include <stdlib.h>

#include "core/conf.h"
#include "core/listen.h"
#include "protocols/smtp/flow_private.h"
#include "storage/store.h"

static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of current */
static struct flow *current;

struct flow *flow_take(void)
{
	pthread_mutex_lock(&lock);
	struct flow *flow = current;
	if (flow)
		atomic_fetch_add(&flow->refs, 1);
	pthread_mutex_unlock(&lock);
	return flow;
}

void flow_give(struct flow **flow)
{
	if (*flow && atomic_fetch_sub(&(*flow)->refs, 1) == 1)
		flow_free(*flow);
	*flow = NULL;
}

static void replace(struct flow *flow)
{
	pthread_mutex_lock(&lock);
	struct flow *old = current;
	current = flow;
	pthread_mutex_unlock(&lock);
	flow_give(&old);
}

/* --- a change: records gathered, then written --- */

struct change {
	struct flow *flow; /* as it is before */
	struct pool pool;
	struct buf records; /* struct store_record */
};

static void begin(struct change *c)
{
	pthread_mutex_lock(&change_lock);
	*c = (struct change){ .flow = flow_take() };
}

/* An empty value removes. */
static void put(
    struct change *c, enum flow_record kind, const char *const *parts, const struct buf *value)
{
	struct buf key = { 0 };

	flow_key(&key, kind, parts);
	struct store_record record = { .key = pool_slice(&c->pool, buf_slice(&key)) };
	if (value)
		record.value = pool_slice(&c->pool, buf_slice(value));
	buf_add(&c->records, &record, sizeof(record));
	buf_done(&key);
}

/* Write and read anew, unless rc says that it came to nothing. */
static int end(struct change *c, int rc, struct err *err)
{
	struct flow *flow = NULL;

	if (rc == 0 && c->records.n > 0)
		rc = store_records_put(flow_room, (const struct store_record *)c->records.p,
		    c->records.n / sizeof(struct store_record), err);
	if (rc == 0)
		flow = flow_read(err);
	if (flow)
		replace(flow);
	flow_give(&c->flow);
	buf_done(&c->records);
	pool_done(&c->pool);
	pthread_mutex_unlock(&change_lock);
	return flow ? 0 : -1;
}

int flow_reload(struct err *err)
{
	struct change c;

	begin(&c);
	return end(&c, 0, err);
}

void flow_stop(void)
{
	replace(NULL);
}

/* --- what is asked for: is it there, is it fine? --- */

static int check_name(const char *name, const char *what, struct err *err)
{
	enum { NAME_MAX_ = 63 };
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	if (n > 0 && n <= NAME_MAX_ && name[n] == '\0')
		return 0;
	return err_set(err, ERR_INPUT, "a %s's name has 1 to %d letters, digits, dots, '_' and '-'",
	    what, NAME_MAX_);
}

static const struct flow_policy *find_policy(
    const struct change *c, const char *name, struct err *err)
{
	const struct flow_policy *policy = flow_policy(c->flow, name);

	if (!policy)
		err_set(err, ERR_ABSENT, "there is no policy '%s'", name);
	return policy;
}

static const struct flow_group *find_group(
    const struct change *c, const char *listener, const char *name, struct err *err)
{
	const struct flow_group *group = flow_group(c->flow, listener, name);

	if (!group)
		err_set(err, ERR_ABSENT, "there is no sender group '%s' at '%s'", name, listener);
	return group;
}

/* --- policies --- */

static void put_policy(struct change *c, const struct flow_policy *policy)
{
	struct buf value = { 0 };

	flow_put_policy(&value, policy);
	put(c, FLOW_POLICY, (const char *const[]){ policy->name, NULL }, &value);
	buf_done(&value);
}

int flow_policy_add(
    const char *name, enum flow_behaviour behaviour, const char *about, struct err *err)
{
	struct change c;
	int rc = check_name(name, "policy", err);

	begin(&c);
	if (rc == 0 && flow_policy(c.flow, name))
		rc = err_set(err, ERR_EXISTS, "there is a policy '%s' already", name);
	if (rc == 0)
		put_policy(&c, &(struct flow_policy){ name, about ? about : "", behaviour });
	return end(&c, rc, err);
}

int flow_policy_change(
    const char *name, const enum flow_behaviour *behaviour, const char *about, struct err *err)
{
	struct change c;

	begin(&c);
	const struct flow_policy *policy = find_policy(&c, name, err);
	if (policy)
		put_policy(&c,
		    &(struct flow_policy){ policy->name, about ? about : policy->about,
			behaviour ? *behaviour : policy->behaviour });
	return end(&c, policy ? 0 : -1, err);
}

struct use {
	const struct flow_policy *policy;
	const struct flow_group *by;
};

static void look_for_use(void *arg, const struct flow_group *group)
{
	struct use *use = arg;

	if (group->policy == use->policy)
		use->by = group;
}

int flow_policy_remove(const char *name, struct err *err)
{
	struct change c;
	struct use use = { 0 };

	begin(&c);
	use.policy = find_policy(&c, name, err);
	int rc = use.policy ? 0 : -1;
	flow_each_group(c.flow, NULL, look_for_use, &use);
	if (rc == 0 && use.by)
		rc = err_set(err, ERR_BUSY, "the sender group '%s' at '%s' has the policy '%s'",
		    use.by->name, use.by->listener, name);
	for (size_t i = 0; rc == 0 && i < conf_key_table_n; i++)
		if (conf_scopes(conf_key_table[i]) & CONF_POLICY)
			rc = conf_set(conf_key_table[i], CONF_POLICY, slice_str(use.policy->name),
			    SLICE(""), err);
	if (rc == 0)
		put(&c, FLOW_POLICY, (const char *const[]){ use.policy->name, NULL }, NULL);
	return end(&c, rc, err);
}

/* --- groups --- */

static void put_group(struct change *c, const struct flow_group *group)
{
	struct buf value = { 0 };

	flow_put_group(&value, group);
	put(c, FLOW_GROUP, (const char *const[]){ group->listener, group->name, NULL }, &value);
	buf_done(&value);
}

/* Number the groups of a listener anew, with one of them put elsewhere: `moved` comes
   to the place `to`; it may be a new one. */
static void put_in_order(struct change *c, const struct flow_group *moved, uint32_t to)
{
	const struct flow_list *list = flow_list(c->flow, moved->listener);
	size_t n = list ? list->n_groups : 0;
	struct flow_group placed = *moved;
	uint32_t order = 0;

	for (size_t i = 0; i < n; i++) {
		struct flow_group group = list->groups[i];

		if (strcmp(group.name, moved->name) == 0)
			continue;
		order += order == to;
		group.order = order++;
		put_group(c, &group);
	}
	placed.order = to < order ? to : order;
	put_group(c, &placed);
}

int flow_group_add(const char *listener, const char *name, const char *policy, const char *about,
    uint32_t at, struct err *err)
{
	struct flow_group group = {
		.listener = listener, .name = name, .about = about ? about : ""
	};
	struct change c;
	int rc = check_name(name, "sender group", err);

	begin(&c);
	if (rc == 0 && !listen_knows(listener))
		rc = err_set(err, ERR_ABSENT, "there is no listener '%s'", listener);
	if (rc == 0 && flow_group(c.flow, listener, name))
		rc = err_set(err, ERR_EXISTS, "there is a sender group '%s' at '%s' already", name,
		    listener);
	if (rc == 0 && !(group.policy = find_policy(&c, policy, err)))
		rc = -1;
	if (rc == 0)
		put_in_order(&c, &group, at);
	return end(&c, rc, err);
}

int flow_group_change(
    const char *listener, const char *name, const char *policy, const char *about, struct err *err)
{
	struct change c;

	begin(&c);
	const struct flow_group *group = find_group(&c, listener, name, err);
	const struct flow_policy *wanted = policy && group ? find_policy(&c, policy, err) : NULL;
	int rc = group && (wanted || !policy) ? 0 : -1;
	if (rc == 0) {
		struct flow_group changed = *group;
		changed.policy = wanted ? wanted : group->policy;
		changed.about = about ? about : group->about;
		put_group(&c, &changed);
	}
	return end(&c, rc, err);
}

int flow_group_move(const char *listener, const char *name, uint32_t to, struct err *err)
{
	struct change c;

	begin(&c);
	const struct flow_group *group = find_group(&c, listener, name, err);
	if (group)
		put_in_order(&c, group, to);
	return end(&c, group ? 0 : -1, err);
}

struct removal {
	struct change *c;
	const struct flow_group *group;
};

static void remove_entry(void *arg, const char *entry, const char *about)
{
	struct removal *r = arg;

	(void)about;
	put(r->c, FLOW_ENTRY,
	    (const char *const[]){ r->group->listener, r->group->name, entry, NULL }, NULL);
}

int flow_group_remove(const char *listener, const char *name, struct err *err)
{
	struct change c;

	begin(&c);
	const struct flow_group *group = find_group(&c, listener, name, err);
	if (group) {
		flow_each_entry(c.flow, group, remove_entry, &(struct removal){ &c, group });
		put(&c, FLOW_GROUP, (const char *const[]){ listener, group->name, NULL }, NULL);
	}
	return end(&c, group ? 0 : -1, err);
}

/* --- entries --- */

/* about NULL: they are removed. */
static int put_entries(struct change *c, const struct flow_group *group, const char *const *entries,
    size_t n, const char *about, struct err *err)
{
	struct buf value = { 0 }, text = { 0 };
	struct range range;
	enum flow_kind kind;
	int rc = 0;

	if (about)
		flow_put_entry(&value, about);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		buf_clear(&text);
		rc = flow_entry_read(slice_str(entries[i]), &kind, &range, &text, err);
		if (rc == 0)
			put(c, FLOW_ENTRY,
			    (const char *const[]){
				group->listener, group->name, buf_z(&text), NULL },
			    about ? &value : NULL);
	}
	buf_done(&value);
	buf_done(&text);
	return rc;
}

static int change_entries(const char *listener, const char *name, const char *const *entries,
    size_t n, const char *about, struct err *err)
{
	struct change c;

	begin(&c);
	const struct flow_group *group = find_group(&c, listener, name, err);
	int rc = group ? put_entries(&c, group, entries, n, about, err) : -1;
	return end(&c, rc, err);
}

int flow_entries_add(const char *listener, const char *group, const char *const *entries, size_t n,
    const char *about, struct err *err)
{
	return change_entries(listener, group, entries, n, about ? about : "", err);
}

int flow_entries_remove(
    const char *listener, const char *group, const char *const *entries, size_t n, struct err *err)
{
	return change_entries(listener, group, entries, n, NULL, err);
}
