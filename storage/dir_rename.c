/* dir_rename.c - a domain under another name: all of the directory in one transaction
 *
 * Accounts have ids, and all their mail hangs on those; names stand in the directory
 * alone, in one environment. So a rename moves keys, and nobody outside ever needs to
 * know ids of domains. */
#include <time.h>

#include "storage/rename_private.h"

struct renaming {
	struct dir_change change; /* first member; change.name: the old name */
	struct rename names;
	bool keep_alias;
	const struct rename_keys *records;
	const struct rename_sealer *sealer;
};

/* --- records of a tree that are written anew; gathered first, as a walk must not write --- */

struct put {
	struct put *next;
	struct slice old_key, key, value;
};

struct puts {
	struct renaming *r;
	struct pool scratch; /* of one record */
	struct put *first, **end;
};

/* key, value: copied; the same key as the old one, if it stays. */
static void add_put(struct puts *puts, struct slice old_key, struct slice key, struct slice value)
{
	struct pool *pool = &puts->r->change.pool;
	struct put *put = pool_get(pool, sizeof(*put));

	put->old_key = pool_slice(pool, old_key);
	put->key = slice_eq(key, old_key) ? put->old_key : pool_slice(pool, key);
	put->value = pool_slice(pool, value);
	*puts->end = put;
	puts->end = &put->next;
}

static int walk(struct renaming *r, struct kv_txn *txn, enum dir_tree tree, struct slice prefix,
    bool (*see)(void *arg, struct slice key, struct slice value))
{
	struct puts puts = { .r = r, .end = &puts.first };
	int rc = kv_each(dir_kv(tree), txn, prefix, prefix, see, &puts);

	pool_done(&puts.scratch);
	for (const struct put *put = puts.first; rc == 0 && put; put = put->next) {
		if (!slice_eq(put->old_key, put->key))
			rc = dir_del(&r->change, txn, tree, put->old_key);
		if (rc == 0)
			rc = dir_put(&r->change, txn, tree, put->key, put->value);
	}
	return rc;
}

/* --- what each tree has --- */

/* DOMAIN NUL LOCAL */
static bool move_key(void *arg, struct slice key, struct slice value)
{
	struct puts *puts = arg;
	struct slice local = slice_from(key, puts->r->names.old.n + 1);

	pool_reset(&puts->scratch);
	add_put(puts, key, dir_address_key(&puts->scratch, puts->r->names.new, local), value);
	return true;
}

/* An alias may be of the domain, lead into it, or both. */
static bool see_alias(void *arg, struct slice key, struct slice value)
{
	struct puts *puts = arg;
	const struct rename *names = &puts->r->names;
	struct slice local = key, domain = slice_cut(&local, '\0'), new_key = key;
	struct buf targets = { 0 }, new_value = { 0 };
	const char *text;

	pool_reset(&puts->scratch);
	if (!dir_text_read(value, &puts->scratch, &text) || !text)
		return true;
	rename_words(names, slice_str(text), &targets);
	dir_text_write(&new_value, buf_slice(&targets));
	if (slice_eq(domain, names->old))
		new_key = dir_address_key(&puts->scratch, names->new, local);
	if (!slice_eq(key, new_key) || !slice_eq(value, buf_slice(&new_value)))
		add_put(puts, key, new_key, buf_slice(&new_value));
	buf_done(&targets);
	buf_done(&new_value);
	return true;
}

/* A group may be of the domain, have its owner there, or both. */
static bool see_group(void *arg, struct slice key, struct slice value)
{
	struct puts *puts = arg;
	const struct rename *names = &puts->r->names;
	struct slice local = key, domain = slice_cut(&local, '\0'), new_key = key;
	struct buf new_value = { 0 };

	pool_reset(&puts->scratch);
	if (slice_eq(domain, names->old))
		new_key = dir_address_key(&puts->scratch, names->new, local);
	buf_adds(&new_value, slice_head(value, GROUP_OWNER_AT));
	if (value.n > GROUP_OWNER_AT)
		rename_word(names, slice_from(value, GROUP_OWNER_AT), &new_value);
	if (!slice_eq(key, new_key) || !slice_eq(value, buf_slice(&new_value)))
		add_put(puts, key, new_key, buf_slice(&new_value));
	buf_done(&new_value);
	return true;
}

/* DOMAIN NUL LOCAL NUL ADDRESS: a group of the domain, a member of it, or both. */
static bool see_member(void *arg, struct slice key, struct slice value)
{
	struct puts *puts = arg;
	const struct rename *names = &puts->r->names;
	struct slice address = key, domain = slice_cut(&address, '\0'),
		     local = slice_cut(&address, '\0');
	struct buf new_key = { 0 };

	buf_adds(&new_key, slice_eq(domain, names->old) ? names->new : domain);
	buf_addc(&new_key, '\0');
	buf_adds(&new_key, local);
	buf_addc(&new_key, '\0');
	rename_word(names, address, &new_key);
	if (!slice_eq(key, buf_slice(&new_key)))
		add_put(puts, key, buf_slice(&new_key), value);
	buf_done(&new_key);
	return true;
}

/* A text that is an address: of server admins, and of the main domain. */
static bool see_text(void *arg, struct slice key, struct slice value)
{
	struct puts *puts = arg;
	struct buf text = { 0 }, new_value = { 0 };
	const char *old;

	pool_reset(&puts->scratch);
	if (dir_text_read(value, &puts->scratch, &old)) {
		rename_word(&puts->r->names, slice_str(old), &text);
		dir_text_write(&new_value, buf_slice(&text));
		if (!slice_eq(value, buf_slice(&new_value)))
			add_put(puts, key, key, buf_slice(&new_value));
	}
	buf_done(&text);
	buf_done(&new_value);
	return true;
}

/* Aliases of the domain, and others whose lost mail goes into it. The domain itself and
   both its names are put by themselves. */
static bool see_domain(void *arg, struct slice key, struct slice value)
{
	struct puts *puts = arg;
	const struct rename *names = &puts->r->names;
	struct dir_domain_record record;
	struct buf catch_all = { 0 }, new_value = { 0 };

	pool_reset(&puts->scratch);
	if (slice_eq(key, names->old) || slice_eq(key, names->new) ||
	    !dir_domain_read(key, value, &puts->scratch, &record))
		return true;
	rename_word(names, slice_str(record.domain.catch_all), &catch_all);
	record.domain.catch_all = buf_z(&catch_all);
	if (record.alias_of && slice_eq(slice_str(record.alias_of), names->old))
		record.alias_of = pool_str(&puts->scratch, names->new);
	dir_domain_write(&new_value, &record);
	if (!slice_eq(value, buf_slice(&new_value)))
		add_put(puts, key, key, buf_slice(&new_value));
	buf_done(&catch_all);
	buf_done(&new_value);
	return true;
}

/* --- the domain itself --- */

static int put_domain(struct renaming *r, struct kv_txn *txn, struct dir_domain_record *record)
{
	struct dir_domain_record alias = { .domain = { .created = time(NULL) } };
	struct buf catch_all = { 0 };

	rename_word(&r->names, slice_str(record->domain.catch_all), &catch_all);
	record->domain.catch_all = buf_z(&catch_all);
	record->domain.name = pool_str(&r->change.pool, r->names.new);
	int rc = dir_put_domain(&r->change, txn, record);
	buf_done(&catch_all);
	if (rc < 0 || !r->keep_alias)
		return rc < 0 ? -1 : dir_del(&r->change, txn, DIR_TREE_DOMAIN, r->names.old);
	alias.domain.name = pool_str(&r->change.pool, r->names.old);
	alias.alias_of = record->domain.name;
	if (dir_next_id(&r->change, txn, &alias.domain.id) < 0)
		return -1;
	return dir_put_domain(&r->change, txn, &alias);
}

/* What it was called; and that not all of it is done yet. A name that is taken anew, and
   before that, is a former name no longer. */
static int put_notes(struct renaming *r, struct kv_txn *txn)
{
	struct dir_change *change = &r->change;
	struct buf value = { 0 };

	dir_text_write(&value, r->names.new);
	int rc =
	    dir_del(change, txn, DIR_TREE_META, rename_former_key(&change->pool, r->names.new));
	if (rc == 0)
		rc = dir_put(change, txn, DIR_TREE_META,
		    rename_former_key(&change->pool, r->names.old), buf_slice(&value));
	if (rc == 0)
		rc = dir_put(change, txn, DIR_TREE_META,
		    rename_unfinished_key(&change->pool, r->names.old), buf_slice(&value));
	buf_done(&value);
	return rc;
}

/* The new name is free, or is the domain's already. */
static enum kv_result may_be_called(struct renaming *r, struct kv_txn *txn)
{
	struct dir_change *change = &r->change;
	struct dir_domain_record there;

	if (slice_eq(r->names.old, r->names.new))
		return dir_refuse(
		    change, ERR_INPUT, "it is called %.*s already", SLICE_ARG(r->names.new));
	int found = dir_find_domain(txn, r->names.new, &change->pool, &there);
	if (found < 0)
		return KV_FAILED;
	if (found == 1 && !there.alias_of)
		return dir_refuse(
		    change, ERR_EXISTS, "domain %.*s is there already", SLICE_ARG(r->names.new));
	if (found == 1 && !slice_eq(slice_str(there.alias_of), r->names.old))
		return dir_refuse(change, ERR_EXISTS, "%.*s is an alias of %s",
		    SLICE_ARG(r->names.new), there.alias_of);
	return KV_DONE;
}

static int move_all(struct renaming *r, struct kv_txn *txn)
{
	struct slice all = { 0 };
	struct slice prefix = dir_address_key(&r->change.pool, r->names.old, SLICE(""));

	if (walk(r, txn, DIR_TREE_ACCOUNT, prefix, move_key) < 0 ||
	    walk(r, txn, DIR_TREE_SECRET, prefix, move_key) < 0 ||
	    walk(r, txn, DIR_TREE_GROUP, all, see_group) < 0 ||
	    walk(r, txn, DIR_TREE_MEMBER, all, see_member) < 0 ||
	    walk(r, txn, DIR_TREE_ALIAS, all, see_alias) < 0 ||
	    walk(r, txn, DIR_TREE_DOMAIN, all, see_domain) < 0)
		return -1;
	/* Texts of "meta" that name a domain. */
	static const char *const names[] = { "main", "admin", "former" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (walk(r, txn, DIR_TREE_META, slice_str(names[i]), see_text) < 0)
			return -1;
	return 0;
}

static enum kv_result edit(struct dir_change *change, struct kv_txn *txn)
{
	struct renaming *r = (struct renaming *)change;
	struct dir_domain_record record;
	enum kv_result result = dir_change_domain(change, txn, &record);

	if (result == KV_DONE)
		result = may_be_called(r, txn);
	if (result == KV_DONE)
		result = rename_records(change, txn, &r->names, r->records, r->sealer);
	if (result != KV_DONE)
		return result;
	if (move_all(r, txn) < 0 || put_domain(r, txn, &record) < 0 || put_notes(r, txn) < 0)
		return KV_FAILED;
	return KV_DONE;
}

static int rename_now(struct renaming *r, struct err *err)
{
	struct rename_keys records = { 0 };
	int rc = rename_gather(&r->names, &records);

	r->records = &records;
	r->change.name = r->names.old;
	if (rc < 0)
		err_set(err, ERR_TEMP, "the directory cannot be read");
	else
		rc = dir_commit(&r->change, edit, err);
	rename_keys_done(&records);
	dir_change_done(&r->change);
	return rc;
}

int dir_domain_rename(struct slice name, struct slice to, bool keep_alias,
    const struct rename_sealer *sealer, struct err *err)
{
	struct renaming r = { .keep_alias = keep_alias, .sealer = sealer };
	struct pool pool = { 0 };
	int rc = -1;

	if (dir_need_domain(&pool, name, &r.names.old, err) &&
	    dir_need_domain(&pool, to, &r.names.new, err))
		rc = rename_now(&r, err);
	pool_done(&pool);
	return rc;
}

void dir_domain_renamed(struct slice name, struct slice to)
{
	struct pool pool = { 0 };
	struct rename names;

	if (dir_need_domain(&pool, name, &names.old, NULL) &&
	    dir_need_domain(&pool, to, &names.new, NULL)) {
		dir_tell(names.old, true);
		dir_tell(names.new, false);
		rename_rest(&names, NULL);
	}
	pool_done(&pool);
}

int dir_domain_former(struct slice name, struct pool *pool, const char **now)
{
	struct buf value = { 0 };
	char *ascii = domain_ascii(pool, name);
	int found = ascii
	    ? dir_get(DIR_TREE_META, NULL, rename_former_key(pool, slice_str(ascii)), &value)
	    : 0;

	if (found == 1 && !dir_text_read(buf_slice(&value), pool, now))
		found = -1;
	buf_done(&value);
	return found;
}
