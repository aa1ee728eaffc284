/* store_record.c - small records of other rooms, kept in the directory */
#include "storage/store.h"
#include "storage/store_record.h"

enum { VERSION = 1 };

static void make_key(struct buf *out, const char *room, struct slice key)
{
	buf_addz(out, room);
	buf_addc(out, '\0');
	buf_adds(out, key);
}

int store_record_get(const char *room, struct slice key, struct buf *value)
{
	struct buf full = { 0 };

	make_key(&full, room, key);
	int found = kv_get(dir_kv(DIR_TREE_RECORD), NULL, buf_slice(&full), value);
	if (found == 1 && value->n > 0)
		buf_drop(value, 1); /* version */
	buf_done(&full);
	return found;
}

static store_record_told *watcher;

void store_record_watch(store_record_told *told)
{
	watcher = told;
}

void store_record_tell(const char *room, struct slice key, struct slice value)
{
	if (watcher)
		watcher(room, key, value);
}

int store_record_write(struct kv_txn *txn, const char *room, struct slice key, struct slice value)
{
	struct kv *tree = dir_kv(DIR_TREE_RECORD);
	struct buf full = { 0 }, record = { 0 };

	make_key(&full, room, key);
	if (value.n > 0) {
		buf_addc(&record, VERSION);
		buf_adds(&record, value);
	}
	int rc = value.n > 0 ? kv_put(tree, txn, buf_slice(&full), buf_slice(&record))
			     : kv_del(tree, txn, buf_slice(&full));
	buf_done(&full);
	buf_wipe(&record);
	return rc;
}

int store_record_put(const char *room, struct slice key, struct slice value, struct err *err)
{
	return store_records_put(room, &(struct store_record){ key, value, false }, 1, err);
}

struct visit {
	size_t skip;
	bool (*visit)(void *arg, struct slice key, struct slice value);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct visit *visit = arg;

	return visit->visit(visit->arg, slice_from(key, visit->skip), slice_from(value, 1));
}

int store_record_each_from(const char *room, struct slice prefix, struct slice from,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct visit each = { strlen(room) + 1, visit, arg };
	struct buf full = { 0 }, first = { 0 };

	make_key(&full, room, prefix);
	if (from.n > 0)
		make_key(&first, room, from);
	int r =
	    kv_each(dir_kv(DIR_TREE_RECORD), NULL, buf_slice(&full), buf_slice(&first), see, &each);
	buf_done(&full);
	buf_done(&first);
	return r;
}

int store_record_each(const char *room, struct slice prefix,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg)
{
	return store_record_each_from(room, prefix, (struct slice){ 0 }, visit, arg);
}

/* --- several at once --- */

struct batch {
	struct dir_change change; /* first member */
	const char *room;
	const struct store_record *records;
	size_t n;
};

static int find_first(const struct batch *batch, struct kv_txn *txn, struct buf *key)
{
	struct buf value = { 0 };
	int found = 0;

	for (size_t i = 0; found == 0 && i < batch->n; i++) {
		if (!batch->records[i].first)
			continue;
		buf_clear(key);
		make_key(key, batch->room, batch->records[i].key);
		found = kv_get(dir_kv(DIR_TREE_RECORD), txn, buf_slice(key), &value);
	}
	buf_done(&value);
	return found;
}

static enum kv_result put_batch(struct dir_change *change, struct kv_txn *txn)
{
	const struct batch *batch = (const struct batch *)change;
	struct buf key = { 0 };
	int r = find_first(batch, txn, &key);
	enum kv_result result = dir_result(r);

	if (r == 1)
		result = dir_refuse(change, ERR_EXISTS, "it is there already");
	for (size_t i = 0; result == KV_DONE && i < batch->n; i++)
		result = dir_result(store_record_write(
		    txn, batch->room, batch->records[i].key, batch->records[i].value));
	buf_done(&key);
	return result;
}

int store_records_put(
    const char *room, const struct store_record *records, size_t n, struct err *err)
{
	struct batch batch = { .room = room, .records = records, .n = n };
	size_t taken = 0;

	while (taken < n && !records[taken].first &&
	    store_batch_takes(room, records[taken].key, records[taken].value))
		taken++;
	if (taken > 0)
		return taken == n ? 0 : err_set(err, ERR_TEMP, "it cannot be put with others");
	int r = dir_commit(&batch.change, put_batch, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		store_record_tell(room, records[i].key, records[i].value);
	dir_change_done(&batch.change);
	return r;
}

/* --- all rooms --- */

struct visit_all {
	bool (*visit)(void *arg, const char *room, struct slice key, struct slice value);
	void *arg;
};

static bool see_any(void *arg, struct slice key, struct slice value)
{
	const struct visit_all *visit = arg;
	ptrdiff_t end = slice_chr(key, '\0');

	return end < 0 ||
	    visit->visit(visit->arg, key.p, slice_from(key, (size_t)end + 1), slice_from(value, 1));
}

int store_record_each_room(
    bool (*visit)(void *arg, const char *room, struct slice key, struct slice value), void *arg)
{
	struct visit_all all = { visit, arg };
	struct slice none = { 0 };

	return kv_each(dir_kv(DIR_TREE_RECORD), NULL, none, none, see_any, &all);
}

/* --- swaps --- */

struct swapping {
	struct kv_write write; /* first member */
	const struct store_swap *swaps;
	size_t n;
};

static int swap_one(const struct store_swap *swap, struct kv_txn *txn)
{
	struct kv *tree = dir_kv(DIR_TREE_RECORD);
	struct buf key = { 0 }, value = { 0 };

	make_key(&key, swap->room, swap->key);
	int r = kv_get(tree, txn, buf_slice(&key), &value);
	if (r == 1 && slice_eq(slice_from(buf_slice(&value), 1), swap->old)) {
		buf_clear(&value);
		buf_addc(&value, VERSION);
		buf_adds(&value, swap->new);
		r = kv_put(tree, txn, buf_slice(&key), buf_slice(&value));
	}
	buf_done(&key);
	buf_wipe(&value);
	return r < 0 ? -1 : 0;
}

static enum kv_result swap_all(struct kv_write *write, struct kv_txn *txn)
{
	const struct swapping *s = (const struct swapping *)write;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = swap_one(&s->swaps[i], txn);
	return dir_result(r);
}

int store_record_swap(const struct store_swap *swaps, size_t n, struct err *err)
{
	struct swapping s = { .write.apply = swap_all, .swaps = swaps, .n = n };

	if (kv_write(dir_env(), &s.write) != KV_DONE)
		return err_set(err, ERR_TEMP, "the directory could not be changed");
	return 0;
}
