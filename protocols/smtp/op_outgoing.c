/* op_outgoing.c - what an account has sent, and may send still */
#include "core/op.h"
#include "protocols/smtp/outgoing.h"

static int run_show(struct op_call *call)
{
	const char *account = op_text(call, "address");
	struct buf key = { 0 };

	for (size_t i = 0; i < OUTGOING_LIMITS; i++) {
		const struct outgoing *limit = &outgoing_limits[i];
		struct rate rate = outgoing_rate(limit, account);

		if (rate.max == 0)
			continue;
		buf_clear(&key);
		outgoing_key(limit, account, &key);
		op_row(call);
		op_put_text(call, "limit", slice_str(limit->key->name));
		op_put_number(call, "most", rate.max);
		op_put_number(call, "sent",
		    (int64_t)rate_count(&facts_outgoing, buf_slice(&key), rate.span_ms));
	}
	buf_done(&key);
	return 0;
}

static int run_reset(struct op_call *call)
{
	const char *account = op_text(call, "address");
	struct buf key = { 0 };

	for (size_t i = 0; i < OUTGOING_LIMITS; i++) {
		if (outgoing_limits[i].of_domain)
			continue;
		buf_clear(&key);
		outgoing_key(&outgoing_limits[i], account, &key);
		facts_forget(&facts_outgoing, buf_slice(&key));
	}
	buf_done(&key);
	return 0;
}

static const struct op_arg args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "the account", NULL },
	{ 0 },
};

OPERATION(outgoing_show) = {
	.name = "outgoing show",
	.role = OP_USER,
	.args = args,
	.help = "show how much an account has sent of what it may",
	.more =
	    "The limits are the settings outgoing.*; those of the domain count what all of its\n"
	    "accounts sent.",
	.example = "outgoing show ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_show,
};

OPERATION(outgoing_reset) = {
	.name = "outgoing reset",
	.role = OP_DOMAIN_ADMIN,
	.args = args,
	.help = "forget what an account has sent: it may send anew",
	.example = "outgoing reset ann@example.org",
	.run = run_reset,
};
