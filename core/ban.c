/* ban.c - offences are counted (core/rate.h), and what is too much is a ban (core/facts.h)
 *
 * The key of a ban is its network. To find a peer's, the network of each length that
 * any ban has is looked up: usually two, of IPv4 and of IPv6. */
#include "core/ban.h"

#include "core/log.h"
#include "core/metric.h"
#include "core/rate.h"

enum { PEER_BITS_4 = 32, PEER_BITS_6 = 64, KEY = 1 + NET_IP, TIMES_MAX = 20 };
enum { SINCE, WHY }; /* numbers of a ban */
enum { TIMES };	     /* of a former one */

const char *const ban_words[] = {
	[BAN_LOGIN] = "logins",
	[BAN_RECIPIENT] = "recipients",
	[BAN_NONSENSE] = "nonsense",
	[BAN_BY_ADMIN] = "admin",
	NULL, /* they are a metric's values */
};

CONF_KEY(ban_after_logins) = {
	.name = "ban.after-failed-logins",
	.type = CONF_INT,
	.def = "20",
	.max = 100000,
	.help = "wrong passwords within ban.window for which an address is banned; 0: never",
};

CONF_KEY(ban_after_recipients) = {
	.name = "ban.after-unknown-recipients",
	.type = CONF_INT,
	.def = "50",
	.max = 100000,
	.help = "recipients that are not there, within ban.window, for which an address is banned; "
		"0: never",
};

CONF_KEY(ban_after_nonsense) = {
	.name = "ban.after-bad-connections",
	.type = CONF_INT,
	.def = "10",
	.max = 100000,
	.help = "connections ended for malformed commands, within ban.window, for which an address "
		"is banned; 0: never",
};

CONF_KEY(ban_window) = {
	.name = "ban.window",
	.type = CONF_DURATION,
	.def = "10m",
	.min = 1000,
	.max = 86400000,
	.help = "time in which the offences are counted that lead to a ban",
};

CONF_KEY(ban_time) = {
	.name = "ban.time",
	.type = CONF_DURATION,
	.def = "15m",
	.min = 1000,
	.max = INT64_C(31536000000),
	.help = "how long a first ban lasts; each further one of the same address is twice as long",
};

CONF_KEY(ban_time_max) = {
	.name = "ban.time-max",
	.type = CONF_DURATION,
	.def = "7d",
	.min = 1000,
	.max = INT64_C(31536000000),
	.help = "longest ban, and how long a former ban is remembered",
};

CONF_KEY(ban_trusted) = {
	.name = "ban.trusted",
	.type = CONF_TEXT,
	.def = "127.0.0.0/8 ::1",
	.help = "addresses and networks that are never banned, parted by blanks",
	.check = nets_check,
};

CONF_KEY(ban_max) = {
	.name = "ban.max",
	.type = CONF_INT,
	.def = "100000",
	.min = 10,
	.max = 10000000,
	.restart = true,
	.help = "bans that are kept at a time; the one met longest ago makes room",
};

METRIC(banned_connections) = {
	.name = "signet_banned_connections_total",
	.type = METRIC_COUNTER,
	.help = "connections refused because their address is banned",
	.cells = METRIC_CELLS(1),
};

METRIC(bans) = {
	.name = "signet_bans_total",
	.type = METRIC_COUNTER,
	.help = "bans that were begun",
	.label = "why",
	.values = ban_words,
	.cells = METRIC_CELLS(BAN_OFFENCES + 1),
};

/* --- keys --- */

static struct slice key_of(const struct net *net, unsigned char out[KEY])
{
	out[0] = net->bits;
	memcpy(out + 1, net->ip, NET_IP);
	return slice_of(out, KEY);
}

static bool net_of_key(struct slice key, struct net *out)
{
	if (key.n != KEY)
		return false;
	out->bits = (uint8_t)key.p[0];
	memcpy(out->ip, key.p + 1, NET_IP);
	return true;
}

static void log_ban(const char *event, const struct net *net, enum ban_offence why, int64_t seconds)
{
	struct buf text = { 0 };

	net_text(net, &text);
	log_event(LOG_WARN, event, log_s("address", buf_slice(&text)), log_z("why", ban_words[why]),
	    log_n("seconds", seconds));
	buf_done(&text);
}

static void over(struct slice key, const struct fact *fact)
{
	struct net net;

	if (net_of_key(key, &net) && fact->n[WHY] >= 0 && fact->n[WHY] <= BAN_BY_ADMIN)
		log_ban("ban-ended", &net, (enum ban_offence)fact->n[WHY],
		    (fact->until - fact->n[SINCE]) / 1000);
}

FACTS(ban) = {
	.name = "ban",
	.max = &conf_key_ban_max,
	.kept = true,
	.state = FACTS_STATE,
	.over = over,
};

/* How often an address was banned, for longer than the ban itself. */
FACTS(ban_former) = {
	.name = "ban-former",
	.max = &conf_key_ban_max,
	.kept = true,
	.state = FACTS_STATE,
};

/* --- is he banned? --- */

/* The lengths that bans have: a bit for each of 0 to 128. It is never taken back: a
   length that is no more in use costs a lookup. */
static _Atomic uint64_t lengths[3];

static void note_length(unsigned bits)
{
	atomic_fetch_or(&lengths[bits / 64], UINT64_C(1) << bits % 64);
}

static bool note_stored(void *arg, struct slice key, const struct fact *fact)
{
	struct net net;

	(void)arg;
	(void)fact;
	if (net_of_key(key, &net) && net.bits <= 8 * NET_IP)
		note_length(net.bits);
	return true;
}

/* Those of the last run were read by the store, which tells nobody. */
static void note_all(void)
{
	facts_each(&facts_ban, note_stored, NULL);
}

static void note_all_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, note_all);
}

static bool has_length(const struct net *one, unsigned bits)
{
	unsigned char key[KEY];
	struct net net = *one;
	struct fact fact;

	if (!(atomic_load(&lengths[bits / 64]) & UINT64_C(1) << bits % 64))
		return false;
	net_cut(&net, bits);
	return facts_get(&facts_ban, key_of(&net, key), &fact);
}

bool ban_has(const struct sockaddr *peer)
{
	struct net one;

	if (!facts_any(&facts_ban) || !net_of(peer, &one))
		return false;
	note_all_once();
	for (unsigned bits = 0; bits <= 8 * NET_IP; bits++)
		if (has_length(&one, bits))
			return !ban_is_trusted(peer);
	return false;
}

bool ban_refuses(const struct sockaddr *peer)
{
	if (!ban_has(peer))
		return false;
	metric_add(&metric_banned_connections, 0, 1);
	return true;
}

bool ban_is_trusted(const struct sockaddr *peer)
{
	struct buf list = { 0 };

	conf_text(&conf_key_ban_trusted, NULL, &list);
	bool trusted = nets_have(buf_slice(&list), peer);
	buf_done(&list);
	return trusted;
}

/* --- begin and end --- */

void ban_add(const struct net *net, uint64_t ms, enum ban_offence why)
{
	unsigned char key[KEY];
	int64_t now = facts_now();
	struct fact fact = { .until = now + (int64_t)ms, .n = { [SINCE] = now, [WHY] = why } };

	note_length(net->bits);
	facts_put(&facts_ban, key_of(net, key), &fact);
	metric_add(&metric_bans, why, 1);
	log_ban("ban-begun", net, why, (int64_t)ms / 1000);
}

bool ban_remove(const struct net *net)
{
	unsigned char key[KEY];
	struct slice k = key_of(net, key);
	struct fact fact;
	bool was = facts_get(&facts_ban, k, &fact);

	facts_forget(&facts_ban, k);
	facts_forget(&facts_ban_former, k);
	if (was)
		log_ban("ban-removed", net, BAN_BY_ADMIN, (facts_now() - fact.n[SINCE]) / 1000);
	return was;
}

struct visit {
	void (*visit)(void *arg, const struct ban *ban);
	void *arg;
};

static bool see(void *arg, struct slice key, const struct fact *fact)
{
	const struct visit *v = arg;
	struct ban ban = { .since = fact->n[SINCE], .until = fact->until, .why = BAN_BY_ADMIN };

	if (!net_of_key(key, &ban.net))
		return true;
	if (fact->n[WHY] >= 0 && fact->n[WHY] < BAN_OFFENCES)
		ban.why = (enum ban_offence)fact->n[WHY];
	v->visit(v->arg, &ban);
	return true;
}

void ban_each(void (*visit)(void *arg, const struct ban *ban), void *arg)
{
	facts_each(&facts_ban, see, &(struct visit){ visit, arg });
}

/* --- offences --- */

/* One ban more: how many there were before. Remembered for the longest time. */
static int64_t count_ban(void *arg, struct fact *fact)
{
	int64_t before = fact->n[TIMES];

	(void)arg;
	if (before < TIMES_MAX)
		fact->n[TIMES]++;
	fact->until = facts_now() + 2 * conf_num(&conf_key_ban_time_max);
	return before;
}

static void ban_offender(const struct net *net, enum ban_offence what)
{
	unsigned char key[KEY];
	int64_t max = conf_num(&conf_key_ban_time_max), ms = conf_num(&conf_key_ban_time);

	for (int64_t n = facts_change(&facts_ban_former, key_of(net, key), count_ban, NULL);
	     n > 0 && ms < max; n--)
		ms *= 2;
	ban_add(net, (uint64_t)(ms < max ? ms : max), what);
}

static const struct conf_key *const bounds[BAN_OFFENCES] = {
	[BAN_LOGIN] = &conf_key_ban_after_logins,
	[BAN_RECIPIENT] = &conf_key_ban_after_recipients,
	[BAN_NONSENSE] = &conf_key_ban_after_nonsense,
};

void ban_offence(const struct sockaddr *peer, enum ban_offence what)
{
	struct rate rate = { .span_ms = (uint64_t)conf_num(&conf_key_ban_window) };
	unsigned most = (unsigned)conf_num(bounds[what]);
	unsigned char key[4 + KEY] = { 'b', 'a', 'n', (unsigned char)what };
	struct net net;

	if (most == 0 || !net_of_peer(peer, PEER_BITS_4, PEER_BITS_6, &net))
		return;
	rate.max = most - 1;
	key_of(&net, key + 4);
	if (rate_take(&facts_rate, slice_of(key, sizeof(key)), 1, &rate) == 0)
		return;
	facts_forget(&facts_rate, slice_of(key, sizeof(key)));
	if (!ban_is_trusted(peer) && !ban_has(peer))
		ban_offender(&net, what);
}
