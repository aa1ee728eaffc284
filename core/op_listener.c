/* op_listener.c - where the server listens, as admins and their users' mail programs see it */
#include "core/conf.h"
#include "core/listen.h"
#include "core/op.h"

static void put_row(void *arg, const struct listener *listener, const char *address)
{
	static const char *const tls[] = { [LISTEN_CLEAR] = "none",
		[LISTEN_STARTTLS] = "STARTTLS",
		[LISTEN_TLS] = "implicit TLS" };
	const char *role = listener->role ? listener->role : "";
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "name", slice_str(listener->name));
	op_put_text(call, "address", slice_str(address));
	op_put_text(call, "protocol", slice_str(listener->proto->name));
	op_put_text(call, "tls", slice_str(tls[listener->tls]));
	op_put_text(call, "role", slice_str(strcmp(role, "mx") == 0 ? "public" : role));
	op_put_bool(call, "added", !listen_is_usual(listener->name));
}

static void put_missing(void *arg, const struct listen_missing *missing)
{
	struct op_call *call = arg;
	bool six = strchr(missing->host, ':') != NULL;

	op_row(call);
	op_put_text(call, "name", slice_str(missing->name));
	op_put_text(call, "address",
	    slice_str(pool_printf(
		op_pool(call), six ? "[%s]:%u" : "%s:%u", missing->host, missing->port)));
	op_put_text(call, "protocol", slice_str(missing->protocol));
	op_put_bool(call, "added", !listen_is_usual(missing->name));
	op_put_text(call, "missing", slice_str(missing->why));
}

/* "listener smtp: cannot listen on 192.0.2.1 port 25: ..." */
static void say_missing(void *arg, const struct listen_missing *missing)
{
	op_say(arg, "%s. It is tried again every few seconds.", missing->why);
}

static int run_list(struct op_call *call)
{
	listen_each(put_row, call);
	listen_missing(put_missing, call);
	listen_missing(say_missing, call);
	return 0;
}

OPERATION(listener_list) = {
	.name = "listener list",
	.role = OP_SERVER_ADMIN,
	.help = "list where the server listens, and for what",
	.more =
	    "listener change moves one, gives it several addresses or turns it off, listener add\n"
	    "makes another one: both while the server runs. A row with `missing` has an address\n"
	    "that this machine does not have now; the server listens there as soon as it has it.",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- one: shown, added, changed, removed --- */

struct showing {
	struct op_call *call;
	struct buf addresses;
};

static void gather_address(void *arg, const struct listener *listener, const char *address)
{
	struct showing *showing = arg;

	if (strcmp(listener->name, op_text(showing->call, "name")) == 0)
		buf_printf(&showing->addresses, "%s%s", showing->addresses.n ? " " : "", address);
}

/* "It listens on 192.0.2.1:25." */
static void tell_where(struct op_call *call, const char *name)
{
	struct showing showing = { .call = call };

	listen_each(gather_address, &showing);
	if (showing.addresses.n > 0)
		op_say(call, "%s listens on %s.", name, buf_z(&showing.addresses));
	else
		op_say(call, "%s listens nowhere.", name);
	buf_done(&showing.addresses);
}

static void say_missing_of(void *arg, const struct listen_missing *missing)
{
	if (strcmp(missing->name, op_text(arg, "name")) == 0)
		say_missing(arg, missing);
}

static int absent(struct op_call *call)
{
	return op_fail(call, ERR_ABSENT,
	    "there is no listener '%s'; signet listener list tells which there are",
	    op_text(call, "name"));
}

static int run_show(struct op_call *call)
{
	const char *name = op_text(call, "name");
	struct showing showing = { .call = call };
	struct conf_at at = { .listener = name };
	struct buf value = { 0 };

	if (!listen_knows(name))
		return absent(call);
	listen_each(gather_address, &showing);
	op_put_text(call, "name", slice_str(name));
	op_put_text(call, "listening", buf_slice(&showing.addresses));
	listen_missing(say_missing_of, call);
	for (size_t i = 0; i < conf_key_table_n; i++)
		if (conf_scopes(conf_key_table[i]) & CONF_LISTENER) {
			conf_text(conf_key_table[i], &at, &value);
			op_row(call);
			op_put_text(call, "setting", slice_str(conf_key_table[i]->name));
			op_put_text(call, "value", buf_slice(&value));
			conf_raw(conf_key_table[i], CONF_LISTENER, slice_str(name), &value);
			op_put_bool(call, "own", value.n > 0);
		}
	buf_done(&value);
	buf_done(&showing.addresses);
	return 0;
}

static const struct op_arg name_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the listener", NULL },
	{ 0 },
};

OPERATION(listener_show) = {
	.name = "listener show",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "show where a listener listens and all that is set for it",
	.reads = true,
	.lists = true,
	.run = run_show,
};

/* listener.address is given as "address", and so on. */
static int change(struct op_call *call)
{
	const char *name = op_text(call, "name");
	struct conf_change changes[8];
	struct err err = { 0 };
	size_t n = 0;

	for (size_t i = 0; listen_keys[i]; i++) {
		const char *option = strchr(listen_keys[i]->name, '.') + 1;
		if (op_takes(call, option) && op_given(call, option))
			changes[n++] = (struct conf_change){ listen_keys[i], CONF_LISTENER,
				slice_str(name), slice_str(op_text(call, option)) };
	}
	if (listen_change(name, changes, n, &err) != 0)
		return op_fail_err(call, &err);
	tell_where(call, name);
	return 0;
}

static int run_add(struct op_call *call)
{
	const char *name = op_text(call, "name");
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	if (n == 0 || n > 63 || name[n])
		return op_fail(call, ERR_INPUT,
		    "a listener's name has 1 to 63 letters, digits, dots, '_' and '-'");
	if (listen_knows(name))
		return op_fail(call, ERR_EXISTS, "there is a listener '%s' already", name);
	return change(call);
}

#define ADDRESS_HELP "as 192.0.2.1:25 or [2001:db8::1]:25; several in one text, parted by blanks"

static const struct op_arg add_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the new listener", NULL },
	{ "protocol", OP_TEXT, OP_REQUIRED, "smtp, lmtp, imap, pop3, managesieve", NULL },
	{ "address", OP_TEXT, OP_REQUIRED, ADDRESS_HELP, NULL },
	{ "tls", OP_TEXT, OP_OPTION, "starttls or implicit", NULL },
	{ "role", OP_TEXT, OP_OPTION, "of SMTP: public, private or submission", NULL },
	{ 0 },
};

OPERATION(listener_add) = {
	.name = "listener add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "let the server listen at one more address",
	.more =
	    "It answers at once; where an address cannot be had, nothing is changed. A listener of\n"
	    "its own has settings of its own: certificate (listener certificate), sender groups,\n"
	    "and all that listener show tells. A private one refuses whoever is in none of its\n"
	    "sender groups. Ports below 1024 can be had by a server that root has started.",
	.example = "listener add inside smtp 10.0.0.1:25 --role private\n"
		   "sender-group add RELAYLIST RELAYED --listener inside\n"
		   "sender-group entry-add RELAYLIST 10.0.0.0/24 --listener inside",
	.run = run_add,
};

static int run_change(struct op_call *call)
{
	return listen_knows(op_text(call, "name")) ? change(call) : absent(call);
}

static const struct op_arg change_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "name of the listener", NULL },
	{ "address", OP_TEXT, OP_OPTION, ADDRESS_HELP "; off for none", NULL },
	{ "tls", OP_TEXT, OP_OPTION, "usual, starttls or implicit", NULL },
	{ "role", OP_TEXT, OP_OPTION, "of SMTP: usual, public, private or submission", NULL },
	{ 0 },
};

OPERATION(listener_change) = {
	.name = "listener change",
	.role = OP_SERVER_ADMIN,
	.args = change_args,
	.help = "move a listener, turn it off, or change what it is for",
	.more =
	    "It answers at the new address, and no more at the old one, at once; sessions that it\n"
	    "has go on. Where an address cannot be had, all stays as it was.",
	.example = "listener change pop3 --address off",
	.run = run_change,
};

/* All that is set for it. */
static int forget(struct op_call *call, const char *name, struct err *err)
{
	struct conf_change *changes = pool_get(op_pool(call), conf_key_table_n * sizeof(*changes));
	size_t n = 0;

	for (size_t i = 0; i < conf_key_table_n; i++)
		if (conf_scopes(conf_key_table[i]) & CONF_LISTENER)
			changes[n++] = (struct conf_change){ conf_key_table[i], CONF_LISTENER,
				slice_str(name), SLICE("") };
	return listen_change(name, changes, n, err);
}

static int run_remove(struct op_call *call)
{
	const char *name = op_text(call, "name");
	struct err err = { 0 };

	if (!listen_knows(name))
		return absent(call);
	if (listen_is_usual(name))
		return op_fail(call, ERR_INPUT,
		    "'%s' is always there; signet listener change %s --address off turns it off",
		    name, name);
	return op_done(call, forget(call, name, &err), &err);
}

OPERATION(listener_remove) = {
	.name = "listener remove",
	.role = OP_SERVER_ADMIN,
	.args = name_args,
	.help = "remove a listener that was added, and its settings",
	.more =
	    "It accepts no more at once; sessions that it has go on to their end. Its sender groups\n"
	    "stay, for the day when it is added again.",
	.run = run_remove,
};

/* --- what a mail program has to be told --- */

CONF_KEY(listener_client_host) = {
	.name = "listener.client-host",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "",
	.help = "host name that users' mail programs are told; empty for mail.DOMAIN",
};

static void put_host(struct op_call *call, const char *address)
{
	const char *domain = strrchr(address, '@') + 1;
	struct buf host = { 0 };

	conf_text(&conf_key_listener_client_host, &(struct conf_at){ .domain = domain }, &host);
	if (host.n == 0)
		buf_printf(&host, "mail.%s", domain);
	op_put_text(call, "host", buf_slice(&host));
	buf_done(&host);
}

/* The words are those that mail programs use (P-035). Several addresses of
   one listener have one port, so the first will do. */
static void put_client(void *arg, const struct listener *listener, const char *address)
{
	ptrdiff_t colon = slice_rchr(slice_str(address), ':');
	struct op_call *call = arg;

	if (!listener->client || colon < 0)
		return;
	op_row(call);
	op_put_text(call, "name", slice_str(listener->name));
	op_put_text(call, "protocol", slice_str(listener->client));
	op_put_text(call, "port", slice_str(address + colon + 1));
	op_put_text(
	    call, "security", listener->tls == LISTEN_TLS ? SLICE("SSL/TLS") : SLICE("STARTTLS"));
}

static int run_clients(struct op_call *call)
{
	const char *address = op_text(call, "address");

	put_host(call, address);
	op_put_text(call, "user", slice_str(address));
	listen_each(put_client, call);
	return 0;
}

static const struct op_arg clients_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "address of the account", NULL },
	{ 0 },
};

OPERATION(listener_clients) = {
	.name = "listener clients",
	.role = OP_USER,
	.args = clients_args,
	.help = "show what the owner of an account tells his mail program",
	.more =
	    "SSL/TLS is encrypted from the first byte, STARTTLS after a few words; both are good.",
	.example = "listener clients ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_clients,
};
