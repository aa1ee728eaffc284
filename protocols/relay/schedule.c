/* schedule.c - when to try again, when to give up (RFC 5321 4.5.4.1) */
#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "protocols/relay/job.h"

static const char default_intervals[] = "2m 5m 15m 30m 1h 2h 4h";

CONF_KEY(relay_retry) = {
	.name = "relay.retry",
	.type = CONF_TEXT,
	.def = default_intervals,
	.help =
	    "times between attempts to deliver, growing; the last one is used until relay.lifetime",
};

CONF_KEY(relay_lifetime) = {
	.name = "relay.lifetime",
	.type = CONF_DURATION,
	.def = "5d",
	.min = 1000,
	.max = INT64_C(60) * 24 * 3600 * 1000,
	.help = "how long delivery is tried before the message goes back to its sender",
};

CONF_KEY(relay_warn_after) = {
	.name = "relay.warn-after",
	.type = CONF_DURATION,
	.def = "4h",
	.max = INT64_C(60) * 24 * 3600 * 1000,
	.help = "how long delivery may take until the sender is told of the delay; 0: never",
};

enum { DAY_MS = 24 * 3600 * 1000, DOWN_SECONDS = 60 };

static int64_t seconds_of(int64_t ms)
{
	return ms < 1000 ? 1 : ms / 1000;
}

/* The nth, or the last one; 0: malformed. */
static int64_t nth_interval(struct slice text, unsigned nth)
{
	int64_t ms = 0;
	struct slice word;

	for (unsigned i = 0; i <= nth && (word = slice_word(&text)).n > 0; i++)
		if (!num_duration(word, DAY_MS, &ms) || ms <= 0)
			return 0;
	return ms;
}

static int64_t interval(unsigned nth)
{
	struct buf text = { 0 };

	conf_text(&conf_key_relay_retry, NULL, &text);
	int64_t ms = nth_interval(buf_slice(&text), nth);
	if (ms == 0) {
		log_event(LOG_WARN, "setting-malformed", log_z("name", conf_key_relay_retry.name));
		ms = nth_interval(slice_str(default_intervals), nth);
	}
	buf_done(&text);
	return seconds_of(ms);
}

int64_t schedule_next(unsigned attempts, int64_t now)
{
	return now + interval(attempts > 0 ? attempts - 1 : 0);
}

bool schedule_is_over(int64_t queued, int64_t next)
{
	return next > queued + seconds_of(conf_num(&conf_key_relay_lifetime));
}

bool schedule_warns(int64_t queued, int64_t now)
{
	int64_t ms = conf_num(&conf_key_relay_warn_after);

	return ms > 0 && now >= queued + seconds_of(ms);
}

int64_t schedule_down(int64_t now)
{
	int64_t first = interval(0);

	return now + (first < DOWN_SECONDS ? first : DOWN_SECONDS);
}
