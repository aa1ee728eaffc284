/* delay.c - LOGIN-DELAY (RFC 2449 §6.6): how soon a client may come again
 *
 * When an account was here last is kept in memory, in a table of fixed size:
 * what falls out of it may come at once. */
#include <pthread.h>

#include "core/conf.h"
#include "core/loop.h"
#include "protocols/pop/pop.h"

CONF_KEY(pop_login_delay) = {
	.name = "pop.login-delay",
	.type = CONF_DURATION,
	.scopes = CONF_SERVER | CONF_DOMAIN | CONF_ACCOUNT,
	.def = "0s",
	.max = 24 * 3600 * 1000,
	.help = "how long a POP3 client has to wait between two logins to an account",
};

enum { SLOTS = 65536 };

static struct {
	pthread_mutex_t lock;
	struct {
		uint64_t account, when;
	} slots[SLOTS];
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t delay_of(const struct auth_account *who)
{
	const char *at = strrchr(who->name, '@');
	const struct conf_at place = { .domain = at ? at + 1 : NULL, .account = who->name };

	return (uint64_t)conf_num_at(&conf_key_pop_login_delay, &place);
}

bool pop_too_soon(const struct auth_account *who)
{
	uint64_t delay = delay_of(who), now = loop_now();
	size_t i = who->id % SLOTS;

	if (delay == 0)
		return false;
	pthread_mutex_lock(&seen.lock);
	bool soon = seen.slots[i].account == who->id && now - seen.slots[i].when < delay;
	if (!soon) {
		seen.slots[i].account = who->id;
		seen.slots[i].when = now;
	}
	pthread_mutex_unlock(&seen.lock);
	return soon;
}

/* Before the login it is the server's, and may be another for the user. */
void pop_put_delay(struct pop *pop, struct buf *out)
{
	int64_t seconds = (conf_num(&conf_key_pop_login_delay) + 999) / 1000;

	if (seconds > 0)
		buf_printf(out, "LOGIN-DELAY %lld%s\r\n", (long long)seconds,
		    pop->state == POP_AUTHORIZATION ? " USER" : "");
}
