/* orgdomain.c - libpsl: the system's list of public suffixes, else the one built in */
#include "mailauth/orgdomain.h"

#include <pthread.h>

#include <libpsl.h>

static psl_ctx_t *list; /* for as long as the process lives */

static void load(void)
{
	list = psl_latest(NULL);
}

struct slice org_domain(struct slice domain, struct pool *pool)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *name = pool_str(pool, domain), *org;

	pthread_once(&once, load);
	org = list ? psl_registrable_domain(list, name) : NULL;
	return slice_str(org ? org : name);
}

bool org_same(struct slice a, struct slice b, struct pool *pool)
{
	return slice_ieq(a, b) || slice_ieq(org_domain(a, pool), org_domain(b, pool));
}
