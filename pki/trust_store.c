/* trust_store.c - the sets that count for somebody, kept in memory
 *
 * A set is dropped when it changes; who works with it keeps it. */
#include <stdlib.h>

#include "core/log.h"
#include "pki/trust_private.h"

enum { SCOPES_KEPT = 64 };

pthread_mutex_t trust_lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
	char *scope;
	struct trust_set *set;
} kept[SCOPES_KEPT];
static size_t next; /* place that is used next */

static void clear(size_t at)
{
	free(kept[at].scope);
	kept[at].scope = NULL;
	trust_set_unref(&kept[at].set);
}

void stored_forget(struct slice scope)
{
	for (size_t i = 0; i < SCOPES_KEPT; i++)
		if (kept[i].scope && slice_ieq(slice_str(kept[i].scope), scope))
			clear(i);
}

static void keep(struct slice scope, struct trust_set *set)
{
	size_t at = next++ % SCOPES_KEPT;

	clear(at);
	kept[at].scope = mem_str(scope);
	kept[at].set = trust_set_ref(set);
}

static struct trust_set *read_set(struct slice scope)
{
	struct buf der = { 0 }, lists = { 0 };
	struct trust_set *set = NULL;

	if (trust_read(TRUST_CERTIFICATES, scope, &der) != 0 ||
	    trust_read(TRUST_LISTS, scope, &lists) != 0)
		log_event(LOG_ERROR, "trust-unreadable", log_s("scope", scope));
	if (der.n + lists.n > 0) {
		set = trust_set_new(buf_slice(&der));
		trust_set_lists(set, buf_slice(&lists));
	}
	buf_done(&der);
	buf_done(&lists);
	return set;
}

struct trust_set *stored_now(struct slice scope)
{
	for (size_t i = 0; i < SCOPES_KEPT; i++)
		if (kept[i].scope && slice_ieq(slice_str(kept[i].scope), scope))
			return trust_set_ref(kept[i].set);
	struct trust_set *set = read_set(scope);
	keep(scope, set);
	return set;
}

struct trust_set *trust_stored(struct slice scope)
{
	pthread_mutex_lock(&trust_lock);
	struct trust_set *set = stored_now(scope);
	pthread_mutex_unlock(&trust_lock);
	return set;
}

struct trust_set *trust_builtin(void)
{
	pthread_mutex_lock(&trust_lock);
	struct trust_set *set = builtin_now();
	pthread_mutex_unlock(&trust_lock);
	return set;
}

void trust_take(struct slice domain, struct trust *out)
{
	pthread_mutex_lock(&trust_lock);
	*out = (struct trust){ { builtin_now(), stored_now((struct slice){ 0 }),
	    domain.n > 0 ? stored_now(domain) : NULL } };
	pthread_mutex_unlock(&trust_lock);
}

void trust_drop(struct slice domain)
{
	pthread_mutex_lock(&trust_lock);
	trust_write(TRUST_CERTIFICATES, domain, (struct slice){ 0 }, NULL);
	trust_write(TRUST_LISTS, domain, (struct slice){ 0 }, NULL);
	stored_forget(domain);
	pthread_mutex_unlock(&trust_lock);
}

void trust_reload(void)
{
	pthread_mutex_lock(&trust_lock);
	builtin_stop();
	pthread_mutex_unlock(&trust_lock);
}

void trust_stop(void)
{
	pthread_mutex_lock(&trust_lock);
	for (size_t i = 0; i < SCOPES_KEPT; i++)
		clear(i);
	builtin_stop();
	pthread_mutex_unlock(&trust_lock);
}
