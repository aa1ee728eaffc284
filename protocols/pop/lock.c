/* lock.c - which maildrops are in use (RFC 1939 §4: exclusive access) */
#include "protocols/pop/drop.h"

#include <pthread.h>

enum { BUCKETS = 256 };

static struct pop_lock *buckets[BUCKETS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Where the lock of that account hangs, or would. */
static struct pop_lock **place(uint64_t account)
{
	struct pop_lock **at = &buckets[account % BUCKETS];
	while (*at && (*at)->account != account)
		at = &(*at)->next;
	return at;
}

bool pop_lock_take(struct pop_lock *lock, uint64_t account)
{
	pthread_mutex_lock(&mutex);
	struct pop_lock **at = place(account);
	lock->held = *at == NULL;
	if (lock->held) {
		lock->account = account;
		lock->next = NULL;
		*at = lock;
	}
	pthread_mutex_unlock(&mutex);
	return lock->held;
}

void pop_lock_release(struct pop_lock *lock)
{
	if (!lock->held)
		return;
	pthread_mutex_lock(&mutex);
	*place(lock->account) = lock->next;
	pthread_mutex_unlock(&mutex);
	lock->held = false;
}
