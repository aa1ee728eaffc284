/* op_dnsbl.c - DNS lists, asked by an admin: about an address, or whether they work */
#include "core/client.h"
#include "core/op.h"
#include "protocols/smtp/dnsbl.h"

static int read_lists(struct op_call *call, struct dnsbl lists[DNSBL_MAX])
{
	const char *policy = op_text(call, "policy");
	struct conf_at at = { .policy = policy };
	struct buf text = { 0 };
	struct err err;

	conf_text(&conf_key_dnsbl_lists, &at, &text);
	int n = dnsbl_read(buf_slice(&text), op_pool(call), lists, &err);
	buf_done(&text);
	return n < 0 ? op_fail_err(call, &err) : n;
}

static int show_address(struct op_call *call, const char *address, const struct dnsbl *lists, int n)
{
	struct dnsbl_result results[DNSBL_MAX];
	struct sockaddr_storage peer;
	socklen_t peer_n;

	if (!client_address(slice_str(address), 0, &peer, &peer_n))
		return op_fail(call, ERR_INPUT, "not an IP address: %s", address);
	size_t asked =
	    dnsbl_ask(lists, (size_t)n, (struct sockaddr *)&peer, op_pool(call), results);
	for (size_t i = 0; i < asked; i++) {
		op_row(call);
		op_put_text(call, "list", slice_str(results[i].list->zone));
		op_put_number(call, "weight", results[i].list->weight);
		if (results[i].state == DNSBL_UNKNOWN)
			op_put_text(call, "state", SLICE("no answer"));
		if (results[i].state != DNSBL_LISTED)
			continue;
		op_put_text(call, "listed", slice_str(results[i].code));
		op_put_text(call, "says",
		    dnsbl_why(results[i].list, (struct sockaddr *)&peer, op_pool(call)));
	}
	return 0;
}

/* RFC 5782 5: of each list an entry is there for tests, and one is not. */
static const char *try_list(const struct dnsbl *list, struct pool *pool)
{
	static const char *const entries[] = { "127.0.0.2", "127.0.0.1" };
	struct dnsbl_result results[DNSBL_MAX];
	bool is[2] = { false, false };

	for (unsigned i = 0; i < 2; i++) {
		struct dnsbl any = { .zone = list->zone };
		struct sockaddr_storage peer;
		socklen_t n;

		client_address(slice_str(entries[i]), 0, &peer, &n);
		if (dnsbl_ask(&any, 1, (struct sockaddr *)&peer, pool, results) != 1 ||
		    results[0].state == DNSBL_UNKNOWN)
			return "does not answer";
		is[i] = results[0].state == DNSBL_LISTED;
	}
	return is[1] ? "lists everybody" : is[0] ? "works" : "lists nobody";
}

static int try_lists(struct op_call *call, const struct dnsbl *lists, int n)
{
	for (int i = 0; i < n; i++) {
		op_row(call);
		op_put_text(call, "list", slice_str(lists[i].zone));
		op_put_number(call, "weight", lists[i].weight);
		op_put_text(call, "state", slice_str(try_list(&lists[i], op_pool(call))));
	}
	return 0;
}

static int run_check(struct op_call *call)
{
	const char *address = op_text(call, "address");
	struct dnsbl lists[DNSBL_MAX];
	int n = read_lists(call, lists);

	if (n < 0)
		return -1;
	if (n == 0)
		op_say(call,
		    "No DNS lists are asked. dnsbl.lists names them, for all or one policy: signet "
		    "setting set dnsbl.lists zen.spamhaus.org --policy ACCEPTED");
	return address ? show_address(call, address, lists, n) : try_lists(call, lists, n);
}

static const struct op_arg check_args[] = {
	{ "address", OP_TEXT, 0, "an IP address; without it the lists are tried", NULL },
	{ "policy", OP_TEXT, OP_OPTION, "the lists of that mail flow policy", NULL },
	{ 0 },
};

OPERATION(dnsbl_check) = {
	.name = "dnsbl check",
	.role = OP_SERVER_ADMIN,
	.args = check_args,
	.help = "ask the DNS lists of dnsbl.lists about an address, or whether they work",
	.more =
	    "A list that works has an entry for 127.0.0.2 and none for 127.0.0.1 (RFC 5782). Many\n"
	    "do not answer those who ask by a large public resolver.",
	.example = "dnsbl check 192.0.2.7\ndnsbl check",
	.reads = true,
	.lists = true,
	.network = true,
	.run = run_check,
};
