/* identity_cache.c - whom mail to an account is encrypted for, kept in memory
 *
 * A table of slots, one for each remainder of an account's id: bounded, and
 * nothing to keep in order. Who read a record while it was changed does not put
 * the old one in: `changes` says that there was a change since. */
#include "smime/identity_record.h"

#include <pthread.h>

#include "storage/dir.h"

enum { SLOTS = 4096 };

struct slot {
	uint64_t account;
	struct cms_recipient *recipient;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[SLOTS];
static uint64_t changes;

static struct cms_recipient *look_up(uint64_t account, uint64_t *changes_then)
{
	struct slot *slot = &slots[account % SLOTS];
	struct cms_recipient *recipient = NULL;

	pthread_mutex_lock(&lock);
	*changes_then = changes;
	if (slot->account == account && slot->recipient)
		recipient = cms_recipient_ref(slot->recipient);
	pthread_mutex_unlock(&lock);
	return recipient;
}

static void put(uint64_t account, struct cms_recipient *recipient)
{
	struct slot *slot = &slots[account % SLOTS];

	cms_recipient_unref(&slot->recipient);
	*slot = (struct slot){ account, recipient };
}

static void keep(uint64_t account, struct cms_recipient *recipient, uint64_t changes_then)
{
	pthread_mutex_lock(&lock);
	if (changes == changes_then)
		put(account, cms_recipient_ref(recipient));
	pthread_mutex_unlock(&lock);
}

void identity_changed(uint64_t account)
{
	pthread_mutex_lock(&lock);
	changes++;
	if (slots[account % SLOTS].account == account)
		put(account, NULL);
	pthread_mutex_unlock(&lock);
}

static struct cms_recipient *read_recipient(
    const struct dir_account *account, struct pool *pool, struct err *err)
{
	struct identities all;

	if (identities_get(account, pool, &all, err) != 0)
		return NULL;
	const struct identity *current = identity_current(&all);
	if (current)
		return cms_recipient_new(current->chain, err);
	err_set(err, ERR_ABSENT, "%s has no S/MIME certificate", account->name);
	return NULL;
}

static struct cms_recipient *find(
    const struct dir_account *account, struct pool *pool, struct err *err)
{
	uint64_t changes_then;
	struct cms_recipient *recipient = look_up(account->id, &changes_then);

	if (recipient)
		return recipient;
	recipient = read_recipient(account, pool, err);
	if (recipient)
		keep(account->id, recipient, changes_then);
	return recipient;
}

struct cms_recipient *identity_recipient(const char *address, struct err *err)
{
	struct pool pool = { 0 };
	struct dir_account account;
	struct cms_recipient *recipient = NULL;
	int found = dir_account(slice_str(address), &pool, &account);

	if (found == 1)
		recipient = find(&account, &pool, err);
	else if (found == 0)
		err_set(err, ERR_ABSENT, "there is no account %s", address);
	else
		err_set(err, ERR_TEMP, "cannot read the directory");
	pool_done(&pool);
	return recipient;
}
