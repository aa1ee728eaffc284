/* dir_domain_alias.c - other names of hosted domains */
#include <time.h>

#include "storage/dir_private.h"

static enum kv_result add_alias(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record = { .domain = { .created = time(NULL) } }, target;
	enum kv_result r = dir_change_new(change, txn);

	if (r != KV_DONE)
		return r;
	int found = dir_find_domain(txn, change->value, &change->pool, &target);
	if (found < 0)
		return KV_FAILED;
	if (!found || target.alias_of)
		return dir_refuse(change, ERR_ABSENT, "no domain %.*s", SLICE_ARG(change->value));
	if (dir_next_id(change, txn, &record.domain.id) < 0)
		return KV_FAILED;
	record.domain.name = pool_str(&change->pool, change->name);
	record.alias_of = target.domain.name;
	return dir_result(dir_put_domain(change, txn, &record));
}

int dir_domain_alias_add(struct slice name, struct slice domain, struct err *err)
{
	struct dir_change change = { 0 };
	struct pool pool = { 0 };
	int r = -1;

	if (dir_need_domain(&pool, domain, &change.value, err))
		r = dir_commit_domain(&change, name, add_alias, false, err);
	if (r == 0)
		dir_tell(change.value, false);
	pool_done(&pool);
	return r;
}

static enum kv_result remove_alias(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record;
	int found = dir_find_domain(txn, change->name, &change->pool, &record);

	if (found < 0)
		return KV_FAILED;
	if (!found || !record.alias_of)
		return dir_refuse(change, ERR_ABSENT, "%.*s is not an alias of a domain",
		    SLICE_ARG(change->name));
	return dir_result(dir_del(change, txn, DIR_TREE_DOMAIN, change->name));
}

int dir_domain_alias_remove(struct slice name, struct err *err)
{
	return dir_commit_domain(&(struct dir_change){ 0 }, name, remove_alias, true, err);
}
