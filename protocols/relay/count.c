/* count.c - what happened since the start, for `signet queue status` */
#include "core/metric.h"
#include "core/op.h"
#include "protocols/relay/job.h"
#include "storage/queue.h"

METRIC(relay_connections) = {
	.name = "signet_relay_connections_total",
	.type = METRIC_COUNTER,
	.help = "connections to other servers tried",
	.label = "result",
	.values = METRIC_VALUES("made", "failed"),
	.cells = METRIC_CELLS(2),
};

METRIC(relay_recipients) = {
	.name = "signet_relay_recipients_total",
	.type = METRIC_COUNTER,
	.help = "recipients offered to other servers",
	.label = "result",
	.values = METRIC_VALUES("delivered", "deferred", "failed"),
	.cells = METRIC_CELLS(3),
};

METRIC(relay_reports) = {
	.name = "signet_relay_reports_total",
	.type = METRIC_COUNTER,
	.help = "notifications sent to senders",
	.cells = METRIC_CELLS(1),
};

static const struct {
	const struct metric *metric;
	unsigned cell;
	const char *name;
} counts[COUNT_KINDS] = {
	[COUNT_CONNECTED] = { &metric_relay_connections, 0, "connections made" },
	[COUNT_NOT_CONNECTED] = { &metric_relay_connections, 1, "connections failed" },
	[COUNT_DELIVERED] = { &metric_relay_recipients, 0, "recipients delivered" },
	[COUNT_DEFERRED] = { &metric_relay_recipients, 1, "recipients deferred" },
	[COUNT_FAILED] = { &metric_relay_recipients, 2, "recipients failed" },
	[COUNT_REPORTS] = { &metric_relay_reports, 0, "reports sent" },
};

void relay_count(enum relay_count what)
{
	metric_add(counts[what].metric, counts[what].cell, 1);
}

static int64_t count_of(enum relay_count what)
{
	const struct metric_cell *cell = &counts[what].metric->cells[counts[what].cell];

	return (int64_t)atomic_load_explicit(&cell->n, memory_order_relaxed);
}

static int run_status(struct op_call *call)
{
	struct plan_figures figures;

	plan_figures(&figures);
	op_put_number(call, "messages", (int64_t)queue_count_lately());
	op_put_number(call, "domains", figures.domains);
	op_put_number(call, "destinations", figures.lanes);
	op_put_number(call, "ready", figures.ready);
	op_put_number(call, "connections", figures.connections);
	op_put_number(call, "threads", figures.threads);
	for (size_t i = 0; i < COUNT_KINDS; i++)
		op_put_number(call, counts[i].name, count_of((enum relay_count)i));
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
