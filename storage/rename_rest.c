/* rename_rest.c - what is left of a renamed domain: what lies in shards, and the audit trail
 *
 * Safe to repeat: what has the new name already is left alone. */
#include "core/log.h"
#include "storage/acct_record.h"
#include "storage/rename_private.h"
#include "storage/shard.h"

/* --- notes in "meta" --- */

static struct slice meta_key(struct pool *pool, const char *what, struct slice domain)
{
	return slice_str(pool_printf(pool, "%s %.*s", what, SLICE_ARG(domain)));
}

struct slice rename_former_key(struct pool *pool, struct slice old)
{
	return meta_key(pool, "former", old);
}

struct slice rename_unfinished_key(struct pool *pool, struct slice old)
{
	return meta_key(pool, "renaming", old);
}

static enum kv_result forget(struct dir_change *change, struct kv_txn *txn)
{
	return dir_result(dir_del(
	    change, txn, DIR_TREE_META, rename_unfinished_key(&change->pool, change->name)));
}

/* --- the directory's records once more: what somebody had read before and put back --- */

struct again {
	struct dir_change change; /* first member */
	const struct rename *names;
	const struct rename_keys *keys;
};

static enum kv_result move_again(struct dir_change *change, struct kv_txn *txn)
{
	const struct again *again = (const struct again *)change;

	return rename_records(change, txn, again->names, again->keys, NULL);
}

static int records_again(const struct rename *names, struct err *err)
{
	struct rename_keys keys = { 0 };
	struct again again = { .names = names, .keys = &keys };
	int rc = rename_gather(names, &keys);

	if (rc == 0 && keys.n > 0)
		rc = dir_commit(&again.change, move_again, err);
	dir_change_done(&again.change);
	rename_keys_done(&keys);
	return rc;
}

/* --- records of accounts --- */

struct own {
	const struct rename *names;
	const struct renamed *row;
	struct pool pool;
	struct acct_record *records; /* two for each that changes: away, and there */
	size_t n, room;
};

static void add_own(struct own *own, struct slice key, struct slice value)
{
	if (own->n == own->room) {
		struct acct_record *bigger =
		    pool_get(&own->pool, (2 * own->room + 16) * sizeof(*bigger));
		if (own->n > 0)
			memcpy(bigger, own->records, own->n * sizeof(*bigger));
		own->records = bigger;
		own->room = 2 * own->room + 16;
	}
	own->records[own->n++] =
	    (struct acct_record){ pool_slice(&own->pool, key), pool_slice(&own->pool, value) };
}

static bool see_own(void *arg, struct slice key, struct slice value)
{
	struct own *own = arg;
	struct buf new_key = { 0 }, new_value = { 0 };

	if (own->row->change) {
		own->row->change(own->names, key, value, &new_key, &new_value);
	} else {
		rename_words(own->names, key, &new_key);
		buf_adds(&new_value, value);
	}
	if (!slice_eq(buf_slice(&new_key), key))
		add_own(own, key, (struct slice){ 0 });
	if (!slice_eq(buf_slice(&new_key), key) || !slice_eq(buf_slice(&new_value), value))
		add_own(own, buf_slice(&new_key), buf_slice(&new_value));
	buf_done(&new_key);
	buf_done(&new_value);
	return true;
}

static int change_own(struct acct *acct, struct own *own, struct err *err)
{
	int rc = acct_record_each(acct, own->row->room, (struct slice){ 0 }, see_own, own);

	if (rc < 0)
		return err_set(err, ERR_TEMP, "an account's records cannot be read");
	return own->n > 0 ? acct_record_put(acct, own->row->room, own->records, own->n, err) : 0;
}

struct all_accounts {
	const struct rename *names;
	struct err *err;
	int rc;
};

/* One that was removed meanwhile needs nothing. */
static bool see_account(void *arg, const struct dir_account *account)
{
	struct all_accounts *all = arg;
	struct acct *acct = acct_open(account->id, account->shard);

	for (size_t i = 0; acct && all->rc == 0 && i < renamed_table_n; i++) {
		struct own own = { .names = all->names, .row = renamed_table[i] };
		struct err err = { 0 };
		if (!own.row->of_accounts)
			continue;
		if (change_own(acct, &own, &err) != 0 && err.kind != ERR_ABSENT)
			all->rc = err_set(all->err, err.kind, "%s", err.text);
		pool_done(&own.pool);
	}
	acct_close(&acct);
	return all->rc == 0;
}

static int rename_in_accounts(const struct rename *names, struct err *err)
{
	struct all_accounts all = { .names = names, .err = err };

	if (dir_accounts((struct slice){ 0 }, see_account, &all) < 0)
		return err_set(err, ERR_TEMP, "the accounts cannot be read");
	return all.rc;
}

/* --- all --- */

int rename_rest(const struct rename *names, struct err *err)
{
	struct err own = { 0 };
	struct dir_change change = { .name = names->old };
	int rc = records_again(names, &own);

	if (rc == 0)
		rc = rename_in_accounts(names, &own);
	if (rc == 0)
		rc = queue_rename(names, &own);
	if (rc == 0)
		rc = audit_rename(names, &own);
	if (rc == 0)
		rc = dir_commit(&change, forget, &own);
	dir_change_done(&change);
	if (rc == 0)
		return 0;
	log_event(LOG_ERROR, "rename-unfinished", log_s("domain", names->old),
	    log_s("to", names->new), log_z("reason", own.text));
	return err_set(err, own.kind, "%s", own.text);
}

struct unfinished {
	struct pool *pool;
	struct rename names;
};

static bool see_unfinished(void *arg, struct slice key, struct slice value)
{
	struct unfinished *u = arg;
	const char *new;

	slice_cut(&key, ' ');
	if (!dir_text_read(value, u->pool, &new) || !new)
		return true;
	u->names.old = slice_str(pool_str(u->pool, key));
	u->names.new = slice_str(new);
	return false;
}

int rename_resume(struct err *err)
{
	for (;;) {
		struct pool pool = { 0 };
		struct unfinished u = { .pool = &pool };
		int rc = kv_each(dir_kv(DIR_TREE_META), NULL, SLICE("renaming "),
		    SLICE("renaming "), see_unfinished, &u);
		bool found = rc == 0 && u.names.old.n > 0;
		if (rc < 0)
			err_set(err, ERR_TEMP, "the directory cannot be read");
		if (found) {
			log_event(LOG_INFO, "renaming", log_s("domain", u.names.old),
			    log_s("to", u.names.new));
			rc = rename_rest(&u.names, err);
		}
		pool_done(&pool);
		if (rc < 0 || !found)
			return rc;
	}
}
