/* queue_metric.c - how much mail waits for other servers */
#include <pthread.h>

#include "core/loop.h"
#include "core/metric.h"
#include "storage/queue.h"

/* A long queue is not counted for each who asks: as seldom as makes it cost nothing. */
enum { FRESH_MS = 10000, FRESH_FACTOR = 100 };

static void collect(struct metric_sink *sink)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t counted, until;

	pthread_mutex_lock(&lock);
	uint64_t began = loop_now();
	if (began >= until && queue_count(&counted) == 0) {
		uint64_t now = loop_now(), rest = (now - began) * FRESH_FACTOR;
		until = now + (rest > FRESH_MS ? rest : FRESH_MS);
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
