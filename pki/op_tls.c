/* op_tls.c - what an admin sees of TLS, and does with the keys of its tickets */
#include "core/op.h"
#include "core/tls_cache.h"
#include "pki/pki_private.h"

static void put_count(void *arg, const char *of, const char *what, uint64_t n)
{
	struct op_call *call = arg;

	if (n == 0 && !op_bool(call, "all"))
		return;
	op_row(call);
	op_put_text(call, "of", slice_str(of));
	op_put_text(call, "what", slice_str(what));
	op_put_number(call, "count", (int64_t)n);
}

static int run_stats(struct op_call *call)
{
	tls_stats_each(put_count, call);
	put_count(call, "memory", "contexts", choose_count());
	put_count(call, "memory", "sessions of clients", tls_cache_count(TLS_CACHE_SERVER));
	put_count(call, "memory", "sessions with servers", tls_cache_count(TLS_CACHE_CLIENT));
	return 0;
}

static const struct op_arg stats_args[] = {
	{ "all", OP_BOOL, OP_OPTION, "also what never happened", NULL },
	{ 0 },
};

OPERATION(tls_stats) = {
	.name = "tls stats",
	.role = OP_SERVER_ADMIN,
	.args = stats_args,
	.help = "count TLS handshakes: full, resumed, failed; by version, cipher and key",
	.more = "Counted since the server was started. The same figures are in /metrics.",
	.example = "tls stats",
	.reads = true,
	.lists = true,
	.run = run_stats,
};
