/* flow_policy.c - mail flow policies, added, changed, removed */
#include "core/conf.h"
#include "protocols/smtp/flow_private.h"

static void put_policy(struct flow_change *c, const struct flow_policy *policy)
{
	struct buf value = { 0 };

	flow_put_policy(&value, policy);
	flow_put(c, FLOW_POLICY, (const char *const[]){ policy->name, NULL }, &value);
	buf_done(&value);
}

int flow_policy_add(
    const char *name, enum flow_behaviour behaviour, const char *about, struct err *err)
{
	struct flow_change c;
	int rc = flow_check_name(name, "policy", err);

	flow_begin(&c);
	if (rc == 0 && flow_policy(c.flow, name))
		rc = err_set(err, ERR_EXISTS, "there is a policy '%s' already", name);
	if (rc == 0)
		put_policy(&c, &(struct flow_policy){ name, about ? about : "", behaviour });
	return flow_end(&c, rc, err);
}

int flow_policy_change(
    const char *name, const enum flow_behaviour *behaviour, const char *about, struct err *err)
{
	struct flow_change c;

	flow_begin(&c);
	const struct flow_policy *policy = flow_need_policy(&c, name, err);
	if (policy)
		put_policy(&c,
		    &(struct flow_policy){ policy->name, about ? about : policy->about,
			behaviour ? *behaviour : policy->behaviour });
	return flow_end(&c, policy ? 0 : -1, err);
}

struct use {
	const struct flow_policy *policy;
	const struct flow_group *by;
};

static void look_for_use(void *arg, const struct flow_group *group)
{
	struct use *use = arg;

	if (group->policy == use->policy)
		use->by = group;
}

int flow_policy_remove(const char *name, struct err *err)
{
	struct flow_change c;
	struct use use = { 0 };

	flow_begin(&c);
	use.policy = flow_need_policy(&c, name, err);
	int rc = use.policy ? 0 : -1;
	flow_each_group(c.flow, NULL, look_for_use, &use);
	if (rc == 0 && use.by)
		rc = err_set(err, ERR_BUSY, "the sender group '%s' at '%s' has the policy '%s'",
		    use.by->name, use.by->listener, name);
	for (size_t i = 0; rc == 0 && i < conf_key_table_n; i++)
		if (conf_scopes(conf_key_table[i]) & CONF_POLICY)
			rc = conf_set(conf_key_table[i], CONF_POLICY, slice_str(use.policy->name),
			    SLICE(""), err);
	if (rc == 0)
		flow_put(&c, FLOW_POLICY, (const char *const[]){ use.policy->name, NULL }, NULL);
	return flow_end(&c, rc, err);
}
