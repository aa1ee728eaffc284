/* op_ban.c - bans, as admins see and change them */
#include "core/ban.h"
#include "core/num.h"
#include "core/op.h"

static void put_row(void *arg, const struct ban *ban)
{
	struct op_call *call = arg;
	struct buf text = { 0 };

	net_text(&ban->net, &text);
	op_row(call);
	op_put_text(call, "address", buf_slice(&text));
	op_put_text(call, "why", slice_str(ban_words[ban->why]));
	op_put_time(call, "since", ban->since / 1000);
	op_put_time(call, "until", ban->until / 1000);
	buf_done(&text);
}

static int run_list(struct op_call *call)
{
	ban_each(put_row, call);
	return 0;
}

static int read_net(struct op_call *call, struct net *net)
{
	if (!net_parse(slice_str(op_text(call, "address")), net))
		return op_fail(call, ERR_INPUT, "an address, or a network like 192.0.2.0/24");
	return 0;
}

enum { HOUR_MS = 3600 * 1000 };
#define TIME_MAX INT64_C(315360000000) /* ten years */

static int run_add(struct op_call *call)
{
	int64_t ms = 24 * (int64_t)HOUR_MS;
	struct net net;

	if (read_net(call, &net) != 0)
		return -1;
	if (op_given(call, "time") &&
	    !num_duration(slice_str(op_text(call, "time")), TIME_MAX, &ms))
		return op_fail(call, ERR_INPUT, "time is like 30m, 12h or 7d");
	if (ms < 1000)
		return op_fail(call, ERR_INPUT, "time is 1s at least");
	ban_add(&net, (uint64_t)ms, BAN_BY_ADMIN);
	return 0;
}

static int run_remove(struct op_call *call)
{
	struct net net;

	if (read_net(call, &net) != 0)
		return -1;
	if (!ban_remove(&net))
		return op_fail(call, ERR_ABSENT, "%s is not banned", op_text(call, "address"));
	return 0;
}

OPERATION(ban_list) = {
	.name = "ban list",
	.role = OP_SERVER_ADMIN,
	.help = "list the addresses and networks that are banned",
	.more =
	    "An address is banned after too many wrong passwords (ban.after-failed-logins), mail for\n"
	    "too many people who are not there (ban.after-unknown-recipients), or too many\n"
	    "connections of nonsense (ban.after-bad-connections), all within ban.window.",
	.reads = true,
	.lists = true,
	.run = run_list,
};

static const struct op_arg add_args[] = {
	{ "address", OP_TEXT, OP_REQUIRED, "an address, or a network like 192.0.2.0/24", NULL },
	{ "time", OP_TEXT, OP_OPTION, "how long: 30m, 12h, 7d; a day unless said otherwise", NULL },
	{ 0 },
};

OPERATION(ban_add) = {
	.name = "ban add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "refuse all connections from an address or network",
	.more = "Networks in ban.trusted are let in all the same.",
	.example = "ban add 192.0.2.7\nban add 2001:db8::/48 --time 7d",
	.run = run_add,
};

static const struct op_arg remove_args[] = {
	{ "address", OP_TEXT, OP_REQUIRED, "as `ban list` shows it", NULL },
	{ 0 },
};

OPERATION(ban_remove) = {
	.name = "ban remove",
	.role = OP_SERVER_ADMIN,
	.args = remove_args,
	.help = "end a ban, and forget that it was",
	.example = "ban remove 192.0.2.7",
	.run = run_remove,
};
