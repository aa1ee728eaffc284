/* count.c - what happened since the start, for `signet queue status` */
#include <stdatomic.h>

#include "core/op.h"
#include "protocols/relay/job.h"

static atomic_ullong counts[COUNT_KINDS];

static const char *const names[COUNT_KINDS] = {
	[COUNT_CONNECTED] = "connections made",
	[COUNT_NOT_CONNECTED] = "connections failed",
	[COUNT_DELIVERED] = "recipients delivered",
	[COUNT_DEFERRED] = "recipients deferred",
	[COUNT_FAILED] = "recipients failed",
	[COUNT_REPORTS] = "reports sent",
};

void relay_count(enum relay_count what, unsigned n)
{
	atomic_fetch_add_explicit(&counts[what], n, memory_order_relaxed);
}

static int run_status(struct op_call *call)
{
	struct plan_figures figures;

	plan_figures(&figures);
	op_put_number(call, "domains", figures.domains);
	op_put_number(call, "destinations", figures.lanes);
	op_put_number(call, "ready", figures.ready);
	op_put_number(call, "connections", figures.connections);
	op_put_number(call, "threads", figures.threads);
	for (size_t i = 0; i < COUNT_KINDS; i++)
		op_put_number(call, names[i],
		    (int64_t)atomic_load_explicit(&counts[i], memory_order_relaxed));
	return 0;
}

OPERATION(queue_status) = {
	.name = "queue status",
	.role = OP_SERVER_ADMIN,
	.help = "show what the delivery to other servers does now, and did since the start",
	.example = "queue status",
	.reads = true,
	.run = run_status,
};
