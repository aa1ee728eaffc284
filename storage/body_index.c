/* body_index.c - where bodies lie, and how many messages use each
 *
 *	tree body     id 8 -> version 1, users 4, segment 4, offset 8, size 8, stored 8
 *	tree segment  number 4 -> version 1, dead bytes 8
 *	              number 4, id 8 -> version 1: lives here, was born elsewhere
 *
 * A body's id begins with the number of the segment where it was born, so what
 * lives in a segment is found by two short walks. */
#include "storage/body_store.h"

#include "core/log.h"
#include "core/num.h"

enum { VERSION = 1, BODY_KEY = 8, BODY_RECORD = 33, SEGMENT_RECORD = 9 };

bool index_read(struct slice key, struct slice value, struct index_entry *out)
{
	const unsigned char *v = (const unsigned char *)value.p;

	if (key.n != BODY_KEY || value.n != BODY_RECORD || v[0] != VERSION)
		return false;
	*out = (struct index_entry){ .refs = num_get32(v + 1),
		.place = { .id = num_get64((const unsigned char *)key.p),
		    .segment = num_get32(v + 5),
		    .offset = num_get64(v + 9),
		    .size = num_get64(v + 17),
		    .stored = num_get64(v + 25) } };
	return true;
}

int index_get(struct body_store *bodies, struct kv_txn *txn, uint64_t id, struct index_entry *out)
{
	unsigned char key[BODY_KEY];
	struct buf value = { 0 };

	num_put64(key, id);
	int found = kv_get(bodies->body, txn, slice_of(key, sizeof(key)), &value);
	if (found == 1 && !index_read(slice_of(key, sizeof(key)), buf_slice(&value), out)) {
		log_event(LOG_ERROR, "body-index-damaged", log_n("body", (int64_t)id));
		found = -1;
	}
	buf_done(&value);
	return found;
}

int index_last(struct body_store *bodies, struct index_entry *out)
{
	struct buf key = { 0 }, value = { 0 };
	int found = kv_last(bodies->body, NULL, (struct slice){ 0 }, &key, &value);

	if (found == 1 && !index_read(buf_slice(&key), buf_slice(&value), out))
		found = -1;
	buf_done(&key);
	buf_done(&value);
	return found;
}

int index_put(struct body_store *bodies, struct kv_txn *txn, const struct index_entry *entry)
{
	unsigned char key[BODY_KEY], v[BODY_RECORD] = { VERSION };

	num_put64(key, entry->place.id);
	num_put32(v + 1, entry->refs);
	num_put32(v + 5, entry->place.segment);
	num_put64(v + 9, entry->place.offset);
	num_put64(v + 17, entry->place.size);
	num_put64(v + 25, entry->place.stored);
	return kv_put(bodies->body, txn, slice_of(key, sizeof(key)), slice_of(v, sizeof(v)));
}

static bool is_adopted(const struct body_place *place)
{
	return place->id >> 32 != place->segment;
}

static struct slice adopted_key(unsigned char key[12], const struct body_place *place)
{
	num_put32(key, place->segment);
	num_put64(key + 4, place->id);
	return slice_of(key, 12);
}

int segment_adopt(struct body_store *bodies, struct kv_txn *txn, const struct body_place *place)
{
	unsigned char key[12], v[1] = { VERSION };

	return is_adopted(place)
	    ? kv_put(bodies->segment, txn, adopted_key(key, place), slice_of(v, 1))
	    : 0;
}

int segment_dead(struct body_store *bodies, struct kv_txn *txn, uint32_t number, uint64_t *dead)
{
	unsigned char key[4];
	struct buf value = { 0 };

	*dead = 0;
	num_put32(key, number);
	int found = kv_get(bodies->segment, txn, slice_of(key, sizeof(key)), &value);
	if (found == 1 && value.n == SEGMENT_RECORD)
		*dead = num_get64((const unsigned char *)value.p + 1);
	buf_done(&value);
	return found < 0 ? -1 : 0;
}

int segment_bury(struct body_store *bodies, struct kv_txn *txn, const struct body_place *place)
{
	unsigned char key[12], v[SEGMENT_RECORD] = { VERSION };
	struct slice adopted = adopted_key(key, place);
	uint64_t dead;

	if (is_adopted(place) && kv_del(bodies->segment, txn, adopted) < 0)
		return -1;
	if (segment_dead(bodies, txn, place->segment, &dead) < 0)
		return -1;
	num_put64(v + 1, dead + place->stored);
	return kv_put(bodies->segment, txn, slice_head(adopted, 4), slice_of(v, sizeof(v)));
}

int body_link(
    struct body_store *bodies, struct kv_txn *txn, const struct body_place *place, unsigned refs)
{
	struct index_entry entry = { .refs = refs, .place = *place };

	/* Only when an append waited for its link while its segment was filled,
	   emptied by others and chosen for removal. */
	if (!segment_takes_links(bodies, place->segment)) {
		log_event(LOG_WARN, "body-too-late", log_n("body", (int64_t)place->id));
		return -1;
	}
	return index_put(bodies, txn, &entry);
}

static int forget(struct body_store *bodies, struct kv_txn *txn, const struct body_place *place)
{
	unsigned char key[BODY_KEY];

	num_put64(key, place->id);
	if (kv_del(bodies->body, txn, slice_of(key, sizeof(key))) < 0)
		return -1;
	return segment_bury(bodies, txn, place);
}

int body_change(struct body_store *bodies, struct kv_txn *txn, uint64_t id, int by)
{
	struct index_entry entry;
	int found = index_get(bodies, txn, id, &entry);

	if (found < 0)
		return -1;
	if (!found) {
		/* Whoever lets go of it must not fail for that. */
		log_event(LOG_ERROR, "body-absent", log_n("body", (int64_t)id), log_n("by", by));
		return by < 0 ? 0 : -1;
	}
	if (by < 0 && entry.refs <= (unsigned)-by)
		return forget(bodies, txn, &entry.place);
	entry.refs += (unsigned)by;
	return index_put(bodies, txn, &entry);
}

struct index_walk {
	bool (*visit)(void *arg, uint64_t id, unsigned refs, const struct body_place *place);
	void *arg;
};

static bool walk_index(void *arg, struct slice key, struct slice value)
{
	const struct index_walk *walk = arg;
	struct index_entry entry;

	if (!index_read(key, value, &entry)) {
		log_event(LOG_ERROR, "body-index-damaged", log_n("key-bytes", (int64_t)key.n));
		return true;
	}
	return walk->visit(walk->arg, entry.place.id, entry.refs, &entry.place);
}

int body_store_each(struct body_store *bodies,
    bool (*visit)(void *arg, uint64_t id, unsigned refs, const struct body_place *place), void *arg)
{
	struct index_walk walk = { visit, arg };

	return kv_each(bodies->body, NULL, SLICE(""), SLICE(""), walk_index, &walk);
}
