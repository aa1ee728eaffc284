/* dir_domain.c - domains added, changed and removed */
#include <stdlib.h>
#include <time.h>

#include "storage/rename_private.h"

int dir_put_domain(
    struct dir_change *change, struct kv_txn *txn, const struct dir_domain_record *record)
{
	struct buf value = { 0 };

	dir_domain_write(&value, record);
	int r = dir_put(
	    change, txn, DIR_TREE_DOMAIN, slice_str(record->domain.name), buf_slice(&value));
	buf_done(&value);
	return r;
}

static int put_main(struct dir_change *change, struct kv_txn *txn, struct slice name)
{
	struct buf value = { 0 };

	dir_text_write(&value, name);
	int r = dir_put(change, txn, DIR_TREE_META, SLICE("main"), buf_slice(&value));
	buf_done(&value);
	return r;
}

/* The main domain's name, from the change's pool; NULL: none. 0 or -1. */
static int get_main(struct dir_change *change, struct kv_txn *txn, const char **name)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_META, txn, SLICE("main"), &value);

	*name = NULL;
	if (found == 1 && !dir_text_read(buf_slice(&value), &change->pool, name))
		found = -1;
	buf_done(&value);
	return found < 0 ? -1 : 0;
}

/* The domain (not an alias) to be changed: KV_DONE when it is there. */
enum kv_result dir_change_domain(
    struct dir_change *change, struct kv_txn *txn, struct dir_domain_record *record)
{
	int found = dir_find_domain(txn, change->name, &change->pool, record);

	if (found < 0)
		return KV_FAILED;
	if (!found)
		return dir_refuse(change, ERR_ABSENT, "no domain %.*s", SLICE_ARG(change->name));
	if (record->alias_of)
		return dir_refuse(change, ERR_INPUT, "%.*s is an alias of %s",
		    SLICE_ARG(change->name), record->alias_of);
	return KV_DONE;
}

/* Something may still have the name, until a rename is finished. */
static bool rename_runs(struct dir_change *change, struct kv_txn *txn)
{
	struct buf value = { 0 };
	int found =
	    dir_get(DIR_TREE_META, txn, rename_unfinished_key(&change->pool, change->name), &value);

	buf_done(&value);
	return found != 0;
}

/* A name that is not hosted yet: KV_DONE. */
enum kv_result dir_change_new(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record;
	int found = dir_find_domain(txn, change->name, &change->pool, &record);

	if (found == 1 && record.alias_of)
		return dir_refuse(change, ERR_EXISTS, "%.*s is an alias of %s",
		    SLICE_ARG(change->name), record.alias_of);
	if (found == 1)
		return dir_refuse(
		    change, ERR_EXISTS, "domain %.*s is there already", SLICE_ARG(change->name));
	if (found == 0 && rename_runs(change, txn))
		return dir_refuse(change, ERR_BUSY, "what was %.*s is being renamed: wait a moment",
		    SLICE_ARG(change->name));
	return dir_result(found);
}

/* Make name canonical, run edit, and tell those who watch. */
int dir_commit_domain(struct dir_change *change, struct slice name,
    enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn), bool removes,
    struct err *err)
{
	struct pool pool = { 0 };
	int r = -1;

	if (dir_need_domain(&pool, name, &change->name, err))
		r = dir_commit(change, edit, err);
	if (r == 0)
		dir_tell(change->name, removes);
	dir_change_done(change);
	pool_done(&pool);
	return r;
}

/* --- add and remove --- */

static enum kv_result add(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record = { .domain = { .created = time(NULL) } };
	const char *main_domain;
	enum kv_result r = dir_change_new(change, txn);

	if (r != KV_DONE)
		return r;
	if (get_main(change, txn, &main_domain) < 0 ||
	    dir_next_id(change, txn, &record.domain.id) < 0 ||
	    dir_del(change, txn, DIR_TREE_META, rename_former_key(&change->pool, change->name)) < 0)
		return KV_FAILED;
	record.domain.name = pool_str(&change->pool, change->name);
	record.domain.main = !main_domain;
	if (record.domain.main && put_main(change, txn, change->name) < 0)
		return KV_FAILED;
	return dir_result(dir_put_domain(change, txn, &record));
}

int dir_domain_add(struct slice name, struct err *err)
{
	return dir_commit_domain(&(struct dir_change){ 0 }, name, add, false, err);
}

/* Keys of a walk, to be removed behind it; each with its length before it. */
struct keys {
	struct buf keys;
	struct slice alias_of;
	struct pool pool;
	size_t n;
};

static bool add_key(void *arg, struct slice key, struct slice value)
{
	struct keys *keys = arg;

	(void)value;
	buf_add(&keys->keys, &key.n, sizeof(key.n));
	buf_adds(&keys->keys, key);
	keys->n++;
	return true;
}

static bool stop_at_first(void *arg, struct slice key, struct slice value)
{
	(void)key;
	(void)value;
	*(bool *)arg = true;
	return false;
}

static bool add_alias_key(void *arg, struct slice key, struct slice value)
{
	struct keys *keys = arg;
	struct dir_domain_record record;

	pool_reset(&keys->pool);
	if (dir_domain_read(key, value, &keys->pool, &record) && record.alias_of &&
	    slice_eq(slice_str(record.alias_of), keys->alias_of))
		add_key(arg, key, value);
	return true;
}

static int del_keys(
    struct dir_change *change, struct kv_txn *txn, enum dir_tree tree, struct keys *keys)
{
	struct slice rest = buf_slice(&keys->keys);
	int r = 0;

	while (rest.n > 0 && r == 0) {
		size_t n;
		memcpy(&n, rest.p, sizeof(n));
		rest = slice_from(rest, sizeof(n));
		r = dir_del(change, txn, tree, slice_head(rest, n));
		rest = slice_from(rest, n);
	}
	pool_done(&keys->pool);
	buf_done(&keys->keys);
	return r;
}

/* With the domain go its groups, and its aliases of both kinds. */
static int remove_aliases(struct dir_change *change, struct kv_txn *txn)
{
	struct slice prefix = dir_address_key(&change->pool, change->name, SLICE(""));
	static const enum dir_tree trees[] = { DIR_TREE_ALIAS, DIR_TREE_GROUP, DIR_TREE_MEMBER };
	struct keys names = { .alias_of = change->name };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(trees) / sizeof(*trees); i++) {
		struct keys keys = { 0 };
		r = kv_each(dir_kv(trees[i]), txn, prefix, prefix, add_key, &keys);
		if (del_keys(change, txn, trees[i], &keys) < 0)
			r = -1;
	}
	if (r == 0)
		r = kv_each(dir_kv(DIR_TREE_DOMAIN), txn, (struct slice){ 0 }, (struct slice){ 0 },
		    add_alias_key, &names);
	return del_keys(change, txn, DIR_TREE_DOMAIN, &names) < 0 ? -1 : r;
}

static bool count_hosted(void *arg, struct slice key, struct slice value)
{
	struct keys *keys = arg;
	struct dir_domain_record record;

	pool_reset(&keys->pool);
	if (dir_domain_read(key, value, &keys->pool, &record) && !record.alias_of)
		keys->n++;
	return true;
}

static enum kv_result may_go(
    struct dir_change *change, struct kv_txn *txn, const struct dir_domain_record *record)
{
	struct slice prefix = dir_address_key(&change->pool, change->name, SLICE(""));
	struct keys hosted = { 0 };
	bool used = false;

	if (kv_each(dir_kv(DIR_TREE_ACCOUNT), txn, prefix, prefix, stop_at_first, &used) < 0)
		return KV_FAILED;
	if (used)
		return dir_refuse(change, ERR_BUSY, "%.*s has accounts: remove them first",
		    SLICE_ARG(change->name));
	int r = kv_each(dir_kv(DIR_TREE_DOMAIN), txn, (struct slice){ 0 }, (struct slice){ 0 },
	    count_hosted, &hosted);
	pool_done(&hosted.pool);
	if (r == 0 && record->domain.main && hosted.n > 1)
		return dir_refuse(change, ERR_BUSY,
		    "%.*s is the main domain: choose another one first", SLICE_ARG(change->name));
	return dir_result(r);
}

static enum kv_result remove_domain(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record;
	enum kv_result r = dir_change_domain(change, txn, &record);

	if (r == KV_DONE)
		r = may_go(change, txn, &record);
	if (r != KV_DONE)
		return r;
	if (remove_aliases(change, txn) < 0 ||
	    (record.domain.main && dir_del(change, txn, DIR_TREE_META, SLICE("main")) < 0))
		return KV_FAILED;
	return dir_result(dir_del(change, txn, DIR_TREE_DOMAIN, change->name));
}

int dir_domain_remove(struct slice name, struct err *err)
{
	return dir_commit_domain(&(struct dir_change){ 0 }, name, remove_domain, true, err);
}

/* --- its properties --- */

static enum kv_result make_main(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record, old;
	const char *name;
	enum kv_result r = dir_change_domain(change, txn, &record);

	if (r != KV_DONE)
		return r;
	if (get_main(change, txn, &name) < 0)
		return KV_FAILED;
	if (name && dir_find_domain(txn, slice_str(name), &change->pool, &old) == 1) {
		old.domain.main = false;
		if (dir_put_domain(change, txn, &old) < 0)
			return KV_FAILED;
	}
	record.domain.main = true;
	if (put_main(change, txn, change->name) < 0)
		return KV_FAILED;
	return dir_result(dir_put_domain(change, txn, &record));
}

int dir_domain_main(struct slice name, struct err *err)
{
	return dir_commit_domain(&(struct dir_change){ 0 }, name, make_main, false, err);
}

static enum kv_result set_catch_all(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record;
	enum kv_result r = dir_change_domain(change, txn, &record);

	if (r != KV_DONE)
		return r;
	record.domain.catch_all = change->value.n ? change->value.p : NULL;
	return dir_result(dir_put_domain(change, txn, &record));
}

int dir_domain_catch_all(struct slice name, struct slice text, struct err *err)
{
	struct dir_change change = { 0 };
	struct pool pool = { 0 };
	struct address address;
	int r = -1;

	if (text.n == 0 || dir_need_address(&pool, text, &address, err)) {
		if (text.n > 0)
			change.value = slice_str(pool_printf(&pool, "%.*s@%.*s",
			    SLICE_ARG(address.local), SLICE_ARG(address.domain)));
		r = dir_commit_domain(&change, name, set_catch_all, false, err);
	}
	pool_done(&pool);
	return r;
}
