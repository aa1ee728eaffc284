/* dir_account.c - accounts added, changed and removed */
#include <time.h>

#include "core/log.h"
#include "core/num.h"
#include "core/op.h"
#include "storage/apop.h"
#include "storage/dir_private.h"
#include "storage/shard.h"
#include "storage/share.h"

/* --- records --- */

static int put_account(
    struct dir_change *change, struct kv_txn *txn, const struct dir_account *account)
{
	struct buf value = { 0 };

	dir_account_write(&value, account);
	int r = dir_put(change, txn, DIR_TREE_ACCOUNT, change->key, buf_slice(&value));
	buf_done(&value);
	return r;
}

static int put_secrets(struct dir_change *change, struct kv_txn *txn)
{
	struct buf value = { 0 };

	dir_secrets_write(&value, change->secrets);
	int r = dir_put(change, txn, DIR_TREE_SECRET, change->key, buf_slice(&value));
	buf_wipe(&value);
	return r;
}

/* Server admins are found without looking at all accounts. */
static int list_admin(
    struct dir_change *change, struct kv_txn *txn, const struct dir_account *account, bool is_one)
{
	struct slice key = dir_id_key(&change->pool, "admin", account->id);
	struct buf value = { 0 };

	if (!is_one)
		return dir_del(change, txn, DIR_TREE_META, key);
	dir_text_write(&value, slice_str(account->name));
	int r = dir_put(change, txn, DIR_TREE_META, key, buf_slice(&value));
	buf_done(&value);
	return r;
}

/* --- what all changes of an account do --- */

static enum kv_result need_account(struct dir_change *change, struct kv_txn *txn)
{
	int found = dir_find_account(txn, change->key, &change->pool, &change->account);

	if (!found)
		return dir_refuse(change, ERR_ABSENT, "no account %.*s", SLICE_ARG(change->name));
	return dir_result(found);
}

/* --- add --- */

/* Neither an account nor an alias nor a group, in a domain that is (still) hosted. */
enum kv_result dir_change_address(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record;
	struct slice rest = change->key;
	struct buf value = { 0 };

	int found = dir_find_domain(txn, slice_cut(&rest, '\0'), &change->pool, &record);
	if (found == 0 || (found == 1 && record.alias_of))
		return dir_refuse(
		    change, ERR_ABSENT, "the domain of %.*s is gone", SLICE_ARG(change->name));
	if (found == 1)
		found = dir_find_account(txn, change->key, &change->pool, &change->account);
	if (found == 1)
		return dir_refuse(
		    change, ERR_EXISTS, "account %.*s is there already", SLICE_ARG(change->name));
	if (found == 0)
		found = dir_get(DIR_TREE_ALIAS, txn, change->key, &value);
	buf_done(&value);
	if (found == 1)
		return dir_refuse(
		    change, ERR_EXISTS, "alias %.*s is there already", SLICE_ARG(change->name));
	if (found == 0)
		found = dir_get(DIR_TREE_GROUP, txn, change->key, &value);
	buf_done(&value);
	if (found == 1)
		return dir_refuse(
		    change, ERR_EXISTS, "group %.*s is there already", SLICE_ARG(change->name));
	return dir_result(found);
}

static enum kv_result add(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_account account = { .created = time(NULL) };
	enum kv_result r = dir_change_address(change, txn);

	if (r != KV_DONE)
		return r;
	if (dir_next_id(change, txn, &account.id) < 0)
		return KV_FAILED;
	account.shard = (uint32_t)(account.id % shard_count());
	if (put_secrets(change, txn) < 0)
		return KV_FAILED;
	return dir_result(put_account(change, txn, &account));
}

/* What was shown to one of that name is not for another; it went with him, unless
   the server ended just then. */
static int forget_shares(struct slice text, struct err *err)
{
	struct dir_account account;
	struct dir_domain domain;
	struct pool pool = { 0 };
	struct address address;
	int rc = 0;

	if (dir_account(text, &pool, &account) == 0 && address_parse(&pool, text, &address) &&
	    dir_domain(address.domain, &pool, &domain) == 1) {
		const char *name =
		    pool_printf(&pool, "%.*s@%s", SLICE_ARG(address.local), domain.name);
		rc = share_forget(slice_str(name), err);
	}
	pool_done(&pool);
	return rc;
}

int dir_account_add(struct slice address, const char *const secrets[], struct err *err)
{
	if (forget_shares(address, err) < 0)
		return -1;
	return dir_commit_address(&(struct dir_change){ .secrets = secrets }, address, add, err);
}

/* --- remove: the account at once, its mail behind it --- */

static enum kv_result remove_account(struct dir_change *change, struct kv_txn *txn)
{
	struct buf shard = { 0 };
	enum kv_result r = need_account(change, txn);

	if (r != KV_DONE)
		return r;
	if (list_admin(change, txn, &change->account, false) < 0 ||
	    dir_del(change, txn, DIR_TREE_SECRET, change->key) < 0 ||
	    dir_del(change, txn, DIR_TREE_ACCOUNT, change->key) < 0)
		return KV_FAILED;
	dir_number_write(&shard, change->account.shard);
	r = dir_result(dir_put(change, txn, DIR_TREE_META,
	    dir_id_key(&change->pool, "purge", change->account.id), buf_slice(&shard)));
	buf_done(&shard);
	return r;
}

static enum kv_result forget_purge(struct dir_change *change, struct kv_txn *txn)
{
	return dir_result(dir_del(
	    change, txn, DIR_TREE_META, dir_id_key(&change->pool, "purge", change->number)));
}

/* The note that mail is to be removed goes when none is left. */
static int purge(uint64_t account, uint32_t number, struct err *err)
{
	struct shard *shard = shard_of(number);
	struct dir_change change = { .number = account };

	if (apop_forget(account, err) < 0 ||
	    (shard && shard_purge_account(shard, account, err) < 0))
		return -1;
	int r = dir_commit(&change, forget_purge, err);
	dir_change_done(&change);
	return r;
}

int dir_account_remove(struct slice address, struct err *err)
{
	struct dir_change change = { 0 };

	if (dir_commit_address(&change, address, remove_account, err) < 0 ||
	    forget_shares(address, err) < 0)
		return -1;
	return purge(change.account.id, change.account.shard, err);
}

struct pending {
	uint64_t account, shard;
	bool found;
};

static bool see_pending(void *arg, struct slice key, struct slice value)
{
	struct pending *pending = arg;
	struct slice id = slice_from(key, strlen("purge"));

	if (id.n != 8 || !dir_number_read(value, &pending->shard))
		return true;
	pending->account = num_get64((const unsigned char *)id.p);
	pending->found = true;
	return false;
}

int dir_resume(struct err *err)
{
	for (;;) {
		struct pending pending = { 0 };
		if (kv_each(dir_kv(DIR_TREE_META), NULL, SLICE("purge"), SLICE("purge"),
			see_pending, &pending) < 0)
			return err_set(err, ERR_TEMP, "the directory cannot be read");
		if (!pending.found)
			return 0;
		log_event(LOG_INFO, "removing-mail", log_n("account", (int64_t)pending.account));
		if (purge(pending.account, (uint32_t)pending.shard, err) < 0)
			return -1;
	}
}

/* --- its properties --- */

static enum kv_result set_secrets(struct dir_change *change, struct kv_txn *txn)
{
	enum kv_result r = need_account(change, txn);

	return r == KV_DONE ? dir_result(put_secrets(change, txn)) : r;
}

int dir_account_secrets(struct slice address, const char *const secrets[], struct err *err)
{
	return dir_commit_address(
	    &(struct dir_change){ .secrets = secrets }, address, set_secrets, err);
}

static enum kv_result set_suspended(struct dir_change *change, struct kv_txn *txn)
{
	enum kv_result r = need_account(change, txn);

	change->account.suspended = change->number;
	return r == KV_DONE ? dir_result(put_account(change, txn, &change->account)) : r;
}

int dir_account_suspend(struct slice address, bool on, struct err *err)
{
	return dir_commit_address(
	    &(struct dir_change){ .number = on }, address, set_suspended, err);
}

static enum kv_result set_role(struct dir_change *change, struct kv_txn *txn)
{
	enum kv_result r = need_account(change, txn);

	if (r != KV_DONE)
		return r;
	change->account.role = (int)change->number;
	if (list_admin(change, txn, &change->account, change->number == OP_SERVER_ADMIN) < 0)
		return KV_FAILED;
	return dir_result(put_account(change, txn, &change->account));
}

int dir_account_role(struct slice address, int role, struct err *err)
{
	if (role < OP_USER || role > OP_SERVER_ADMIN)
		return err_set(err, ERR_INPUT, "no such role");
	return dir_commit_address(
	    &(struct dir_change){ .number = (uint64_t)role }, address, set_role, err);
}

static enum kv_result set_quota(struct dir_change *change, struct kv_txn *txn)
{
	enum kv_result r = need_account(change, txn);

	change->account.quota = change->number;
	return r == KV_DONE ? dir_result(put_account(change, txn, &change->account)) : r;
}

/* Kept in the shard, too, where deliveries look at it. */
int dir_account_quota(struct slice address, uint64_t bytes, struct err *err)
{
	struct dir_change change = { .number = bytes };

	if (dir_commit_address(&change, address, set_quota, err) < 0)
		return -1;
	struct shard *shard = shard_of(change.account.shard);
	return shard ? shard_set_quota(shard, change.account.id, bytes, err) : 0;
}
