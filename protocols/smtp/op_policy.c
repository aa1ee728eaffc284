/* op_policy.c - mail flow policies, as admins see them */
#include "core/conf.h"
#include "core/op.h"
#include "protocols/smtp/flow.h"

static void put_policy(void *arg, const struct flow_policy *policy)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "name", slice_str(policy->name));
	op_put_text(call, "behaviour", slice_str(flow_behaviours[policy->behaviour]));
	op_put_text(call, "note", slice_str(policy->about));
}

static int run_list(struct op_call *call)
{
	struct flow *flow = flow_take();

	flow_each_policy(flow, put_policy, call);
	flow_give(&flow);
	return 0;
}

OPERATION(policy_list) = {
	.name = "policy list",
	.role = OP_SERVER_ADMIN,
	.help = "list the mail flow policies: what is done with clients that belong to a sender "
		"group",
	.more = "accept: take mail for domains of this server; relay: and for all others;\n"
		"reject: refuse by the greeting; tcprefuse: close without a word; continue: as if\n"
		"the sender group were not there.",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- policy show --- */

/* Its own value, or the one that it shares with others. */
static void put_setting(struct op_call *call, const struct conf_key *key, const char *policy)
{
	struct conf_at at = { .policy = policy };
	struct buf value = { 0 }, own = { 0 };

	conf_text(key, &at, &value);
	conf_raw(key, CONF_POLICY, slice_str(policy), &own);
	op_row(call);
	op_put_text(call, "setting", slice_str(key->name));
	op_put_text(call, "value", buf_slice(&value));
	op_put_bool(call, "own", own.n > 0);
	op_put_text(call, "meaning", slice_str(key->help));
	buf_done(&value);
	buf_done(&own);
}

static int run_show(struct op_call *call)
{
	struct flow *flow = flow_take();
	const struct flow_policy *policy = flow_policy(flow, op_text(call, "name"));
	int rc = 0;

	if (policy) {
		op_put_text(call, "name", slice_str(policy->name));
		op_put_text(call, "behaviour", slice_str(flow_behaviours[policy->behaviour]));
		op_put_text(call, "note", slice_str(policy->about));
		for (size_t i = 0; i < conf_key_table_n; i++)
			if (conf_scopes(conf_key_table[i]) & CONF_POLICY)
				put_setting(call, conf_key_table[i], policy->name);
	} else {
		rc = op_fail(call, ERR_ABSENT, "there is no policy '%s'", op_text(call, "name"));
	}
	flow_give(&flow);
	return rc;
}

static const struct op_arg name_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the policy", NULL },
	{ 0 },
};

OPERATION(policy_show) = {
	.name = "policy show",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "show a mail flow policy and what its settings are",
	.example = "policy show THROTTLED",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* --- policy add, change, remove --- */

static enum flow_behaviour behaviour_of(struct op_call *call)
{
	return (enum flow_behaviour)op_number(call, "behaviour", FLOW_ACCEPT);
}

static int run_add(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call,
	    flow_policy_add(op_text(call, "name"), behaviour_of(call), op_text(call, "note"), &err),
	    &err);
}

static const struct op_arg add_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the policy", NULL },
	{ "behaviour", OP_CHOICE, OP_OPTION, "what is done with its clients; else accept",
	    flow_behaviours },
	{ "note", OP_TEXT, OP_OPTION, "what it is for, for admins", NULL },
	{ 0 },
};

OPERATION(policy_add) = {
	.name = "policy add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "make a mail flow policy",
	.example = "policy add PARTNER --behaviour accept --note \"Partners: TLS or nothing\"\n"
		   "policy set PARTNER smtp.tls required",
	.run = run_add,
};

static int run_change(struct op_call *call)
{
	enum flow_behaviour behaviour = behaviour_of(call);
	struct err err = { 0 };

	return op_done(call,
	    flow_policy_change(op_text(call, "name"),
		op_given(call, "behaviour") ? &behaviour : NULL, op_text(call, "note"), &err),
	    &err);
}

OPERATION(policy_change) = {
	.name = "policy change",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "change the behaviour or the note of a mail flow policy",
	.example = "policy change BLOCKED --behaviour tcprefuse",
	.run = run_change,
};

static int run_remove(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, flow_policy_remove(op_text(call, "name"), &err), &err);
}

OPERATION(policy_remove) = {
	.name = "policy remove",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "remove a mail flow policy that no sender group has, and its settings",
	.run = run_remove,
};

/* --- policy set --- */

static int run_set(struct op_call *call)
{
	const struct conf_key *key = conf_find(slice_str(op_text(call, "setting")));
	struct flow *flow = flow_take();
	const struct flow_policy *policy = flow_policy(flow, op_text(call, "name"));
	struct err err = { 0 };
	int rc = -1;

	if (!policy)
		err_set(&err, ERR_ABSENT, "there is no policy '%s'", op_text(call, "name"));
	else if (!key)
		err_set(&err, ERR_ABSENT, "there is no setting '%s'", op_text(call, "setting"));
	else
		rc = conf_set(key, CONF_POLICY, slice_str(policy->name),
		    slice_str(op_text(call, "value")), &err);
	flow_give(&flow);
	return op_done(call, rc, &err);
}

static const struct op_arg set_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the policy", NULL },
	{ "setting", OP_TEXT, OP_REQUIRED, "one of those that policy show lists", NULL },
	{ "value", OP_TEXT, 0, "its value for this policy; without it, what all others have",
	    NULL },
	{ 0 },
};

OPERATION(policy_set) = {
	.name = "policy set",
	.role = OP_SERVER_ADMIN,
	.args = set_args,
	.help = "give a setting another value for the clients of a mail flow policy",
	.example = "policy set PARTNER smtp.tls verified\n"
		   "policy set THROTTLED smtp.max-recipients-per-hour 50",
	.run = run_set,
};
