/* store_record.c - small records of other rooms, kept in the directory */
#include "storage/dir_private.h"
#include "storage/store.h"

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

static enum kv_result put(struct dir_change *change, struct kv_txn *txn)
{
	struct kv *tree = dir_kv(DIR_TREE_RECORD);
	int r = change->value.n ? kv_put(tree, txn, change->key, change->value)
				: kv_del(tree, txn, change->key);

	return dir_result(r);
}

int store_record_put(const char *room, struct slice key, struct slice value, struct err *err)
{
	struct dir_change change = { 0 };
	struct buf full = { 0 }, record = { 0 };

	make_key(&full, room, key);
	if (value.n > 0) {
		buf_addc(&record, VERSION);
		buf_adds(&record, value);
	}
	change.key = buf_slice(&full);
	change.value = buf_slice(&record);
	int r = dir_commit(&change, put, err);
	dir_change_done(&change);
	buf_done(&full);
	buf_wipe(&record);
	return r;
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

int store_record_each(const char *room, struct slice prefix,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct visit each = { strlen(room) + 1, visit, arg };
	struct buf full = { 0 };

	make_key(&full, room, prefix);
	int r = kv_each(
	    dir_kv(DIR_TREE_RECORD), NULL, buf_slice(&full), (struct slice){ 0 }, see, &each);
	buf_done(&full);
	return r;
}
