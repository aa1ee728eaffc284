/* source.c - the domains that have an LDAP directory, in memory */
#include "storage/source.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/log.h"
#include "storage/source_private.h"

enum { CHAINS = 256 };

static struct {
	pthread_rwlock_t lock;
	struct source *chain[CHAINS];
	uint64_t marks;
} all = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static atomic_uint count;
static const struct source_sealer *sealer;

/* --- the list --- */

static struct source **find(struct slice domain)
{
	struct source **at = &all.chain[hash_bytes(domain) % CHAINS];

	while (*at && !slice_eq(slice_str((*at)->domain), domain))
		at = &(*at)->next;
	return at;
}

static void free_source(struct source *s)
{
	source_close_idle(s);
	for (size_t i = 0; i < SOURCE_KNOWN; i++) {
		free(s->known[i].local);
		free(s->known[i].dn);
	}
	pthread_mutex_destroy(&s->lock);
	pool_done(&s->pool);
	free(s->domain);
	free(s);
}

void source_unref(struct source **source)
{
	struct source *s = *source;

	*source = NULL;
	if (!s)
		return;
	pthread_rwlock_wrlock(&all.lock);
	bool last = --s->refs == 0;
	pthread_rwlock_unlock(&all.lock);
	if (last)
		free_source(s);
}

/* Any thread; a lock for writing, since the count is under it. */
struct source *source_of(struct slice domain)
{
	if (atomic_load(&count) == 0)
		return NULL;
	pthread_rwlock_wrlock(&all.lock);
	struct source *s = *find(domain);
	if (s)
		s->refs++;
	pthread_rwlock_unlock(&all.lock);
	return s;
}

bool source_has(struct slice domain, uint64_t *mark)
{
	if (atomic_load_explicit(&count, memory_order_acquire) == 0)
		return false;
	pthread_rwlock_rdlock(&all.lock);
	const struct source *s = *find(domain);
	if (s && mark)
		*mark = s->mark;
	pthread_rwlock_unlock(&all.lock);
	return s != NULL;
}

/* Takes over what is new; NULL: there is none from now on. */
static void replace(struct slice domain, struct source *new)
{
	pthread_rwlock_wrlock(&all.lock);
	struct source **at = find(domain), *old = *at;
	if (old)
		*at = old->next;
	if (new) {
		new->mark = ++all.marks;
		new->next = *at;
		*at = new;
	}
	atomic_fetch_add(&count, (new != NULL) - (old != NULL));
	pthread_rwlock_unlock(&all.lock);
	source_unref(&old);
}

/* --- one of them --- */

struct source *source_new(struct slice domain, const struct source_spec *spec, struct err *err)
{
	struct source *s = mem_get(sizeof(*s));

	s->refs = 1;
	s->domain = mem_str(domain);
	s->pool.wipe = true;
	pthread_mutex_init(&s->lock, NULL);
	s->spec = (struct source_spec){ .url = pool_str(&s->pool, slice_str(spec->url)),
		.base = pool_str(&s->pool, slice_str(spec->base)),
		.filter = pool_str(&s->pool, slice_str(spec->filter)),
		.bind_dn = pool_str(&s->pool, slice_str(spec->bind_dn)),
		.attributes = pool_str(&s->pool, slice_str(spec->attributes)),
		.sealed = pool_slice(&s->pool, spec->sealed) };
	s->link.bind_dn = s->spec.bind_dn;
	if (ldapc_url(slice_str(s->spec.url), &s->pool, &s->link.url))
		return s;
	err_set(err, ERR_INPUT, "url: ldaps://HOST[:PORT] or, with StartTLS, ldap://HOST[:PORT]");
	source_unref(&s);
	return NULL;
}

const char *source_purpose(struct slice domain, struct pool *pool)
{
	return pool_printf(pool, "ldap of %.*s", SLICE_ARG(domain));
}

int source_seal(struct slice domain, struct slice plain, struct buf *sealed, struct err *err)
{
	struct pool pool = { 0 };
	int rc = sealer ? sealer->close(source_purpose(domain, &pool), plain, sealed, err)
			: err_set(err, ERR_TEMP, "there is nothing to seal a password with");

	pool_done(&pool);
	return rc;
}

/* Open the password, if that was not done yet. Any thread but a loop's. */
static int source_open_password(struct source *s, struct err *err)
{
	struct pool pool = { 0 };
	struct buf plain = { 0 };
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->opened && s->spec.sealed.n > 0) {
		rc = sealer ? sealer->open(source_purpose(slice_str(s->domain), &pool),
				  s->spec.sealed, &plain, err)
			    : err_set(err, ERR_TEMP, "nothing opens the directory's password");
		s->link.password = pool_slice(&s->pool, buf_slice(&plain));
	}
	s->opened = rc == 0;
	pthread_mutex_unlock(&s->lock);
	buf_wipe(&plain);
	pool_done(&pool);
	return rc;
}

/* --- start, changes --- */

static bool add(void *arg, struct slice domain, const struct source_spec *spec)
{
	struct err err = { 0 };
	struct source *s = source_new(domain, spec, &err);

	(void)arg;
	if (s)
		replace(domain, s);
	else
		log_event(
		    LOG_ERROR, "ldap-unusable", log_s("domain", domain), log_z("reason", err.text));
	return true;
}

void source_look(struct slice domain)
{
	struct pool pool = { 0 };
	struct source_spec spec;

	if (source_get(domain, &pool, &spec) == 1)
		add(NULL, domain, &spec);
	else
		replace(domain, NULL);
	pool_done(&pool);
}

static void on_domain(void *arg, struct slice domain, bool removed)
{
	(void)arg;
	if (source_has(domain, NULL) != removed)
		return;
	if (removed)
		source_drop(domain, NULL);
	source_look(domain);
}

int source_start(const struct source_sealer *with, struct err *err)
{
	static struct dir_watch watch = { .domain = on_domain };
	static bool watching;

	sealer = with;
	if (!watching)
		dir_watch(&watch);
	watching = true;
	if (source_each(add, NULL) < 0)
		return err_set(err, ERR_TEMP, "cannot read which domains have a directory");
	return 0;
}

void source_stop(void)
{
	for (size_t i = 0; i < CHAINS; i++)
		while (all.chain[i])
			replace(slice_str(all.chain[i]->domain), NULL);
}

/* Links show the certificate of when they were made. */
static void close_all_idle(int64_t num)
{
	(void)num;
	for (size_t i = 0; i < CHAINS; i++) {
		pthread_rwlock_rdlock(&all.lock);
		for (struct source *s = all.chain[i]; s; s = s->next)
			source_close_idle(s);
		pthread_rwlock_unlock(&all.lock);
	}
}

/* E-024, E-028 */
CONF_KEY(ldap_certificate) = {
	.name = "ldap.certificate",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "",
	.refers = "certificate",
	.help = "profile or domain whose certificate is shown to a directory that asks for one; "
		"empty: the main domain's; none: nothing",
	.changed = close_all_idle,
};

CONF_KEY(ldap_timeout) = {
	.name = "ldap.timeout",
	.type = CONF_DURATION,
	.def = "5s",
	.min = 100,
	.max = 60000,
	.help = "how long a directory may take to answer",
};

struct ldapc *source_link(struct source *s, struct err *err)
{
	struct conf_at at = { .domain = s->domain };
	struct buf certificate = { 0 };
	struct ldapc *link = NULL;

	conf_text(&conf_key_ldap_certificate, &at, &certificate);
	if (source_open_password(s, err) == 0)
		link = ldapc_open(
		    &s->link, buf_z(&certificate), (uint64_t)conf_num(&conf_key_ldap_timeout), err);
	buf_done(&certificate);
	return link;
}
