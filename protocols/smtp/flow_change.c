/* flow_change.c - what holds now, and how it is changed: the records first, then what is read
 *
 * Changes come one at a time. Each writes its records in one transaction and reads
 * all of them anew; connections that have begun keep what they hold. */
#include <pthread.h>
#include <stdlib.h>

#include "protocols/smtp/flow_private.h"
#include "storage/store.h"

static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of current */
static struct flow *current;

struct flow *flow_take(void)
{
	pthread_mutex_lock(&lock);
	struct flow *flow = current;
	if (flow)
		atomic_fetch_add(&flow->refs, 1);
	pthread_mutex_unlock(&lock);
	return flow;
}

void flow_give(struct flow **flow)
{
	if (*flow && atomic_fetch_sub(&(*flow)->refs, 1) == 1)
		flow_free(*flow);
	*flow = NULL;
}

static void replace(struct flow *flow)
{
	pthread_mutex_lock(&lock);
	struct flow *old = current;
	current = flow;
	pthread_mutex_unlock(&lock);
	flow_give(&old);
}

/* --- a change: records gathered, then written --- */

void flow_begin(struct flow_change *c)
{
	pthread_mutex_lock(&change_lock);
	*c = (struct flow_change){ .flow = flow_take() };
}

void flow_put(
    struct flow_change *c, enum flow_record kind, const char *const *parts, const struct buf *value)
{
	struct buf key = { 0 };

	flow_key(&key, kind, parts);
	struct store_record record = { .key = pool_slice(&c->pool, buf_slice(&key)) };
	if (value)
		record.value = pool_slice(&c->pool, buf_slice(value));
	buf_add(&c->records, &record, sizeof(record));
	buf_done(&key);
}

int flow_end(struct flow_change *c, int rc, struct err *err)
{
	struct flow *flow = NULL;

	if (rc == 0 && c->records.n > 0)
		rc = store_records_put(flow_room, (const struct store_record *)c->records.p,
		    c->records.n / sizeof(struct store_record), err);
	if (rc == 0)
		flow = flow_read(err);
	if (flow)
		replace(flow);
	flow_give(&c->flow);
	buf_done(&c->records);
	pool_done(&c->pool);
	pthread_mutex_unlock(&change_lock);
	return flow ? 0 : -1;
}

int flow_reload(struct err *err)
{
	struct flow_change c;

	flow_begin(&c);
	return flow_end(&c, 0, err);
}

void flow_stop(void)
{
	replace(NULL);
}

/* --- what is asked for: is it there, is it fine? --- */

int flow_check_name(const char *name, const char *what, struct err *err)
{
	enum { NAME_MAX_ = 63 };
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	if (n > 0 && n <= NAME_MAX_ && name[n] == '\0')
		return 0;
	return err_set(err, ERR_INPUT, "a %s's name has 1 to %d letters, digits, dots, '_' and '-'",
	    what, NAME_MAX_);
}

const struct flow_policy *flow_need_policy(
    const struct flow_change *c, const char *name, struct err *err)
{
	const struct flow_policy *policy = flow_policy(c->flow, name);

	if (!policy)
		err_set(err, ERR_ABSENT,
		    "there is no policy '%s'; signet policy list tells which there are", name);
	return policy;
}

const struct flow_group *flow_need_group(
    const struct flow_change *c, const char *listener, const char *name, struct err *err)
{
	const struct flow_group *group = flow_group(c->flow, listener, name);

	if (!group)
		err_set(err, ERR_ABSENT,
		    "there is no sender group '%s' at the listener '%s'; signet sender-group list "
		    "tells which there are",
		    name, listener);
	return group;
}
