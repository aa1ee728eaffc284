/* kv_ahead.c - reads of records whose keys mostly rise: with one of them those behind it are read
 */
#include "storage/kv_ahead.h"

enum {
	ROOM = 14 * 1024, /* of records: what one call of the database brings */
	FIRST_ALONE = 2,  /* reads before anything is read ahead */
	PART = 4,	  /* if fewer than one of so many is asked for, it does not pay */
	THEN_ALONE = 32,
};

/* Before the key and the value of a record. */
struct lengths {
	uint32_t key, value;
};

static bool keep(void *arg, struct slice key, struct slice value)
{
	struct kv_ahead *ahead = arg;
	struct lengths lengths = { (uint32_t)key.n, (uint32_t)value.n };

	buf_add(&ahead->records, &lengths, sizeof(lengths));
	buf_adds(&ahead->records, key);
	buf_adds(&ahead->records, value);
	ahead->held++;
	return ahead->records.n < ROOM;
}

static int fill(struct kv_ahead *ahead, struct kv *kv, struct slice key)
{
	buf_clear(&ahead->records);
	ahead->at = ahead->held = ahead->found = 0;
	return kv_each(kv, NULL, (struct slice){ 0 }, key, keep, ahead);
}

/* Among what was read. Records before it are passed over for good. */
static bool find(struct kv_ahead *ahead, struct slice key, struct slice *value)
{
	struct lengths lengths;

	while (ahead->at < ahead->records.n) {
		const char *p = ahead->records.p + ahead->at;

		memcpy(&lengths, p, sizeof(lengths));
		p += sizeof(lengths);
		int order = slice_cmp(slice_of(p, lengths.key), key);
		if (order > 0)
			return false;
		ahead->at += sizeof(lengths) + lengths.key + lengths.value;
		if (order == 0) {
			*value = slice_of(p + lengths.key, lengths.value);
			ahead->found++;
			return true;
		}
	}
	return false;
}

static bool pays(struct kv_ahead *ahead)
{
	if (++ahead->asked <= FIRST_ALONE)
		return false;
	if (ahead->alone > 0) {
		ahead->alone--;
		return false;
	}
	if (ahead->found * PART < ahead->held) {
		ahead->alone = THEN_ALONE;
		ahead->held = 0;
		return false;
	}
	return true;
}

int kv_ahead_get(struct kv_ahead *ahead, struct kv *kv, struct slice key, struct slice *value)
{
	if (find(ahead, key, value))
		return 1;
	if (pays(ahead))
		return fill(ahead, kv, key) < 0 ? -1 : find(ahead, key, value);
	int found = kv_get(kv, NULL, key, &ahead->value);
	*value = buf_slice(&ahead->value);
	return found;
}

void kv_ahead_done(struct kv_ahead *ahead)
{
	buf_done(&ahead->records);
	buf_done(&ahead->value);
}
