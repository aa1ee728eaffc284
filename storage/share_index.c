/* share_index.c - records of the directory: identifier NUL owner
 *
 * They are written before an entry is, so that none is overlooked, and may
 * outlive it; what counts are the entries with the mailboxes. */
#include "storage/share_index.h"

#include <stdlib.h>

#include "storage/dir.h"
#include "storage/share.h"
#include "storage/store.h"

static const char room[] = "share";

static void index_key(struct buf *key, struct slice identifier, struct slice owner)
{
	buf_clear(key);
	buf_adds(key, identifier);
	buf_addc(key, '\0');
	buf_adds(key, owner);
}

int share_index_put(struct slice identifier, struct slice owner, struct err *err)
{
	struct buf key = { 0 }, value = { 0 };

	index_key(&key, identifier, owner);
	int found = store_record_get(room, buf_slice(&key), &value);
	int rc = found == 1 ? 0 : store_record_put(room, buf_slice(&key), SLICE("\1"), err);
	buf_done(&key);
	buf_done(&value);
	return rc;
}

/* --- owners --- */

struct owners {
	struct pool *pool;
	struct slice who;
	struct buf found; /* of const char * */
};

static bool add_owner(void *arg, struct slice key, struct slice value)
{
	struct owners *owners = arg;

	(void)value;
	slice_cut(&key, '\0');
	if (!slice_eq(key, owners->who)) {
		const char *owner = pool_str(owners->pool, key);
		buf_add(&owners->found, &owner, sizeof(owner));
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order, each once. */
static const char **sort(struct owners *owners)
{
	const char **all = (const char **)(void *)owners->found.p;
	size_t n = owners->found.n / sizeof(*all), kept = 0;

	if (n > 0)
		qsort(all, n, sizeof(*all), by_address);
	const char **out = pool_get(owners->pool, (n + 1) * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(out[kept - 1], all[i]) != 0)
			out[kept++] = all[i];
	buf_done(&owners->found);
	return out;
}

/* All that begin so: of groups, who is in them is found out with the entries. */
static int add_owners(struct owners *owners, const char *prefix, size_t n)
{
	return store_record_each(room, slice_of(prefix, n), add_owner, owners);
}

const char **share_owners(struct pool *pool, struct slice who)
{
	struct owners owners = { .pool = pool, .who = who };
	const char *self = pool_str(pool, who), *domain = strrchr(self, '@');

	/* With the NUL behind each, but for groups. */
	if (!domain || add_owners(&owners, self, who.n + 1) < 0 ||
	    add_owners(&owners, domain, strlen(domain) + 1) < 0 ||
	    add_owners(&owners, "anyone", sizeof("anyone")) < 0 ||
	    add_owners(&owners, "$", 1) < 0) {
		buf_done(&owners.found);
		return NULL;
	}
	return sort(&owners);
}

/* --- forgetting --- */

struct forget {
	struct pool pool;
	struct slice address;
	struct buf owners;  /* of const char *: who has shown it something */
	struct buf records; /* of struct store_record */
};

static bool see(void *arg, struct slice key, struct slice value)
{
	struct forget *forget = arg;
	struct slice owner = key;

	(void)value;
	slice_cut(&owner, '\0');
	struct store_record record = { .key = pool_slice(&forget->pool, key) };
	const char *name = pool_str(&forget->pool, owner);
	buf_add(&forget->records, &record, sizeof(record));
	buf_add(&forget->owners, &name, sizeof(name));
	return true;
}

static int forget_at(struct forget *forget, const char *owner, struct err *err)
{
	struct dir_account account;
	int found = dir_account(slice_str(owner), &forget->pool, &account);

	if (found <= 0)
		return found < 0 ? err_set(err, ERR_TEMP, "the directory cannot be read") : 0;
	struct acct *acct = acct_open(account.id, account.shard);
	if (!acct)
		return err_set(err, ERR_TEMP, "the shard of %s is not open here", owner);
	const char *against = pool_printf(&forget->pool, "-%.*s", SLICE_ARG(forget->address));
	int rc = right_forget(acct, forget->address, err);
	if (rc == 0)
		rc = right_forget(acct, slice_str(against), err);
	acct_close(&acct);
	return rc;
}

static int forget_all(struct forget *forget, struct err *err)
{
	const char *const *owners = (const char *const *)(const void *)forget->owners.p;
	size_t n = forget->records.n / sizeof(struct store_record);

	for (size_t i = 0; i < forget->owners.n / sizeof(*owners); i++)
		if (forget_at(forget, owners[i], err) != 0)
			return -1;
	return n == 0 ? 0
		      : store_records_put(room,
			    (const struct store_record *)(const void *)forget->records.p, n, err);
}

int share_forget(struct slice address, struct err *err)
{
	struct forget forget = { .address = address };
	struct buf prefix = { 0 };

	index_key(&prefix, address, (struct slice){ 0 });
	int rc = store_record_each(room, buf_slice(&prefix), see, &forget);
	rc = rc < 0 ? err_set(err, ERR_TEMP, "the directory cannot be read")
		    : forget_all(&forget, err);
	buf_done(&prefix);
	buf_done(&forget.owners);
	buf_done(&forget.records);
	pool_done(&forget.pool);
	return rc;
}
