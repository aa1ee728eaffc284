/* group_expand.c - all that a group means, and who may ask for that */
#include "core/conf.h"
#include "core/log.h"
#include "storage/group.h"

enum { DEPTH_MAX = 10, GROUPS_MAX = 1000 };

extern const struct conf_key conf_key_group_max_members;

struct expansion {
	int (*visit)(void *arg, const struct dir_target *target);
	void *arg;
	struct pool pool;    /* of all of it */
	struct pool scratch; /* of one member */
	struct slice *seen;  /* groups */
	size_t n_seen;
	int64_t n, max;
	struct err *err;
};

static int expand(struct expansion *e, struct slice name, unsigned depth);

/* Read whole, as nothing else should be read while one walks through them. */
struct list {
	struct pool pool;
	struct buf members; /* slices */
};

static bool gather(void *arg, struct slice member)
{
	struct list *list = arg;
	struct slice copy = pool_slice(&list->pool, member);

	buf_add(&list->members, &copy, sizeof(copy));
	return true;
}

static bool was_seen(struct expansion *e, struct slice name)
{
	for (size_t i = 0; i < e->n_seen; i++)
		if (slice_ieq(e->seen[i], name))
			return true;
	if (e->n_seen < GROUPS_MAX)
		e->seen[e->n_seen++] = pool_slice(&e->pool, name);
	return false;
}

static int to_target(struct expansion *e, const struct dir_target *target, unsigned depth)
{
	if (target->group)
		return expand(e, slice_str(target->address), depth + 1);
	if (++e->n > e->max)
		return err_set(e->err, ERR_LIMIT, "the group has too many members");
	return e->visit(e->arg, target);
}

static int to_member(struct expansion *e, struct slice member, unsigned depth)
{
	struct dir_target *target, elsewhere = { 0 };
	int rc = 0;

	switch (dir_route(member, &e->scratch, &target)) {
	case DIR_LOCAL:
		for (; target && rc == 0; target = target->next)
			rc = to_target(e, target, depth);
		return rc;
	case DIR_REMOTE:
		elsewhere.address = pool_str(&e->scratch, member);
		return to_target(e, &elsewhere, depth);
	case DIR_UNKNOWN:
		return 0;
	default:
		return err_set(e->err, ERR_TEMP, "the directory cannot be read");
	}
}

static int expand(struct expansion *e, struct slice name, unsigned depth)
{
	struct list list = { 0 };
	int rc = 0;

	if (was_seen(e, name))
		return 0;
	if (depth > DEPTH_MAX || e->n_seen == GROUPS_MAX)
		return err_set(e->err, ERR_LIMIT, "groups in groups lead too far");
	if (group_members(name, (struct slice){ 0 }, gather, &list) < 0)
		rc = err_set(e->err, ERR_TEMP, "the members cannot be read");
	const struct slice *members = (const void *)list.members.p;
	for (size_t i = 0; rc == 0 && i < list.members.n / sizeof(*members); i++) {
		rc = to_member(e, members[i], depth);
		if (depth == 0)
			pool_reset(&e->scratch);
	}
	buf_done(&list.members);
	pool_done(&list.pool);
	return rc;
}

static int64_t most_members(struct slice name, struct pool *pool)
{
	struct conf_at at = { .domain = pool_str(
				  pool, slice_from(name, (size_t)(slice_rchr(name, '@') + 1))) };

	return conf_num_at(&conf_key_group_max_members, &at);
}

int group_expand(struct slice name, int (*visit)(void *arg, const struct dir_target *target),
    void *arg, struct err *err)
{
	struct expansion e = { .visit = visit, .arg = arg, .err = err };

	e.seen = pool_get(&e.pool, GROUPS_MAX * sizeof(*e.seen));
	e.max = most_members(name, &e.pool);
	int rc = expand(&e, name, 0);
	pool_done(&e.scratch);
	pool_done(&e.pool);
	return rc;
}

/* --- who may send --- */

static struct slice domain_of(struct slice address)
{
	return slice_from(address, (size_t)(slice_rchr(address, '@') + 1));
}

/* Anybody can claim to be one of ours: who is has logged in. */
static int is_member(const struct group *group, struct slice sender, const char *login)
{
	if (login) {
		int found = group_has(slice_str(group->name), slice_str(login));
		if (found != 0)
			return found;
	}
	if (sender.n == 0 || (!login && dir_is_domain(domain_of(sender))))
		return 0;
	return group_has(slice_str(group->name), sender);
}

int group_may_send(const struct group *group, struct slice sender, const char *login)
{
	switch (group->from) {
	case GROUP_ANYONE:
		return 1;
	case GROUP_MEMBERS:
		return is_member(group, sender, login);
	case GROUP_DOMAIN:
		return login &&
		    slice_ieq(domain_of(slice_str(login)), domain_of(slice_str(group->name)));
	}
	return 0;
}
