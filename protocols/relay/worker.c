/* worker.c - a thread that delivers: one lane after another, on one connection as long as it can */
#include "core/conf.h"
#include "protocols/relay/job.h"

CONF_KEY(relay_linger) = {
	.name = "relay.linger",
	.type = CONF_DURATION,
	.def = "1s",
	.max = 60000,
	.help = "how long a connection is kept for more mail to the same destination",
};

CONF_KEY(relay_messages) = {
	.name = "relay.connection-messages",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DESTINATION,
	.def = "100",
	.min = 1,
	.max = 100000,
	.help = "most messages on one connection",
};

static bool is_used_up(const struct talk *talk, struct slice domain, struct pool *pool)
{
	struct conf_at at = { .destination = pool_str(pool, domain) };

	return talk->messages >= (unsigned)conf_num_at(&conf_key_relay_messages, &at);
}

static void serve(struct lane *lane)
{
	struct talk *talk = NULL;
	struct plan_job *job;
	struct pool pool = { 0 };

	while ((job = plan_take(lane, talk ? (uint64_t)conf_num(&conf_key_relay_linger) : 0)) !=
	    NULL) {
		job_run(lane, job, &talk);
		if (talk && is_used_up(talk, plan_domain(job), &pool))
			talk_close(&talk);
		plan_release(&job);
		pool_reset(&pool);
	}
	talk_close(&talk);
	plan_leave(lane);
	pool_done(&pool);
}

void relay_work(void *arg)
{
	struct lane *lane;

	(void)arg;
	while ((lane = plan_lane()) != NULL)
		serve(lane);
}
