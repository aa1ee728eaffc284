/* body_dead.c - how much of each segment is dead, and which one is worth emptying
 *
 * What dies in the index is counted there, with the transaction. What was
 * appended and never linked (for a message that was then refused, or in vain
 * before a crash) is found now and then by counting what lives. */
#include <stdlib.h>

#include "storage/body_store.h"

/* All but the newest, which is never emptied. */
static size_t older_segments(struct body_store *bodies, struct segment **copies)
{
	size_t n = body_store_copy(bodies, copies);

	return n > 0 ? n - 1 : 0;
}

int segment_choose(struct body_store *bodies, unsigned percent, uint32_t *number)
{
	struct segment *segments;
	size_t n = older_segments(bodies, &segments);
	uint64_t most = 0;
	int r = 0;

	*number = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		uint64_t dead;
		r = segment_dead(bodies, NULL, segments[i].number, &dead);
		dead += segments[i].lost;
		if (r < 0 || segments[i].damaged || dead <= most ||
		    dead < segments[i].end / 100 * percent)
			continue;
		*number = segments[i].number;
		most = dead;
	}
	free(segments);
	return r;
}

struct tally {
	struct segment *segments;
	size_t n;
};

static int compare_number(const void *key, const void *segment)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct segment *)segment)->number;

	return (a > b) - (a < b);
}

static struct segment *tally_find(struct tally *tally, uint32_t number)
{
	return bsearch(
	    &number, tally->segments, tally->n, sizeof(*tally->segments), compare_number);
}

/* What lives takes from what is there. */
static bool take_living(void *arg, uint64_t id, unsigned refs, const struct body_place *place)
{
	struct segment *segment = tally_find(arg, place->segment);

	(void)id;
	(void)refs;
	if (segment)
		segment->end -= place->stored < segment->end ? place->stored : segment->end;
	return true;
}

static void set_lost(struct body_store *bodies, struct tally *tally)
{
	pthread_mutex_lock(&bodies->lock);
	for (size_t i = 0; i < bodies->n_segments; i++) {
		struct segment *counted = tally_find(tally, bodies->segments[i]->number);
		if (counted)
			bodies->segments[i]->lost = counted->end;
	}
	pthread_mutex_unlock(&bodies->lock);
}

int body_store_recount(struct body_store *bodies)
{
	struct tally tally = { 0 };
	uint64_t dead;

	tally.n = older_segments(bodies, &tally.segments);
	int r = body_store_each(bodies, take_living, &tally);
	for (size_t i = 0; i < tally.n && r == 0; i++) {
		struct segment *segment = &tally.segments[i];
		r = segment_dead(bodies, NULL, segment->number, &dead);
		dead += SEGMENT_HEADER;
		segment->end -= dead < segment->end ? dead : segment->end;
	}
	if (r == 0)
		set_lost(bodies, &tally);
	free(tally.segments);
	return r;
}
