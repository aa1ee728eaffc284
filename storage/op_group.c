/* op_group.c - distribution lists, as admins see them */
#include "core/op.h"
#include "storage/group.h"

static struct slice name_of(struct op_call *call)
{
	return slice_str(op_text(call, "name"));
}

#define ARG_NAME                                                                                   \
	{                                                                                          \
		"name", OP_ADDRESS, OP_REQUIRED, "the group", NULL                                 \
	}
#define ARG_FROM                                                                                   \
	{                                                                                          \
		"from", OP_CHOICE, OP_OPTION, "who may send to it; without it: anyone",            \
		    group_from_names                                                               \
	}
#define ARG_OWNER                                                                                  \
	{                                                                                          \
		"owner", OP_ADDRESS, OP_OPTION | OP_FOREIGN,                                       \
		    "is told when members elsewhere cannot be reached; without it: the sender",    \
		    NULL                                                                           \
	}
#define ARG_MEMBERS(what)                                                                          \
	{                                                                                          \
		"member", OP_ADDRESS, what | OP_MANY | OP_FOREIGN,                                 \
		    "accounts, aliases, groups, addresses elsewhere", NULL                         \
	}

/* --- members --- */

static int change_members(struct op_call *call,
    int (*change)(
	struct slice name, const struct slice *members, size_t count, size_t *n, struct err *err),
    const char *key)
{
	size_t count = op_count(call, "member"), n = 0;
	struct slice *list = pool_get(op_pool(call), (count + 1) * sizeof(*list));
	struct err err = { 0 };

	for (size_t i = 0; i < count; i++)
		list[i] = slice_str(op_item(call, "member", i));
	if (change(name_of(call), list, count, &n, &err) != 0)
		return op_fail_err(call, &err);
	op_put_number(call, key, (int64_t)n);
	return 0;
}

static int run_join(struct op_call *call)
{
	return change_members(call, group_join, "joined");
}

static int run_leave(struct op_call *call)
{
	return change_members(call, group_leave, "left");
}

static const struct op_arg member_args[] = { ARG_NAME, ARG_MEMBERS(OP_REQUIRED), { 0 } };

OPERATION(group_join) = {
	.name = "group join",
	.role = OP_DOMAIN_ADMIN,
	.args = member_args,
	.help = "add members to a group, all of them or none",
	.example = "group join staff@example.org ann@example.org bob@partner.example",
	.run = run_join,
};

OPERATION(group_leave) = {
	.name = "group leave",
	.role = OP_DOMAIN_ADMIN,
	.args = member_args,
	.help = "take members out of a group",
	.run = run_leave,
};

struct listing {
	struct op_call *call;
	int64_t left;
};

static bool put_member(void *arg, struct slice member)
{
	struct listing *listing = arg;

	op_row(listing->call);
	op_put_text(listing->call, "member", member);
	return --listing->left > 0;
}

static int run_members(struct op_call *call)
{
	struct listing listing = { call, op_number(call, "limit", INT64_MAX) };
	struct group group;

	if (group_find(name_of(call), op_pool(call), &group) != 1)
		return op_fail(call, ERR_ABSENT, "no group %s", op_text(call, "name"));
	if (group_members(name_of(call), slice_str(op_text(call, "after")), put_member, &listing) <
	    0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_members_args[] = {
	ARG_NAME,
	{ "after", OP_TEXT, OP_OPTION, "only those behind this one", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "so many at most", NULL },
	{ 0 },
};

OPERATION(group_members) = {
	.name = "group members",
	.role = OP_DOMAIN_ADMIN,
	.args = list_members_args,
	.help = "list the members of a group",
	.reads = true,
	.lists = true,
	.run = run_members,
};

/* --- groups --- */

static int run_add(struct op_call *call)
{
	enum group_from from = (enum group_from)op_number(call, "from", GROUP_ANYONE);
	struct err err = { 0 };

	if (group_add(name_of(call), from, slice_str(op_text(call, "owner")), &err) != 0)
		return op_fail_err(call, &err);
	return op_count(call, "member") > 0 ? run_join(call) : 0;
}

static const struct op_arg add_args[] = { ARG_NAME, ARG_MEMBERS(0), ARG_FROM, ARG_OWNER, { 0 } };

OPERATION(group_add) = {
	.name = "group add",
	.role = OP_DOMAIN_ADMIN,
	.args = add_args,
	.help = "make a distribution list, perhaps with members",
	.more =
	    "Members may be many thousands: a message to the group is one delivery. `members` lets\n"
	    "members send, those here when they have logged in; `domain` lets everybody send who\n"
	    "has logged in as somebody of the group's domain.",
	.example = "group add staff@example.org ann@example.org bob@example.org --from domain",
	.run = run_add,
};

static int run_set(struct op_call *call)
{
	struct err err = { 0 };
	struct group group;

	if (group_find(name_of(call), op_pool(call), &group) != 1)
		return op_fail(call, ERR_ABSENT, "no group %s", op_text(call, "name"));
	const char *owner = op_given(call, "owner") ? op_text(call, "owner") : group.owner;
	enum group_from from = (enum group_from)op_number(call, "from", group.from);
	if (group_change(name_of(call), from,
		op_bool(call, "no-owner") ? (struct slice){ 0 } : slice_str(owner), &err) != 0)
		return op_fail_err(call, &err);
	return 0;
}

static const struct op_arg set_args[] = {
	ARG_NAME,
	ARG_FROM,
	ARG_OWNER,
	{ "no-owner", OP_BOOL, OP_OPTION, "the sender is told again", NULL },
	{ 0 },
};

OPERATION(group_set) = {
	.name = "group set",
	.role = OP_DOMAIN_ADMIN,
	.args = set_args,
	.help = "say who may send to a group, and who is told of failures",
	.example = "group set staff@example.org --from members",
	.run = run_set,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, group_remove(name_of(call), &err), &err);
}

static const struct op_arg remove_args[] = { ARG_NAME, { 0 } };

OPERATION(group_remove) = {
	.name = "group remove",
	.role = OP_DOMAIN_ADMIN,
	.args = remove_args,
	.help = "remove a group; its members stay what they are",
	.run = run_remove,
};

static bool put_group(void *arg, const struct group *group)
{
	op_row(arg);
	op_put_text(arg, "name", slice_str(group->name));
	op_put_text(arg, "from", slice_str(group_from_names[group->from]));
	op_put_text(arg, "owner", slice_str(group->owner));
	op_put_time(arg, "created", group->created);
	return true;
}

static int run_list(struct op_call *call)
{
	const char *domain = op_text(call, "domain");

	if (!domain)
		domain = op_caller(call)->domain;
	if (group_each(slice_str(domain), put_group, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return 0;
}

static const struct op_arg list_args[] = {
	{ "domain", OP_DOMAIN, 0, "only of this domain", NULL },
	{ 0 },
};

OPERATION(group_list) = {
	.name = "group list",
	.role = OP_DOMAIN_ADMIN,
	.args = list_args,
	.help = "list groups, and who may send to them",
	.reads = true,
	.lists = true,
	.run = run_list,
};
