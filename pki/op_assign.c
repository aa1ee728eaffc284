/* op_assign.c - where certificates are assigned, and changes that wait */
#include "core/listen.h"
#include "core/server_name.h"
#include "pki/op_pki.h"
#include "pki/profile.h"
#include "pki/stage.h"

/* --- to whatever can be given one --- */

/* A certificate for another name is shown all the same (E-013). */
static void warn_of_name(struct op_call *call, struct slice owner)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 };
	struct cert leaf;
	const char *host = server_name(op_pool(call));

	if (stage_newest(owner, &bytes, &record) == 1 && cert_next(&record.leaf, &leaf) &&
	    !cert_covers(&leaf, slice_str(host)))
		op_say(call, "The certificate is not for %s, which is what this server is called",
		    host);
	buf_done(&bytes);
}

static bool is_word(const char *text, const char *word)
{
	return slice_ieq(slice_str(text), slice_str(word));
}

/* value: what the setting is to say; empty for its default. */
static int find_value(struct op_call *call, bool may_be_none, struct slice *value)
{
	const char *name = op_text(call, "certificate");
	struct slice owner;
	struct err err = { 0 };

	*value = slice_str(is_word(name, "default") ? "" : name);
	if (value->n == 0 || (may_be_none && is_word(name, "none")))
		return 0;
	if (owner_named(*value, op_pool(call), &owner, &err) != 0)
		return op_fail_err(call, &err);
	if (!owner_is(owner))
		return op_fail(call, ERR_ABSENT, "%s is to be removed", owner.p);
	warn_of_name(call, owner);
	return 0;
}

static int assign(struct op_call *call, const struct conf_key *key, enum conf_scope scope,
    struct slice place, struct slice value)
{
	struct err err = { 0 };

	if (stage_setting(key, scope, place, value, &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "setting", slice_str(key->name));
	op_put_text(call, "value", value);
	struct buf waits = { 0 };
	if (stage_setting_get(key, scope, place, &waits))
		op_say(call, "It waits for pki commit");
	buf_done(&waits);
	return 0;
}

/* --- to listeners --- */

static int run_listener(struct op_call *call)
{
	const struct conf_key *key = conf_find(SLICE("listener.certificate"));
	const char *name = op_text(call, "listener"), *address = op_text(call, "address");
	const char *place = address ? pool_printf(op_pool(call), "%s@%s", name, address) : name;
	struct slice value;

	if (!listen_has_tls(name))
		return op_fail(call, ERR_ABSENT,
		    "there is no listener '%s' with TLS; signet listener list shows them", name);
	if (address && !assign_is_address(slice_str(address)))
		return op_fail(call, ERR_INPUT,
		    "'%s' is no address like 192.0.2.1, 192.0.2.1:443 or [2001:db8::1]:443",
		    address);
	if (find_value(call, true, &value) != 0)
		return -1;
	if (is_word(op_text(call, "certificate"), "none"))
		value = (struct slice){ 0 };
	return assign(call, key, CONF_LISTENER, slice_str(place), value);
}

static const struct op_arg listener_args[] = {
	{ "listener", OP_TEXT, OP_REQUIRED, "its name, as listener list shows it", NULL },
	{ "certificate", OP_TEXT, OP_REQUIRED, "name of a profile or a domain, or none", NULL },
	{ "address", OP_TEXT, OP_OPTION, "only where it listens at this address, or address:port",
	    NULL },
	{ 0 },
};

/* E-025, E-027 */
OPERATION(listener_certificate) = {
	.name = "listener certificate",
	.role = OP_SERVER_ADMIN,
	.args = listener_args,
	.help = "say which certificate a listener shows to everybody",
	.more =
	    "Without one a listener shows that of the domain whose host name a client asks for.\n"
	    "One that is assigned is shown whatever the client asks for. With --address it is\n"
	    "shown at that address (an interface) alone. It is in force from the next connection\n"
	    "on, or when it is committed.",
	.example = "listener certificate smtp mx\nlistener certificate https web --address "
		   "192.0.2.7:443\nlistener certificate smtp none",
	.run = run_listener,
};

/* --- to others --- */

static bool takes_certificate(const struct conf_key *key)
{
	return key && key->refers && strcmp(key->refers, "certificate") == 0;
}

static int no_use(struct op_call *call)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < conf_key_table_n; i++)
		if (takes_certificate(conf_key_table[i]))
			buf_printf(&names, "%s%s", names.n ? ", " : "", conf_key_table[i]->name);
	int rc = op_fail(call, ERR_ABSENT, "certificates are assigned to: %s", buf_z(&names));
	buf_done(&names);
	return rc;
}

static int run_assign(struct op_call *call)
{
	const struct conf_key *key = conf_find(slice_str(op_text(call, "setting")));
	const char *domain = op_text(call, "domain"), *to = op_text(call, "destination");
	struct slice value;

	if (!takes_certificate(key) || key->scopes == CONF_LISTENER)
		return no_use(call);
	if (find_value(call, true, &value) != 0)
		return -1;
	if (to && domain)
		return op_fail(call, ERR_INPUT, "one of --domain and --destination at most");
	return assign(call, key,
	    to		 ? CONF_DESTINATION
		: domain ? CONF_DOMAIN
			 : CONF_SERVER,
	    slice_str(to ? to : domain), value);
}

static const struct op_arg assign_args[] = {
	{ "certificate", OP_TEXT, OP_REQUIRED,
	    "name of a profile or a domain; none; or default: as if nothing were said", NULL },
	{ "setting", OP_TEXT, OP_REQUIRED, "for what, as relay.certificate", NULL },
	{ "domain", OP_DOMAIN, OP_OPTION, "of that domain, not of the server", NULL },
	{ "destination", OP_DESTINATION, OP_OPTION | OP_FOREIGN,
	    "towards that domain, or all below .DOMAIN", NULL },
	{ 0 },
};

/* E-026, E-028, E-029 */
OPERATION(profile_assign) = {
	.name = "profile assign",
	.role = OP_SERVER_ADMIN,
	.args = assign_args,
	.help = "say which certificate this server shows where it is the client",
	.more =
	    "To servers that ask it for one: relay.certificate when it delivers mail\n"
	    "(--destination: there alone). The settings that can be given a certificate are named when\n"
	    "the one that was said is none of them. Listeners have listener certificate.",
	.example = "profile assign mx relay.certificate\n"
		   "profile assign partner relay.certificate --destination partner.example",
	.run = run_assign,
};

/* --- what waits --- */

static bool put_record(void *arg, struct slice owner, const struct domain_record *record)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "what", owner);
	op_put_text(call, "change",
	    record->gone	   ? SLICE("removed")
		: record_is(owner) ? SLICE("changed")
				   : SLICE("new"));
	return true;
}

static void put_setting(void *arg, const struct staged_setting *setting)
{
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "what",
	    slice_str(pool_printf(op_pool(call), "%s%s%.*s", setting->key->name,
		setting->place.n > 0 ? " " : "", SLICE_ARG(setting->place))));
	op_put_text(call, "change", setting->value.n > 0 ? setting->value : SLICE("default"));
}

static int run_pending(struct op_call *call)
{
	if (record_each_staged(put_record, call) != 0)
		return op_fail(call, ERR_TEMP, "cannot read what waits");
	stage_each_setting(put_setting, call);
	return 0;
}

OPERATION(pki_pending) = {
	.name = "pki pending",
	.role = OP_SERVER_ADMIN,
	.help = "list changes of profiles and assignments that wait for pki commit",
	.reads = true,
	.lists = true,
	.run = run_pending,
};

static int run_all(struct op_call *call, int (*change)(size_t *done, struct err *err))
{
	struct err err = { 0 };
	size_t done = 0;

	if (change_all(change, &done, &err) != 0)
		return op_fail_err(call, &err);
	op_put_number(call, "changes", (int64_t)done);
	return 0;
}

static int run_commit(struct op_call *call)
{
	return run_all(call, stage_commit);
}

/* It is there for the audit trail, which has every argument. */
static const struct op_arg comment_args[] = {
	{ "comment", OP_TEXT, OP_OPTION, "why, for those who look at it later", NULL },
	{ 0 },
};

/* E-030 */
OPERATION(pki_commit) = {
	.name = "pki commit",
	.role = OP_SERVER_ADMIN,
	.args = comment_args,
	.help = "put changes of profiles and assignments in force that wait",
	.more =
	    "With the setting pki.commit on, changes of profiles, and of where certificates are\n"
	    "assigned by listener certificate and profile assign, wait for this. Each commit is\n"
	    "an event of the audit trail (audit list), with its comment.",
	.example = "pki commit --comment 'new certificate of mx, ticket 4711'",
	.run = run_commit,
};

static int run_discard(struct op_call *call)
{
	return run_all(call, stage_discard);
}

OPERATION(pki_discard) = {
	.name = "pki discard",
	.role = OP_SERVER_ADMIN,
	.args = comment_args,
	.help = "forget changes of profiles and assignments that wait",
	.example = "pki discard",
	.run = run_discard,
};
