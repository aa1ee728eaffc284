/* rate.c - a counter in two windows: the one that runs, and what the one before had */
#include "core/rate.h"

CONF_KEY(rate_max_counters) = {
	.name = "rate.max-counters",
	.type = CONF_INT,
	.def = "100000",
	.min = 100,
	.max = 10000000,
	.restart = true,
	.help = "addresses whose acts are counted at a time; the one seen longest ago makes room",
};

FACTS(rate) = {
	.name = "rate",
	.max = &conf_key_rate_max_counters,
	.state = FACTS_STATE,
};

enum { BEGAN, NOW, BEFORE }; /* numbers of a fact: when the window began, counts */

struct asking {
	unsigned n;
	const struct rate *rate;
	bool count;
};

/* Bring the window up to date. */
static void turn(struct fact *fact, int64_t now, int64_t span)
{
	int64_t passed = now - fact->n[BEGAN];

	if (fact->until == 0 || passed < 0 || passed >= 2 * span)
		*fact = (struct fact){ .n[BEGAN] = now };
	else if (passed >= span) {
		fact->n[BEGAN] += span;
		fact->n[BEFORE] = fact->n[NOW];
		fact->n[NOW] = 0;
	}
}

/* What counts of the window before: the part that the last span still covers. */
static int64_t left_of_before(const struct fact *fact, int64_t now, int64_t span)
{
	int64_t left = span - (now - fact->n[BEGAN]);

	return (int64_t)((double)fact->n[BEFORE] * (double)left / (double)span);
}

/* How long until there is room for so many. */
static int64_t wait_for(const struct fact *fact, int64_t now, int64_t span, int64_t room)
{
	int64_t end = fact->n[BEGAN] + span - now; /* of the window that runs */
	int64_t free = room - fact->n[NOW];	   /* that the window before must leave */

	if (free >= 0 && fact->n[BEFORE] > 0)
		return end - (int64_t)((double)free / (double)fact->n[BEFORE] * (double)span) + 1;
	if (room <= 0 || fact->n[NOW] == 0)
		return end + 1;
	return end + span - (int64_t)((double)room / (double)fact->n[NOW] * (double)span) + 1;
}

static int64_t ask(void *arg, struct fact *fact)
{
	const struct asking *a = arg;
	int64_t now = facts_now(), span = (int64_t)a->rate->span_ms;
	struct fact turned = *fact;

	turn(&turned, now, span);
	int64_t used = turned.n[NOW] + left_of_before(&turned, now, span);
	if (used + a->n > a->rate->max) {
		int64_t wait = wait_for(&turned, now, span, (int64_t)a->rate->max - a->n);
		return wait > 0 ? wait : 1;
	}
	if (!a->count)
		return 0;
	turned.n[NOW] += a->n;
	turned.until = turned.n[BEGAN] + 2 * span;
	*fact = turned;
	return 0;
}

uint64_t rate_take(const struct facts *facts, struct slice key, unsigned n, const struct rate *rate)
{
	struct asking a = { n, rate, true };

	return (uint64_t)facts_change(facts, key, ask, &a);
}

uint64_t rate_look(const struct facts *facts, struct slice key, unsigned n, const struct rate *rate)
{
	struct asking a = { n, rate, false };

	return (uint64_t)facts_change(facts, key, ask, &a);
}

uint64_t rate_count(const struct facts *facts, struct slice key, uint64_t span_ms)
{
	struct fact fact;

	if (!facts_get(facts, key, &fact))
		return 0;
	turn(&fact, facts_now(), (int64_t)span_ms);
	return (uint64_t)(fact.n[NOW] + left_of_before(&fact, facts_now(), (int64_t)span_ms));
}
