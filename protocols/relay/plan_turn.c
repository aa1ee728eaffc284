/* plan_turn.c - whose turn it is: a share of the connections for those who can be reached
 *
 * A lane asks for a worker by a ticket. A thousand destinations that let nobody in would
 * hold all threads for as long as a connection may take to fail, and again at each retry.
 * So those that failed last have half of the connections at most, and they together with
 * those that were never tried three quarters: the rest is for who is there. Within these
 * bounds the three kinds take turns, and within a kind its lanes. */
#include "core/conf.h"
#include "protocols/relay/plan_private.h"

CONF_KEY(relay_max_connections) = {
	.name = "relay.max-connections",
	.type = CONF_INT,
	.def = "100",
	.min = 1,
	.max = 1000,
	.help = "most connections to other servers at a time",
};

unsigned turn_max(void)
{
	return (unsigned)conf_num(&conf_key_relay_max_connections);
}

/* May a worker be given to a lane of that kind? */
static bool is_open(enum lane_kind kind)
{
	unsigned most = turn_max(), failed = plan.strange[LANE_FAILED];
	unsigned half = (most + 1) / 2, most_strange = most - most / 4;

	switch (kind) {
	case LANE_FAILED:
		return failed < half && failed + plan.strange[LANE_NEW] < most_strange;
	case LANE_NEW:
		return failed + plan.strange[LANE_NEW] < most_strange;
	default:
		return true;
	}
}

unsigned turn_waiting(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LANE_KINDS; i++)
		if (is_open((enum lane_kind)i))
			n += plan.turns[i].tickets;
	return n;
}

/* --- tickets --- */

static void enqueue(struct lane *lane, struct turn *turn)
{
	lane->next_queued = NULL;
	if (turn->first)
		*turn->last = lane;
	else
		turn->first = lane;
	turn->last = &lane->next_queued;
}

void turn_give(struct lane *lane)
{
	if (!lane->queued) {
		lane->queued = true;
		lane->queued_as = lane->kind;
		enqueue(lane, &plan.turns[lane->kind]);
	}
	lane->tickets++;
	plan.turns[lane->queued_as].tickets++;
}

/* Lanes with more than one ticket take turns, too. */
static struct lane *take_of(struct turn *turn)
{
	struct lane *lane = turn->first;

	turn->first = lane->next_queued;
	turn->tickets--;
	lane->queued = --lane->tickets > 0;
	if (lane->queued)
		enqueue(lane, turn);
	return lane;
}

struct lane *turn_take(void)
{
	for (unsigned i = 1; i <= LANE_KINDS; i++) {
		enum lane_kind kind = (enum lane_kind)((plan.turn + i) % LANE_KINDS);
		if (!plan.turns[kind].first || !is_open(kind))
			continue;
		struct lane *lane = take_of(&plan.turns[kind]);
		plan.turn = kind;
		if (lane->kind != LANE_ALIVE) {
			lane->strange++;
			plan.strange[lane->kind]++;
		}
		return lane;
	}
	return NULL;
}

/* --- what becomes of them --- */

void turn_reached(struct lane *lane, bool reached)
{
	enum lane_kind kind = reached ? LANE_ALIVE : LANE_FAILED;

	plan.strange[lane->kind] -= lane->strange;
	if (reached)
		lane->strange = 0;
	plan.strange[kind] += lane->strange;
	lane->kind = kind;
}

void turn_was_failing(struct lane *lane)
{
	if (lane->kind == LANE_NEW)
		turn_reached(lane, false);
}

void turn_leave(struct lane *lane)
{
	if (lane->strange == 0)
		return;
	lane->strange--;
	plan.strange[lane->kind]--;
}

bool plan_is_crowded(void)
{
	unsigned wait = 0;

	pthread_mutex_lock(&plan.lock);
	for (unsigned i = 0; i < LANE_KINDS; i++)
		wait += plan.turns[i].tickets;
	bool crowded = wait > turn_waiting() || (wait > plan.idle && plan.threads >= turn_max());
	pthread_mutex_unlock(&plan.lock);
	return crowded;
}
