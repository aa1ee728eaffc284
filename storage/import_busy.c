/* import_busy.c - who imports now: one for an account at a time, few over the network
 *
 * Two imports of the same mail at once would both find that a message is not here yet. One
 * over the network has a thread for as long as it takes, which others wait for as well. */
#include <pthread.h>

#include "storage/box_private.h"
#include "storage/import.h"

enum { FAR_MAX = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct import *running;

static bool is_same(const struct acct *a, const struct acct *b)
{
	return a->id == b->id && a->shard == b->shard;
}

static int enter(struct import *import, struct err *err)
{
	unsigned far = 0;

	for (const struct import *it = running; it; it = it->next) {
		if (is_same(it->acct, import->acct))
			return err_set(err, ERR_BUSY, "an import into that account is running");
		far += it->far;
	}
	if (import->far && far >= FAR_MAX)
		return err_set(err, ERR_BUSY, "%u imports over the network are running", far);
	import->next = running;
	running = import;
	import->begun = true;
	return 0;
}

int import_begin(struct import *import, bool far, struct err *err)
{
	import->far = far;
	pthread_mutex_lock(&lock);
	int rc = enter(import, err);
	pthread_mutex_unlock(&lock);
	return rc;
}

void import_end(struct import *import)
{
	struct import **at = &running;

	if (!import->begun)
		return;
	pthread_mutex_lock(&lock);
	while (*at != import)
		at = &(*at)->next;
	*at = import->next;
	pthread_mutex_unlock(&lock);
	import->begun = false;
}
