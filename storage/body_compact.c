/* body_compact.c - empty mostly dead segments, so that their bytes come back
 *
 * What still lives in a segment is copied behind the newest one, a bounded lot
 * at a time, each lot an ordinary write, so nothing waits for it. First the
 * segment is closed for new links, within a write: every body that was linked
 * before is in the index then, and none comes after. Readers keep the file
 * open as long as they read. */
#include <stdlib.h>

#include "core/log.h"
#include "core/num.h"
#include "storage/body_store.h"

enum { LOT_BODIES = 64, LOT_BYTES = 4 << 20 };

/* --- a write that closes it for links --- */

struct closing {
	struct kv_write write; /* first member */
	struct body_store *bodies;
	struct segment *segment;
};

static void set_draining(struct body_store *bodies, struct segment *segment, bool on)
{
	pthread_mutex_lock(&bodies->lock);
	segment->draining = on;
	pthread_mutex_unlock(&bodies->lock);
}

static enum kv_result close_for_links(struct kv_write *w, struct kv_txn *txn)
{
	struct closing *closing = (struct closing *)w;

	(void)txn;
	set_draining(closing->bodies, closing->segment, true);
	return KV_DONE;
}

/* --- what lives in it --- */

struct living {
	uint64_t *ids;
	size_t n, room;
	uint32_t segment;
};

static void add_living(struct living *living, uint64_t id)
{
	if (living->n == living->room) {
		living->room = living->room ? living->room * 2 : 1024;
		living->ids = mem_resize(living->ids, living->room * sizeof(*living->ids));
	}
	living->ids[living->n++] = id;
}

static bool see_native(void *arg, struct slice key, struct slice value)
{
	struct living *living = arg;
	struct index_entry entry;

	if (index_read(key, value, &entry) && entry.place.segment == living->segment)
		add_living(living, entry.place.id);
	return true;
}

static bool see_adopted(void *arg, struct slice key, struct slice value)
{
	(void)value;
	if (key.n == 12)
		add_living(arg, num_get64((const unsigned char *)key.p + 4));
	return true;
}

static int find_living(struct body_store *bodies, struct living *living)
{
	unsigned char number[4];

	num_put32(number, living->segment);
	if (kv_each(bodies->body, NULL, slice_of(number, 4), SLICE(""), see_native, living) < 0)
		return -1;
	return kv_each(bodies->segment, NULL, slice_of(number, 4), SLICE(""), see_adopted, living);
}

/* --- moving a lot of them --- */

struct lot {
	struct kv_write write; /* first member */
	struct body_store *bodies;
	struct segment *from;
	struct body_place to[LOT_BODIES];
	size_t n;
	uint64_t bytes;
};

static int move_one(
    struct body_store *bodies, struct kv_txn *txn, uint32_t from, const struct body_place *to)
{
	struct index_entry entry;
	int found = index_get(bodies, txn, to->id, &entry);

	if (found < 0)
		return -1;
	if (!found || entry.place.segment != from) /* died meanwhile: so did its copy */
		return segment_bury(bodies, txn, to);
	if (segment_bury(bodies, txn, &entry.place) < 0)
		return -1;
	entry.place = *to;
	if (segment_adopt(bodies, txn, to) < 0)
		return -1;
	return index_put(bodies, txn, &entry);
}

static enum kv_result move_lot(struct kv_write *w, struct kv_txn *txn)
{
	struct lot *lot = (struct lot *)w;

	for (size_t i = 0; i < lot->n; i++)
		if (move_one(lot->bodies, txn, lot->from->number, &lot->to[i]) < 0)
			return KV_FAILED;
	return KV_DONE;
}

static int finish_lot(struct lot *lot, struct err *err)
{
	lot->write = (struct kv_write){ .apply = move_lot };
	if (lot->n > 0 && kv_write(lot->bodies->env, &lot->write) != KV_DONE)
		return err_set(err, ERR_TEMP, "bodies could not be moved");
	lot->n = 0;
	lot->bytes = 0;
	return 0;
}

static void mark_damaged(struct body_store *bodies, struct segment *segment)
{
	pthread_mutex_lock(&bodies->lock);
	segment->damaged = true;
	pthread_mutex_unlock(&bodies->lock);
}

static int copy_one(struct lot *lot, struct body *body, struct err *err)
{
	struct body_place *to = &lot->to[lot->n];
	struct slice whole;

	if (body_map(body, &whole, err) < 0) {
		mark_damaged(lot->bodies, lot->from);
		return -1;
	}
	if (body_append_as(lot->bodies, body_id(body), &whole, 1, to, err) < 0)
		return -1;
	lot->bytes += to->stored;
	lot->n++;
	return 0;
}

static int open_and_copy(struct lot *lot, uint64_t id, struct err *err)
{
	struct body *body;
	int r = body_open(lot->bodies, id, &body, err);

	if (r == 0) /* died meanwhile */
		return 0;
	if (r < 0) {
		mark_damaged(lot->bodies, lot->from);
		return -1;
	}
	r = copy_one(lot, body, err);
	body_close(&body);
	return r;
}

static int move_all(
    struct body_store *bodies, struct segment *from, const struct living *living, struct err *err)
{
	struct lot *lot = mem_get(sizeof(*lot));
	int r = 0;

	lot->bodies = bodies;
	lot->from = from;
	for (size_t i = 0; i < living->n && r == 0; i++) {
		r = open_and_copy(lot, living->ids[i], err);
		if (r == 0 && (lot->n == LOT_BODIES || lot->bytes >= LOT_BYTES))
			r = finish_lot(lot, err);
	}
	if (r == 0)
		r = finish_lot(lot, err);
	free(lot);
	return r;
}

/* --- the end of it --- */

struct ending {
	struct kv_write write; /* first member */
	struct body_store *bodies;
	uint32_t number;
};

static enum kv_result forget_segment(struct kv_write *w, struct kv_txn *txn)
{
	struct ending *ending = (struct ending *)w;
	unsigned char key[4];

	num_put32(key, ending->number);
	return kv_del(ending->bodies->segment, txn, slice_of(key, 4)) < 0 ? KV_FAILED : KV_DONE;
}

static int empty_segment(struct body_store *bodies, struct segment *segment, struct err *err)
{
	struct closing closing = {
		.write = { .apply = close_for_links }, .bodies = bodies, .segment = segment
	};
	struct living living = { .segment = segment->number };
	int r = -1;

	if (kv_write(bodies->env, &closing.write) != KV_DONE)
		err_set(err, ERR_TEMP, "segment %08x cannot be closed", (unsigned)segment->number);
	else if (find_living(bodies, &living) < 0)
		err_set(err, ERR_TEMP, "the index of bodies cannot be read");
	else
		r = move_all(bodies, segment, &living, err);
	free(living.ids);
	if (r < 0)
		set_draining(bodies, segment, false);
	return r;
}

/* First the file: a crash between the two leaves a record without a segment,
   not a segment of which nobody knows that it is dead. */
static void remove_segment(struct body_store *bodies, struct segment *segment)
{
	struct ending ending = {
		.write = { .apply = forget_segment }, .bodies = bodies, .number = segment->number
	};

	segment_forget(bodies, segment);
	kv_write(bodies->env, &ending.write);
}

static int compact(struct body_store *bodies, uint32_t number, struct err *err)
{
	struct segment *segment = segment_use(bodies, number, err);

	if (!segment)
		return -1;
	int r = empty_segment(bodies, segment, err);
	if (r == 0)
		remove_segment(bodies, segment);
	log_event(r < 0 ? LOG_ERROR : LOG_INFO, r < 0 ? "segment-kept" : "segment-emptied",
	    log_n("segment", number));
	segment_leave(bodies, segment);
	return r < 0 ? -1 : 1;
}

int body_compact(struct body_store *bodies, unsigned percent, struct err *err)
{
	uint32_t number;
	int r;

	pthread_mutex_lock(&bodies->compaction);
	r = segment_choose(bodies, percent, &number);
	if (r < 0)
		err_set(err, ERR_TEMP, "the index of bodies cannot be read");
	else if (number)
		r = compact(bodies, number, err);
	pthread_mutex_unlock(&bodies->compaction);
	return r;
}
