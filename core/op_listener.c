/* op_listener.c - where the server listens, as admins see it */
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
