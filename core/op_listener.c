/* op_listener.c - where the server listens, as admins and their users' mail programs see it */
#include "core/conf.h"
#include "core/listen.h"
#include "core/op.h"

static void put_row(void *arg, const struct listener *listener, const char *address)
{
	static const char *const tls[] = { [LISTEN_CLEAR] = "none",
		[LISTEN_STARTTLS] = "STARTTLS",
		[LISTEN_TLS] = "implicit TLS" };
	struct op_call *call = arg;

	op_row(call);
	op_put_text(call, "name", slice_str(listener->name));
	op_put_text(call, "address", slice_str(address));
	op_put_text(call, "protocol", slice_str(listener->proto->name));
	op_put_text(call, "tls", slice_str(tls[listener->tls]));
}

static int run_list(struct op_call *call)
{
	listen_each(put_row, call);
	return 0;
}

OPERATION(listener_list) = {
	.name = "listener list",
	.role = OP_SERVER_ADMIN,
	.help = "list where the server listens, and for what",
	.more =
	    "The setting listener.address, set for a listener's name, moves it, gives it several\n"
	    "addresses or turns it off; it takes effect at the next start.",
	.reads = true,
	.lists = true,
	.run = run_list,
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
