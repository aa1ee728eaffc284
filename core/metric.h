/* metric.h - what the server counts, for whoever watches it
 *
 * A row beside the code that counts, and a word where something happened:
 *
 *	METRIC(logins) = {
 *		.name = "signet_logins_total", .type = METRIC_COUNTER,
 *		.help = "logins tried", .label = "result", .values = METRIC_VALUES("good", "bad"),
 *		.cells = METRIC_CELLS(2),
 *	};
 *	metric_add(&metric_logins, 0, 1);
 *
 * Counting takes no lock. What is only known when somebody asks is a row with
 * .collect. */
#ifndef CORE_METRIC_H
#define CORE_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/table.h"

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_SECONDS, /* a histogram of durations */
};

/* Each in a line of the processor's cache of its own. */
struct metric_cell {
	_Alignas(64) _Atomic uint64_t n;
};

#define METRIC_CELLS(n) ((struct metric_cell[n]){ { 0 } })
#define METRIC_VALUES(...) ((const char *const[]){ __VA_ARGS__, NULL })

enum { METRIC_BOUNDS = 12, METRIC_SECONDS_CELLS = METRIC_BOUNDS + 2 };

struct metric_sink;

struct metric {
	const char *name; /* as Prometheus wants it: with its unit, counters end in _total */
	enum metric_type type;
	const char *help;	   /* one line, no final dot */
	const char *label;	   /* or NULL */
	const char *const *values; /* of the label, NULL-ended: a cell for each */
	struct metric_cell *cells; /* a histogram has METRIC_SECONDS_CELLS */
	/* Instead of cells: asked when somebody looks, on a worker. */
	void (*collect)(struct metric_sink *sink);
};

#define METRIC(id) TABLE_ROW(metric, id)
TABLE_DECLARE(metric);

/* Count n more of the value with that index (0 without a label). Any thread. */
static inline void metric_add(const struct metric *metric, unsigned value, uint64_t n)
{
	atomic_fetch_add_explicit(&metric->cells[value].n, n, memory_order_relaxed);
}

/* Something took that long. Any thread. */
void metric_took(const struct metric *metric, uint64_t microseconds);

/* From collect(): a number, of this value of the label (NULL without one). */
void metric_put(struct metric_sink *sink, const char *value, double number);

/* All of them as text (Prometheus, version 0.0.4), appended. */
void metric_write(struct buf *out);

#endif
