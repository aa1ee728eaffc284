/* alert.c - what an admin is told at once, and how often at most */
#include "storage/alert.h"

#include <pthread.h>
#include <time.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/log.h"
#include "storage/alert_private.h"
#include "storage/dir.h"
#include "storage/notice.h"

CONF_KEY(alert_interval) = {
	.name = "alert.interval",
	.type = CONF_DURATION,
	.def = "1h",
	.min = 0,
	.max = INT64_C(7) * 24 * 3600 * 1000,
	.help = "how long after an alert no other is mailed about the same thing",
};

CONF_KEY(alert_per_hour) = {
	.name = "alert.per-hour",
	.type = CONF_INT,
	.def = "20",
	.min = 1,
	.max = 10000,
	.help = "most alerts mailed in an hour, whatever they are about",
};

/* --- not too often --- */

enum { THINGS = 256, HOUR = 3600 };

/* What was told of when: by hash. Two things that share a place are told of more often. */
static struct {
	pthread_mutex_t lock;
	struct {
		uint64_t key;
		int64_t told;
		unsigned left_out;
	} things[THINGS];
	int64_t hour;
	unsigned in_hour;
} past = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t key_of(const struct alert *alert)
{
	return hash_bytes(slice_str(alert->what)) * 31 + hash_bytes(alert->about) + 1;
}

/* May it be mailed now? How many of it were not since the last one. */
static bool is_due(const struct alert *alert, unsigned *left_out)
{
	uint64_t key = key_of(alert);
	int64_t now = time(NULL), interval = conf_num(&conf_key_alert_interval) / 1000;
	bool due = false;

	pthread_mutex_lock(&past.lock);
	if (now - past.hour >= HOUR) {
		past.hour = now;
		past.in_hour = 0;
	}
	bool same = past.things[key % THINGS].key == key;
	if (same && now - past.things[key % THINGS].told < interval)
		past.things[key % THINGS].left_out++;
	else if (past.in_hour < (unsigned)conf_num(&conf_key_alert_per_hour)) {
		due = true;
		past.in_hour++;
		*left_out = same ? past.things[key % THINGS].left_out : 0;
		past.things[key % THINGS].key = key;
		past.things[key % THINGS].told = now;
		past.things[key % THINGS].left_out = 0;
	}
	pthread_mutex_unlock(&past.lock);
	return due;
}

/* --- telling --- */

struct telling {
	const struct alert *alert;
	struct buf text;
	unsigned asked; /* who is there at all */
};

static void tell(struct telling *t, struct slice address)
{
	struct err err = { 0 };

	int rc = notice_text(NULL, address, t->alert->subject, buf_slice(&t->text), &err);
	if (rc != 0)
		log_event(LOG_WARN, "alert-not-mailed", log_s("to", address),
		    log_z("reason", rc > 0 ? "nobody is there" : err.text));
}

static bool see_recipient(void *arg, const struct alert_recipient *recipient)
{
	struct telling *t = arg;

	t->asked++;
	if (recipient->severities & 1U << t->alert->severity &&
	    recipient->types & 1U << t->alert->type)
		tell(t, recipient->address);
	return true;
}

static void tell_postmaster(struct telling *t)
{
	struct pool pool = { 0 };
	struct dir_domain domain;

	if (dir_main_domain(&pool, &domain) == 1)
		tell(t, slice_str(pool_printf(&pool, "postmaster@%s", domain.name)));
	pool_done(&pool);
}

void alert_raise(const struct alert *alert)
{
	struct telling t = { .alert = alert };
	unsigned left_out = 0;
	bool mailed = is_due(alert, &left_out);

	log_event(LOG_WARN, "alert", log_z("severity", alert_severities[alert->severity]),
	    log_z("type", alert_types[alert->type]), log_z("what", alert->what),
	    log_s("about", alert->about), log_z("mailed", mailed ? "yes" : "no"));
	if (!mailed)
		return;
	buf_adds(&t.text, alert->text);
	if (left_out > 0)
		buf_printf(&t.text, "\nThe same happened %u times since the last alert about it.\n",
		    left_out);
	if (alert_each_recipient(see_recipient, &t) != 0)
		log_event(LOG_ERROR, "alert-recipients-unreadable");
	else if (t.asked == 0)
		tell_postmaster(&t);
	buf_done(&t.text);
}
