/* op_sender_group.c - sender groups of listeners, as admins see them */
#include "core/client.h"
#include "core/dns.h"
#include "core/text.h"
#include "core/op.h"
#include "protocols/smtp/flow.h"

/* Without an option, the port for other servers. */
static const char *listener_of(struct op_call *call)
{
	const char *listener = op_text(call, "listener");

	return listener ? listener : "smtp";
}

#define LISTENER_ARG                                                                               \
	{                                                                                          \
		"listener", OP_TEXT, OP_OPTION, "of this listener; else of smtp", NULL             \
	}
#define NAME_ARG                                                                                   \
	{                                                                                          \
		"name", OP_TEXT, OP_REQUIRED, "name of the sender group", NULL                     \
	}

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
	const struct flow_group *group = flow_group(flow, listener_of(call), op_text(call, "name"));
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
		    op_text(call, "name"), listener_of(call));
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
	    flow_group_add(listener_of(call), op_text(call, "name"), op_text(call, "policy"),
		op_text(call, "note"), place_of(call, "order"), &err),
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
	    flow_group_change(listener_of(call), op_text(call, "name"), op_text(call, "policy"),
		op_text(call, "note"), &err),
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
		listener_of(call), op_text(call, "name"), place_of(call, "order"), &err),
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

	return op_done(
	    call, flow_group_remove(listener_of(call), op_text(call, "name"), &err), &err);
}

OPERATION(sender_group_remove) = {
	.name = "sender-group remove",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "remove a sender group and its entries",
	.run = run_remove,
};

/* --- entries --- */

static const char **entries_of(struct op_call *call)
{
	size_t n = op_count(call, "entry");
	const char **entries = pool_get(op_pool(call), (n + 1) * sizeof(*entries));

	for (size_t i = 0; i < n; i++)
		entries[i] = op_item(call, "entry", i);
	return entries;
}

static int run_entry_add(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_entries_add(listener_of(call), op_text(call, "name"), entries_of(call),
		op_count(call, "entry"), op_text(call, "note"), &err),
	    &err);
}

static const struct op_arg entry_args[] = {
	NAME_ARG,
	LISTENER_ARG,
	{ "note", OP_TEXT, OP_OPTION, "why, for admins", NULL },
	{ "entry", OP_TEXT, OP_REQUIRED | OP_MANY, "who belongs to it", NULL },
	{ 0 },
};

OPERATION(sender_group_entry_add) = {
	.name = "sender-group entry-add",
	.role = OP_SERVER_ADMIN,
	.args = entry_args,
	.help = "let clients belong to a sender group",
	.more =
	    "An entry is one of: 192.0.2.5, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 192.0.2.1-9,\n"
	    "192.0.2., 2001:db8::/32; mx.example.org, .example.org (host names, of addresses whose\n"
	    "reverse name leads back to them); fingerprint:SHA-256, subject:CN=mx.example.org,\n"
	    "issuer:CN=Example CA (of a client certificate; names of one that is verified); ALL.",
	.example = "sender-group entry-add BLOCKLIST 198.51.100.0/24 .spam.example --note \"junk\"",
	.run = run_entry_add,
};

static int run_entry_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_entries_remove(listener_of(call), op_text(call, "name"), entries_of(call),
		op_count(call, "entry"), &err),
	    &err);
}

static const struct op_arg entry_remove_args[] = {
	NAME_ARG,
	LISTENER_ARG,
	{ "entry", OP_TEXT, OP_REQUIRED | OP_MANY, "who does not belong to it any more", NULL },
	{ 0 },
};

OPERATION(sender_group_entry_remove) = {
	.name = "sender-group entry-remove",
	.role = OP_SERVER_ADMIN,
	.args = entry_remove_args,
	.help = "take entries out of a sender group",
	.run = run_entry_remove,
};

/* --- find --- */

static void put_match(struct op_call *call, const struct flow_match *match)
{
	op_put_text(call, "group", slice_str(match->group->name));
	op_put_text(call, "match", slice_str(match->entry));
	op_put_text(call, "note", slice_str(match->about));
	op_put_text(call, "policy", slice_str(match->group->policy->name));
	op_put_text(call, "behaviour", slice_str(flow_behaviours[match->group->policy->behaviour]));
}

/* Its name: as given, else as the DNS has it. */
static void find_name(struct op_call *call, struct flow_who *who)
{
	struct err err = { 0 };
	char *given = op_text(call, "host")
	    ? domain_ascii(op_pool(call), slice_str(op_text(call, "host")))
	    : NULL;

	who->host_known = true;
	who->host = slice_str(given);
	if (!op_given(call, "host") &&
	    dns_name_of(who->address, op_pool(call), &who->host, &err) == DNS_FAILED)
		op_say(call, "The DNS does not tell its name: %s", err.text);
	op_put_text(call, "host", who->host);
}

static int run_find(struct op_call *call)
{
	struct sockaddr_storage address;
	struct flow_who who = { .address = (const struct sockaddr *)&address };
	struct flow_match match;
	socklen_t n;

	if (!client_address(slice_str(op_text(call, "address")), 0, &address, &n))
		return op_fail(call, ERR_INPUT, "'%s' is no IP address", op_text(call, "address"));
	struct flow *flow = flow_take();
	op_put_text(call, "listener", slice_str(listener_of(call)));
	if (op_given(call, "host"))
		find_name(call, &who);
	enum flow_found found = flow_find(flow, listener_of(call), &who, &match);
	if (found == FLOW_HOST) {
		find_name(call, &who);
		found = flow_find(flow, listener_of(call), &who, &match);
	}
	if (found == FLOW_FOUND)
		put_match(call, &match);
	else
		op_say(call, "It belongs to no sender group: the listener's settings hold.");
	flow_give(&flow);
	return 0;
}

static const struct op_arg find_args[] = {
	{ "address", OP_TEXT, OP_REQUIRED, "IP address of a client", NULL },
	{ "host", OP_TEXT, OP_OPTION, "its host name; else the DNS is asked, if it matters", NULL },
	LISTENER_ARG,
	{ 0 },
};

OPERATION(sender_group_find) = {
	.name = "sender-group find",
	.role = OP_SERVER_ADMIN,
	.args = find_args,
	.help = "tell to which sender group a client would belong, and why",
	.example = "sender-group find 192.0.2.5\n"
		   "sender-group find 192.0.2.5 --host mx.partner.example",
	.reads = true,
	.run = run_find,
};
