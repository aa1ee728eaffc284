/* op_sender_entry.c - who is in a sender group, as admins see it: entries, and what they lead to */
#include "core/client.h"
#include "core/dns.h"
#include "core/text.h"
#include "protocols/smtp/flow.h"
#include "protocols/smtp/op_sender_group.h"

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
	size_t fresh, n = op_count(call, "entry");

	if (flow_entries_add(sender_group_listener(call), op_text(call, "name"), entries_of(call),
		n, op_text(call, "note"), &fresh, &err) != 0)
		return op_fail_err(call, &err);
	op_put_number(call, "added", (int64_t)fresh);
	if (fresh < n)
		op_say(call, "%s there already.", fresh > 0 ? "Others were" : "It was");
	return 0;
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
	    "issuer:CN=Example CA (of a client certificate; names of one that is verified);\n"
	    "dnsbl:bl.example.org (listed there), dnsbl-score:3 (sum of the weights of dnsbl.lists;\n"
	    "below 0: that or less); ALL. Give them in any order: a network and a name may stand in\n"
	    "one group. What is wrong with one of them is told, and then none is added.",
	.example = "sender-group entry-add BLOCKLIST 198.51.100.0/24 .spam.example --note \"junk\"",
	.run = run_entry_add,
};

static int run_entry_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_entries_remove(sender_group_listener(call), op_text(call, "name"),
		entries_of(call), op_count(call, "entry"), &err),
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

static void find_lists(struct op_call *call, const struct flow *flow, struct flow_who *who)
{
	struct buf listed = { 0 };

	flow_ask_lists(flow, sender_group_listener(call), who->address, &listed);
	who->listed_known = true;
	who->listed = pool_slice(op_pool(call), buf_slice(&listed));
	for (size_t i = 0; i < listed.n; i++)
		if (listed.p[i] == '\0')
			listed.p[i] = ' ';
	op_put_text(call, "listed", slice_trim(buf_slice(&listed)));
	buf_done(&listed);
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
	op_put_text(call, "listener", slice_str(sender_group_listener(call)));
	if (op_given(call, "host"))
		find_name(call, &who);
	enum flow_found found;
	while ((found = flow_find(flow, sender_group_listener(call), &who, &match)) == FLOW_HOST ||
	    found == FLOW_DNSBL)
		if (found == FLOW_HOST)
			find_name(call, &who);
		else
			find_lists(call, flow, &who);
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
	.network = true,
	.run = run_find,
};
