/* user.c - accounts in use, and their resources */
#include "protocols/xmpp/user.h"

#include <stdlib.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/log.h"
#include "protocols/xmpp/jid.h"
#include "storage/dir.h"
#include "storage/source.h"

enum { BUCKETS = 4096, LOCKS = 64 };

static struct xmpp_user *table[BUCKETS];
static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

/* --- accounts --- */

static pthread_mutex_t *lock_bucket(uint64_t hash)
{
	pthread_mutex_t *lock = &locks[hash % LOCKS];

	pthread_mutex_lock(lock);
	return lock;
}

/* With the bucket's lock. A reference, or NULL. */
static struct xmpp_user *find(uint64_t hash, struct slice jid)
{
	struct xmpp_user *user = table[hash % BUCKETS];

	while (user && !slice_eq(user->jid, jid))
		user = user->next;
	if (user)
		user->refs++;
	return user;
}

struct xmpp_user *xmpp_user_get(struct slice jid)
{
	uint64_t hash = hash_bytes(jid);
	pthread_mutex_t *lock = lock_bucket(hash);
	struct xmpp_user *user = find(hash, jid);

	pthread_mutex_unlock(lock);
	return user;
}

static struct xmpp_user *make(uint64_t hash, struct slice jid, const struct dir_account *account)
{
	struct xmpp_user *user = mem_get(sizeof(*user));

	user->jid = slice_of(mem_str(jid), jid.n);
	user->id = account->id;
	user->shard = account->shard;
	user->refs = 1;
	pthread_mutex_init(&user->edit, NULL);
	pthread_mutex_init(&user->lock, NULL);
	user->next = table[hash % BUCKETS];
	table[hash % BUCKETS] = user;
	return user;
}

/* An account that was removed and made anew is another one; whoever still uses
   the old one is left alone with it. */
static void renew(struct xmpp_user *user, const struct dir_account *account)
{
	pthread_mutex_lock(&user->lock);
	if (!user->first) {
		user->id = account->id;
		user->shard = account->shard;
		roster_free(&user->roster);
	}
	pthread_mutex_unlock(&user->lock);
}

static struct xmpp_user *find_or_make(struct slice jid, const struct dir_account *account)
{
	uint64_t hash = hash_bytes(jid);
	pthread_mutex_t *lock = lock_bucket(hash);
	struct xmpp_user *user = find(hash, jid);

	if (!user) {
		user = make(hash, jid, account);
	} else if (user->id != account->id) {
		renew(user, account);
	}
	pthread_mutex_unlock(lock);
	return user;
}

int xmpp_user_open(struct slice text, struct xmpp_user **out)
{
	struct pool pool = { 0 };
	struct dir_account account;
	struct jid jid;
	int found = dir_account(text, &pool, &account);

	if (found == 0)
		found = source_adopt(text, &pool, &account);
	if (found == 1 && !jid_parse(&pool, slice_str(account.name), &jid))
		found = 0; /* an address of mail that is none of XMPP */
	if (found == 1)
		*out = find_or_make(jid.bare, &account);
	pool_done(&pool);
	return found;
}

struct xmpp_user *xmpp_user_ref(struct xmpp_user *user)
{
	pthread_mutex_t *lock = lock_bucket(hash_bytes(user->jid));

	user->refs++;
	pthread_mutex_unlock(lock);
	return user;
}

static void unlink_user(uint64_t hash, struct xmpp_user *user)
{
	struct xmpp_user **at = &table[hash % BUCKETS];

	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
}

void xmpp_user_close(struct xmpp_user **user)
{
	struct xmpp_user *u = *user;

	*user = NULL;
	if (!u)
		return;
	uint64_t hash = hash_bytes(u->jid);
	pthread_mutex_t *lock = lock_bucket(hash);
	bool last = --u->refs == 0;
	if (last)
		unlink_user(hash, u);
	pthread_mutex_unlock(lock);
	if (!last)
		return;
	roster_free(&u->roster);
	pthread_mutex_destroy(&u->edit);
	pthread_mutex_destroy(&u->lock);
	free((char *)(uintptr_t)u->jid.p);
	free(u);
}

int xmpp_user_roster(struct xmpp_user *user)
{
	pthread_mutex_lock(&user->edit);
	pthread_mutex_lock(&user->lock);
	bool there = user->roster != NULL;
	pthread_mutex_unlock(&user->lock);
	if (!there) {
		struct roster *roster = roster_read(user->id, user->shard);
		pthread_mutex_lock(&user->lock);
		user->roster = roster;
		pthread_mutex_unlock(&user->lock);
		there = roster != NULL;
	}
	pthread_mutex_unlock(&user->edit);
	return there ? 0 : -1;
}

/* --- resources --- */

struct xmpp_res *xmpp_res_find(struct xmpp_user *user, struct slice name)
{
	struct xmpp_res *res = user->first;

	while (res && !slice_eq(res->name, name))
		res = res->next;
	return res;
}

/* Both names in one piece of memory. */
struct xmpp_res *xmpp_res_add(struct xmpp_user *user, struct slice name)
{
	struct xmpp_res *res = mem_get(sizeof(*res));
	struct buf jid = { 0 };

	buf_printf(&jid, "%.*s/%.*s", SLICE_ARG(user->jid), SLICE_ARG(name));
	char *text = mem_str(buf_slice(&jid));
	res->jid = slice_of(text, jid.n);
	res->name = slice_from(res->jid, user->jid.n + 1);
	buf_done(&jid);
	res->user = user;
	res->refs = 2;
	res->next = user->first;
	user->first = res;
	user->resources++;
	return res;
}

void xmpp_res_remove(struct xmpp_res *res)
{
	struct xmpp_res **at = &res->user->first;

	if (res->gone)
		return;
	while (*at != res)
		at = &(*at)->next;
	*at = res->next;
	res->user->resources--;
	res->gone = true;
	res->refs--; /* the list's; who removes it has one */
}

static void free_res(struct xmpp_res *res)
{
	xmpp_queue_done(&res->inbox);
	xmpp_queue_done(&res->sm.unacked);
	xmpp_stanza_unref(&res->presence);
	for (unsigned i = 0; i < res->directed_n; i++)
		free((char *)(uintptr_t)res->directed[i].p);
	free(res->directed);
	sess_handle_free(&res->handle);
	free((char *)(uintptr_t)res->jid.p);
	xmpp_user_close(&res->user);
	bytes_wipe(res->sm.id, sizeof(res->sm.id));
	free(res);
}

void xmpp_res_unref(struct xmpp_res **res)
{
	struct xmpp_res *r = *res;

	*res = NULL;
	if (!r)
		return;
	pthread_mutex_lock(&r->user->lock);
	bool last = --r->refs == 0;
	pthread_mutex_unlock(&r->user->lock);
	if (last)
		free_res(r);
}

void xmpp_res_wake(struct xmpp_res *res)
{
	if (res->handle)
		sess_wake(res->handle);
}
