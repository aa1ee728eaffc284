/* identity_cache.c - whom mail to an account is encrypted for, kept in memory
 *
 * A table of slots, one for each remainder of an account's id: bounded, and
 * nothing to keep in order. Who read a record while it was changed does not put
 * the old one in: `changes` says that there was a change since. What is kept is good
 * until the certificate ends, or anybody's was revoked. */
#include "smime/identity_record.h"

#include <pthread.h>
#include <time.h>

#include "pki/issue.h"
#include "storage/dir.h"

enum { SLOTS = 4096 };

/* How far the world had come when something was read. */
struct when {
	uint64_t changes, revocations;
};

struct slot {
	uint64_t account;
	struct cms_recipient *recipient;
	int64_t until; /* unix seconds */
	uint64_t revocations;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[SLOTS];
static uint64_t changes;

static bool is_good(const struct slot *slot, uint64_t account, uint64_t revocations)
{
	return slot->account == account && slot->recipient && time(NULL) <= slot->until &&
	    slot->revocations == revocations;
}

static struct cms_recipient *look_up(uint64_t account, struct when *when)
{
	struct slot *slot = &slots[account % SLOTS];
	struct cms_recipient *recipient = NULL;

	when->revocations = issue_revocations();
	pthread_mutex_lock(&lock);
	when->changes = changes;
	if (is_good(slot, account, when->revocations))
		recipient = cms_recipient_ref(slot->recipient);
	pthread_mutex_unlock(&lock);
	return recipient;
}

/* Takes the new one's reference. */
static void put(const struct slot *new)
{
	struct slot *slot = &slots[new->account % SLOTS];

	cms_recipient_unref(&slot->recipient);
	*slot = *new;
}

static void keep(
    uint64_t account, struct cms_recipient *recipient, int64_t until, const struct when *when)
{
	pthread_mutex_lock(&lock);
	if (changes == when->changes)
		put(&(struct slot){
		    account, cms_recipient_ref(recipient), until, when->revocations });
	pthread_mutex_unlock(&lock);
}

void identity_changed(uint64_t account)
{
	pthread_mutex_lock(&lock);
	changes++;
	if (slots[account % SLOTS].account == account)
		put(&(struct slot){ .account = account });
	pthread_mutex_unlock(&lock);
}

static int64_t end_of(const struct identity *identity)
{
	struct slice chain = identity->chain;
	struct cert cert;

	return cert_next(&chain, &cert) ? cert.not_after : 0;
}

/* Nobody should write to who cannot be told apart from others any more: one that has
   expired or was revoked is like none. */
static struct cms_recipient *read_recipient(
    const struct dir_account *account, struct pool *pool, int64_t *until, struct err *err)
{
	struct identities all;

	if (identities_get(account, pool, &all, err) != 0)
		return NULL;
	const struct identity *usable = identity_usable(&all), *newest = identity_current(&all);
	if (!usable) {
		err_set(err, ERR_ABSENT,
		    newest ? "the S/MIME certificate of %s is not in force: %s"
			   : "%s has no S/MIME certificate%s",
		    account->name, newest ? identity_state(newest) : "");
		return NULL;
	}
	*until = end_of(usable);
	return cms_recipient_new(usable->chain, err);
}

static struct cms_recipient *find(
    const struct dir_account *account, struct pool *pool, struct err *err)
{
	struct when when;
	struct cms_recipient *recipient = look_up(account->id, &when);
	int64_t until;

	if (recipient)
		return recipient;
	recipient = read_recipient(account, pool, &until, err);
	if (recipient)
		keep(account->id, recipient, until, &when);
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
