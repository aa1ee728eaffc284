/* metric.c - counters as text */
#include "core/metric.h"

#include <stdio.h>

struct metric_sink {
	const struct metric *metric;
	struct buf *out;
};

/* Upper ends of a histogram's classes. */
static const uint64_t bounds_us[METRIC_BOUNDS] = { 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 500000, 2000000, 10000000 };

static uint64_t read_cell(const struct metric *metric, size_t i)
{
	return atomic_load_explicit(&metric->cells[i].n, memory_order_relaxed);
}

void metric_took(const struct metric *metric, uint64_t microseconds)
{
	size_t i = 0;

	while (i < METRIC_BOUNDS && microseconds > bounds_us[i])
		i++;
	metric_add(metric, (unsigned)i, 1);
	metric_add(metric, METRIC_BOUNDS + 1, microseconds);
}

/* --- text --- */

/* Values of labels are ours or names of protocols; still they are escaped. */
static void put_label(struct buf *out, const char *label, const char *value)
{
	buf_printf(out, "{%s=\"", label);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *value == '\n' ? ' ' : *value);
	}
	buf_addz(out, "\"}");
}

void metric_put(struct metric_sink *sink, const char *value, double number)
{
	buf_addz(sink->out, sink->metric->name);
	if (value)
		put_label(sink->out, sink->metric->label, value);
	buf_printf(sink->out, " %.15g\n", number);
}

static void put_cells(struct metric_sink *sink)
{
	const struct metric *metric = sink->metric;

	if (!metric->values)
		metric_put(sink, NULL, (double)read_cell(metric, 0));
	for (size_t i = 0; metric->values && metric->values[i]; i++)
		metric_put(sink, metric->values[i], (double)read_cell(metric, i));
}

static void put_histogram(struct metric_sink *sink)
{
	const char *name = sink->metric->name;
	uint64_t n = 0;

	for (size_t i = 0; i < METRIC_BOUNDS; i++) {
		n += read_cell(sink->metric, i);
		buf_printf(sink->out, "%s_bucket{le=\"%g\"} %llu\n", name,
		    (double)bounds_us[i] / 1e6, (unsigned long long)n);
	}
	n += read_cell(sink->metric, METRIC_BOUNDS);
	buf_printf(sink->out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name,
	    (unsigned long long)n, name, (double)read_cell(sink->metric, METRIC_BOUNDS + 1) / 1e6,
	    name, (unsigned long long)n);
}

void metric_write(struct buf *out)
{
	static const char *const types[] = { [METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_SECONDS] = "histogram" };

	for (size_t i = 0; i < metric_table_n; i++) {
		const struct metric *metric = metric_table[i];
		struct metric_sink sink = { metric, out };

		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
		    metric->name, types[metric->type]);
		if (metric->collect)
			metric->collect(&sink);
		else if (metric->type == METRIC_SECONDS)
			put_histogram(&sink);
		else
			put_cells(&sink);
	}
}
