/* relay.c - start and end of the delivery to other servers */
#include "protocols/relay/relay.h"

#include "core/client.h"
#include "core/dns.h"
#include "core/log.h"
#include "protocols/relay/job.h"
#include "protocols/relay/plan.h"
#include "protocols/relay/relay_private.h"
#include "storage/queue_heard.h"

int relay_start(const struct relay_sealer *sealer, struct err *err)
{
	relay_login_start(sealer);
	queue_heard_start(job_recovered);
	return plan_start(err);
}

void relay_drain(uint64_t ms)
{
	if (!plan_drain(ms))
		log_event(LOG_INFO, "relay-cut-off");
	clients_abort();
}

void relay_free(void)
{
	plan_free();
	queue_heard_end();
	dns_stop();
}
