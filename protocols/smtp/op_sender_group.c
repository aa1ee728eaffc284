/* op_sender_group.c - sender groups of listeners, as admins see them */
#include "protocols/smtp/flow.h"
#include "protocols/smtp/op_sender_group.h"

/* --- list, show --- */

struct listing {
	struct op_call *call;
	const struct flow *flow;
	int64_t n;
};

static void count_entry(void *arg, const char *entry, const char *about)
{
	(void)entry;
	(void)about;
	++*(int64_t *)arg;
}

static void put_group(void *arg, const struct flow_group *group)
{
	struct listing *listing = arg;
	struct op_call *call = listing->call;
	int64_t entries = 0;

	flow_each_entry(listing->flow, group, count_entry, &entries);
	op_row(call);
	op_put_text(call, "listener", slice_str(group->listener));
	op_put_number(call, "order", (int64_t)group->order + 1);
	op_put_text(call, "name", slice_str(group->name));
	op_put_text(call, "policy", slice_str(group->policy->name));
	op_put_text(call, "behaviour", slice_str(flow_behaviours[group->policy->behaviour]));
	op_put_number(call, "entries", entries);
	op_put_text(call, "note", slice_str(group->about));
}

static int run_list(struct op_call *call)
{
	struct flow *flow = flow_take();

	flow_each_group(
	    flow, op_text(call, "listener"), put_group, &(struct listing){ call, flow, 0 });
	flow_give(&flow);
	return 0;
}

static const struct op_arg list_args[] = {
	{ "listener", OP_TEXT, OP_OPTION, "of this listener only", NULL },
	{ 0 },
};

OPERATION(sender_group_list) = {
	.name = "sender-group list",
	.role = OP_SERVER_ADMIN,
	.args = list_args,
	.help = "list the sender groups of listeners, in the order in which a client is looked for",
	.more =
	    "A client belongs to the first group that has an entry for it, and is treated as the\n"
	    "group's mail flow policy says.",
	.reads = true,
	.lists = true,
	.run = run_list,
};

static void put_entry(void *arg, const char *entry, const char *about)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "entry", slice_str(entry));
	op_put_text(call, "note", slice_str(about));
}

static int run_show(struct op_call *call)
{
	struct flow *flow = flow_take();
	const struct flow_group *group =
	    flow_group(flow, sender_group_listener(call), op_text(call, "name"));
	int rc = 0;

	if (group) {
		op_put_text(call, "listener", slice_str(group->listener));
		op_put_text(call, "name", slice_str(group->name));
		op_put_number(call, "order", (int64_t)group->order + 1);
		op_put_text(call, "policy", slice_str(group->policy->name));
		op_put_text(
		    call, "behaviour", slice_str(flow_behaviours[group->policy->behaviour]));
		op_put_text(call, "note", slice_str(group->about));
		flow_each_entry(flow, group, put_entry, call);
	} else {
		rc = op_fail(call, ERR_ABSENT, "there is no sender group '%s' at '%s'",
		    op_text(call, "name"), sender_group_listener(call));
	}
	flow_give(&flow);
	return rc;
}

static const struct op_arg name_args[] = { NAME_ARG, LISTENER_ARG, { 0 } };

OPERATION(sender_group_show) = {
	.name = "sender-group show",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "show a sender group and its entries",
	.example = "sender-group show BLOCKLIST",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* --- groups changed --- */

/* People count from 1. */
static uint32_t place_of(struct op_call *call, const char *arg)
{
	int64_t at = op_number(call, arg, 0);

	return at > 0 && at < FLOW_LAST ? (uint32_t)at - 1 : FLOW_LAST;
}

static int run_add(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_group_add(sender_group_listener(call), op_text(call, "name"),
		op_text(call, "policy"), op_text(call, "note"), place_of(call, "order"), &err),
	    &err);
}

static const struct op_arg add_args[] = {
	NAME_ARG,
	{ "policy", OP_TEXT, OP_REQUIRED, "mail flow policy of its clients", NULL },
	LISTENER_ARG,
	{ "order", OP_NUMBER, OP_OPTION, "its place, 1 is the first; else it becomes the last",
	    NULL },
	{ "note", OP_TEXT, OP_OPTION, "what it is for, for admins", NULL },
	{ 0 },
};

OPERATION(sender_group_add) = {
	.name = "sender-group add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "make a sender group",
	.example = "sender-group add PARTNERS PARTNER --order 1\n"
		   "sender-group entry-add PARTNERS 192.0.2.5 .partner.example",
	.run = run_add,
};

static int run_change(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_group_change(sender_group_listener(call), op_text(call, "name"),
		op_text(call, "policy"), op_text(call, "note"), &err),
	    &err);
}

static const struct op_arg change_args[] = {
	NAME_ARG,
	LISTENER_ARG,
	{ "policy", OP_TEXT, OP_OPTION, "another mail flow policy", NULL },
	{ "note", OP_TEXT, OP_OPTION, "what it is for, for admins", NULL },
	{ 0 },
};

OPERATION(sender_group_change) = {
	.name = "sender-group change",
	.role = OP_SERVER_ADMIN,
	.args = change_args,
	.help = "give a sender group another mail flow policy, or another note",
	.run = run_change,
};

static int run_move(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_group_move(
		sender_group_listener(call), op_text(call, "name"), place_of(call, "order"), &err),
	    &err);
}

static const struct op_arg move_args[] = {
	NAME_ARG,
	{ "order", OP_NUMBER, OP_REQUIRED, "its new place, 1 is the first", NULL },
	LISTENER_ARG,
	{ 0 },
};

OPERATION(sender_group_move) = {
	.name = "sender-group move",
	.role = OP_SERVER_ADMIN,
	.args = move_args,
	.help = "let a sender group be looked at sooner or later than others",
	.run = run_move,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_group_remove(sender_group_listener(call), op_text(call, "name"), &err), &err);
}

OPERATION(sender_group_remove) = {
	.name = "sender-group remove",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "remove a sender group and its entries",
	.run = run_remove,
};
