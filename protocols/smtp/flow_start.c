/* flow_start.c - what a new server begins with
 *
 * The groups and policies that admins of gateways know, in their order. All that
 * the last group, of everybody else, is given is what a server without groups
 * would do, so nothing is different until somebody fills the others. */
#include "core/conf.h"
#include "protocols/smtp/flow_private.h"
#include "storage/store.h"

static const struct flow_policy policies[] = {
	{ "ACCEPTED", "Take mail for the domains of this server", FLOW_ACCEPT },
	{ "BLOCKED", "Refuse the connection", FLOW_REJECT },
	{ "RELAYED", "Take mail for everybody: own machines", FLOW_RELAY },
	{ "THROTTLED", "Take little at a time: who may be a sender of junk", FLOW_ACCEPT },
	{ "TRUSTED", "Take mail without looking closer: partners", FLOW_ACCEPT },
};

static const struct {
	const char *name, *policy, *about;
} groups[] = {
	{ "RELAYLIST", "RELAYED", "Own machines, which send to everybody" },
	{ "ALLOWLIST", "TRUSTED", "Known as good" },
	{ "BLOCKLIST", "BLOCKED", "Known as bad" },
	{ "SUSPECTLIST", "THROTTLED", "Perhaps bad" },
	{ "UNKNOWNLIST", "ACCEPTED", "Everybody else" },
};

static const struct {
	const char *policy, *setting, *value;
} settings[] = {
	{ "THROTTLED", "smtp.max-messages", "10" },
	{ "THROTTLED", "smtp.max-recipients", "25" },
	{ "THROTTLED", "smtp.max-recipients-per-hour", "100" },
	{ "THROTTLED", "smtp.max-connections", "5" },
};

static int make(struct err *err)
{
	static const char listener[] = "smtp";
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(policies) / sizeof(*policies); i++)
		rc = flow_policy_add(
		    policies[i].name, policies[i].behaviour, policies[i].about, err);
	for (size_t i = 0; rc == 0 && i < sizeof(settings) / sizeof(*settings); i++)
		rc = conf_set(conf_find(slice_str(settings[i].setting)), CONF_POLICY,
		    slice_str(settings[i].policy), slice_str(settings[i].value), err);
	for (size_t i = 0; rc == 0 && i < sizeof(groups) / sizeof(*groups); i++)
		rc = flow_group_add(
		    listener, groups[i].name, groups[i].policy, groups[i].about, FLOW_LAST, err);
	if (rc == 0)
		rc = flow_entries_add(
		    listener, "UNKNOWNLIST", (const char *const[]){ "ALL" }, 1, NULL, NULL, err);
	return rc;
}

/* Whoever removed them all does not get them back. A start that was cut short may have
   left some: then the rest is the admin's. */
int flow_start(struct err *err)
{
	struct buf key = { 0 }, value = { 0 };

	if (flow_reload(err) != 0)
		return -1;
	flow_key(&key, FLOW_MADE, (const char *const[]){ NULL });
	int made = store_record_get(flow_room, buf_slice(&key), &value);
	int rc = made < 0 ? err_set(err, ERR_TEMP, "cannot read the sender groups") : 0;
	if (made == 0) {
		rc = store_record_put(flow_room, buf_slice(&key), SLICE("\1"), err);
		if (rc == 0)
			rc = make(err);
	}
	buf_done(&key);
	buf_done(&value);
	return rc;
}
