/* dir_alias.c - aliases: addresses that stand for others */
#include "storage/dir_private.h"

enum { TARGETS_MAX = 1000 };

static enum kv_result add(struct dir_change *change, struct kv_txn *txn)
{
	struct buf value = { 0 };
	enum kv_result r = dir_change_address(change, txn);

	if (r != KV_DONE)
		return r;
	dir_text_write(&value, change->value);
	r = dir_result(dir_put(change, txn, DIR_TREE_ALIAS, change->key, buf_slice(&value)));
	buf_done(&value);
	return r;
}

static enum kv_result remove_alias(struct dir_change *change, struct kv_txn *txn)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_ALIAS, txn, change->key, &value);

	buf_done(&value);
	if (!found)
		return dir_refuse(change, ERR_ABSENT, "no alias %.*s", SLICE_ARG(change->name));
	if (found < 0)
		return KV_FAILED;
	return dir_result(dir_del(change, txn, DIR_TREE_ALIAS, change->key));
}

/* The local part stays as it was given: with others its case may matter
   (RFC 5321 §2.4). */
static bool target_list(struct pool *pool, struct slice given, struct buf *out, struct err *err)
{
	struct address address;
	size_t n = 0;

	for (struct slice word; (word = slice_word(&given)).n > 0; n++) {
		if (!dir_need_address(pool, word, &address, err))
			return false;
		if (n == TARGETS_MAX) {
			err_set(err, ERR_LIMIT, "an alias has %d addresses at most", TARGETS_MAX);
			return false;
		}
		if (n > 0)
			buf_addc(out, ' ');
		buf_adds(out, slice_head(word, (size_t)slice_rchr(word, '@') + 1));
		buf_adds(out, address.domain);
	}
	if (n == 0)
		err_set(err, ERR_INPUT, "an alias needs an address");
	return n > 0;
}

int dir_alias_add(struct slice name, struct slice targets, struct err *err)
{
	struct dir_change change = { 0 };
	struct pool pool = { 0 };
	struct buf list = { 0 };
	int r = -1;

	if (target_list(&pool, targets, &list, err)) {
		change.value = buf_slice(&list);
		r = dir_commit_address(&change, name, add, err);
	}
	buf_done(&list);
	pool_done(&pool);
	return r;
}

int dir_alias_remove(struct slice name, struct err *err)
{
	return dir_commit_address(&(struct dir_change){ 0 }, name, remove_alias, err);
}
