/* flow_group.c - sender groups and their entries, added, changed, moved, removed */
#include <stdlib.h>
#include <string.h>

#include "core/listen.h"
#include "protocols/smtp/flow_private.h"

static void put_group(struct flow_change *c, const struct flow_group *group)
{
	struct buf value = { 0 };

	flow_put_group(&value, group);
	flow_put(
	    c, FLOW_GROUP, (const char *const[]){ group->listener, group->name, NULL }, &value);
	buf_done(&value);
}

/* Number the groups of a listener anew, with one of them put elsewhere: `moved` comes
   to the place `to`; it may be a new one. */
static void put_in_order(struct flow_change *c, const struct flow_group *moved, uint32_t to)
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
	struct flow_change c;
	int rc = flow_check_name(name, "sender group", err);

	flow_begin(&c);
	if (rc == 0 && !listen_knows(listener))
		rc = err_set(err, ERR_ABSENT, "there is no listener '%s'", listener);
	if (rc == 0 && flow_group(c.flow, listener, name))
		rc = err_set(err, ERR_EXISTS, "there is a sender group '%s' at '%s' already", name,
		    listener);
	if (rc == 0 && !(group.policy = flow_need_policy(&c, policy, err)))
		rc = -1;
	if (rc == 0)
		put_in_order(&c, &group, at);
	return flow_end(&c, rc, err);
}

int flow_group_change(
    const char *listener, const char *name, const char *policy, const char *about, struct err *err)
{
	struct flow_change c;

	flow_begin(&c);
	const struct flow_group *group = flow_need_group(&c, listener, name, err);
	const struct flow_policy *wanted =
	    policy && group ? flow_need_policy(&c, policy, err) : NULL;
	int rc = group && (wanted || !policy) ? 0 : -1;
	if (rc == 0) {
		struct flow_group changed = *group;
		changed.policy = wanted ? wanted : group->policy;
		changed.about = about ? about : group->about;
		put_group(&c, &changed);
	}
	return flow_end(&c, rc, err);
}

int flow_group_move(const char *listener, const char *name, uint32_t to, struct err *err)
{
	struct flow_change c;

	flow_begin(&c);
	const struct flow_group *group = flow_need_group(&c, listener, name, err);
	if (group)
		put_in_order(&c, group, to);
	return flow_end(&c, group ? 0 : -1, err);
}

struct removal {
	struct flow_change *c;
	const struct flow_group *group;
};

static void remove_entry(void *arg, const char *entry, const char *about)
{
	struct removal *r = arg;

	(void)about;
	flow_put(r->c, FLOW_ENTRY,
	    (const char *const[]){ r->group->listener, r->group->name, entry, NULL }, NULL);
}

int flow_group_remove(const char *listener, const char *name, struct err *err)
{
	struct flow_change c;

	flow_begin(&c);
	const struct flow_group *group = flow_need_group(&c, listener, name, err);
	if (group) {
		flow_each_entry(c.flow, group, remove_entry, &(struct removal){ &c, group });
		flow_put(
		    &c, FLOW_GROUP, (const char *const[]){ listener, group->name, NULL }, NULL);
	}
	return flow_end(&c, group ? 0 : -1, err);
}

/* --- entries --- */

static int by_text(const void *key, const void *entry)
{
	return strcmp(key, ((const struct flow_entry *)entry)->text);
}

/* A group's entries lie together, sorted by their texts (flow_read.c). */
static const struct flow_entry *find_entry(
    const struct flow_change *c, const struct flow_group *group, const char *text)
{
	const struct flow_list *list = flow_list(c->flow, group->listener);
	const struct flow_entry *first = list ? list->entries : NULL;
	size_t n = list ? list->n_entries : 0, own = 0;

	for (; n > 0 && first->group != group; n--)
		first++;
	while (own < n && first[own].group == group)
		own++;
	return own > 0 ? bsearch(text, first, own, sizeof(*first), by_text) : NULL;
}

/* One that is there keeps its note, unless there is a new one. */
static void add_entry(struct flow_change *c, const struct flow_group *group, const char *text,
    const struct flow_entry *old, const char *about)
{
	struct buf value = { 0 };

	if (old && !about)
		return;
	flow_put_entry(&value, about ? about : "");
	flow_put(c, FLOW_ENTRY, (const char *const[]){ group->listener, group->name, text, NULL },
	    &value);
	buf_done(&value);
}

static int remove_one(struct flow_change *c, const struct flow_group *group, const char *text,
    const struct flow_entry *old, struct err *err)
{
	if (!old)
		return err_set(err, ERR_ABSENT, "'%s' is no entry of the sender group '%s'", text,
		    group->name);
	flow_put(
	    c, FLOW_ENTRY, (const char *const[]){ group->listener, group->name, text, NULL }, NULL);
	return 0;
}

struct order {
	const char *const *entries;
	size_t n;
	const char *about;
	bool removes;
	size_t fresh; /* that were not there */
};

static int follow(
    struct flow_change *c, const struct flow_group *group, struct order *order, struct err *err)
{
	struct buf text = { 0 };
	struct range range;
	enum flow_kind kind;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < order->n; i++) {
		buf_clear(&text);
		rc = flow_entry_read(slice_str(order->entries[i]), &kind, &range, &text, err);
		if (rc != 0)
			break;
		const struct flow_entry *old = find_entry(c, group, buf_z(&text));
		order->fresh += !old;
		if (order->removes)
			rc = remove_one(c, group, buf_z(&text), old, err);
		else
			add_entry(c, group, buf_z(&text), old, order->about);
	}
	buf_done(&text);
	return rc;
}

static int change_entries(
    const char *listener, const char *name, struct order *order, struct err *err)
{
	struct flow_change c;

	flow_begin(&c);
	const struct flow_group *group = flow_need_group(&c, listener, name, err);
	int rc = group ? follow(&c, group, order, err) : -1;
	return flow_end(&c, rc, err);
}

int flow_entries_add(const char *listener, const char *group, const char *const *entries, size_t n,
    const char *about, size_t *fresh, struct err *err)
{
	struct order order = { .entries = entries, .n = n, .about = about };
	int rc = change_entries(listener, group, &order, err);

	if (fresh)
		*fresh = order.fresh;
	return rc;
}

int flow_entries_remove(
    const char *listener, const char *group, const char *const *entries, size_t n, struct err *err)
{
	return change_entries(
	    listener, group, &(struct order){ .entries = entries, .n = n, .removes = true }, err);
}
