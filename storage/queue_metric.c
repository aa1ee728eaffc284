/* queue_metric.c - how much mail waits for other servers */
#include <pthread.h>

#include "core/loop.h"
#include "core/metric.h"
#include "storage/queue.h"

uint64_t queue_count_lately(void)
{
	enum { FACTOR = 100 }; /* of the time that counting took */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t counted, until;

	pthread_mutex_lock(&lock);
	uint64_t began = loop_now();
	if (began >= until && queue_count(&counted) == 0) {
		uint64_t now = loop_now();
		until = now + (now - began) * FACTOR;
	}
	uint64_t n = counted;
	pthread_mutex_unlock(&lock);
	return n;
}

static void collect(struct metric_sink *sink)
{
	metric_put(sink, NULL, (double)queue_count_lately());
}

METRIC(queue) = {
	.name = "signet_queue_messages",
	.type = METRIC_GAUGE,
	.help = "messages that wait for other servers",
	.collect = collect,
};
