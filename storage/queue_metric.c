/* queue_metric.c - how much mail waits for other servers */
#include <pthread.h>

#include "core/loop.h"
#include "core/metric.h"
#include "storage/queue.h"

enum { FRESH_MS = 10000 }; /* a long queue is not counted for each who asks */

static bool count(void *arg, const struct queue_entry *entry)
{
	(void)entry;
	++*(uint64_t *)arg;
	return true;
}

static void collect(struct metric_sink *sink)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t counted, at;

	pthread_mutex_lock(&lock);
	uint64_t now = loop_now();
	if (at == 0 || now - at > FRESH_MS) {
		counted = 0;
		queue_each(count, &counted);
		at = now;
	}
	metric_put(sink, NULL, (double)counted);
	pthread_mutex_unlock(&lock);
}

METRIC(queue) = {
	.name = "signet_queue_messages",
	.type = METRIC_GAUGE,
	.help = "messages that wait for other servers",
	.collect = collect,
};
