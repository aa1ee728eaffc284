/* choose.c - which certificate a connection is shown, answered from memory
 *
 * Bounded caches: contexts by domain, and contexts by what the client said and
 * where it connected to. What is in neither is looked up by a worker. A change of
 * the directory or of a setting empties the second, a change of a domain's
 * certificate its place in the first; connections keep the context that they
 * have. A third has those of listeners that were given a certificate, by what
 * they were given and the domain that a client came to: few, and any change
 * empties it. */
#include <pthread.h>

#include "core/log.h"
#include "core/metric.h"
#include "pki/ctx_cache.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

enum { DOMAINS_MAX = 2000, HELLOS_MAX = 4096, GIVEN_MAX = 500, HOST_MAX = 253 };

static struct {
	pthread_mutex_t lock; /* of changes: nothing old is put after something was forgotten */
	uint64_t generation;
	struct ctx_cache *domains, *hellos, *given;
} cached = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- contexts --- */

static struct tls_ctx *make_stored(struct slice domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct tls_ctx *ctx = NULL;
	struct err err = { 0 };

	if (record_get(domain, &bytes, &record) == 1) {
		ctx = context_make(domain, &record, &err);
		if (!ctx && err.kind != ERR_ABSENT)
			log_event(LOG_ERROR, "certificate-unusable", log_s("domain", domain),
			    log_z("reason", err.text));
	}
	buf_done(&bytes);
	return ctx;
}

static uint64_t generation_now(void)
{
	pthread_mutex_lock(&cached.lock);
	uint64_t generation = cached.generation;
	pthread_mutex_unlock(&cached.lock);
	return generation;
}

/* Keep it, unless something was forgotten since it was read. */
static void keep(
    struct ctx_cache *cache, struct slice key, struct tls_ctx *ctx, uint64_t generation)
{
	pthread_mutex_lock(&cached.lock);
	if (generation == cached.generation)
		ctx_cache_put(cache, key, ctx);
	pthread_mutex_unlock(&cached.lock);
}

static struct tls_ctx *of_domain(const char *domain, uint64_t generation)
{
	struct slice key = slice_str(domain);

	if (!domain)
		return NULL;
	struct tls_ctx *ctx = ctx_cache_get(cached.domains, key);
	if (!ctx) {
		ctx = make_stored(key);
		if (ctx)
			keep(cached.domains, key, ctx, generation);
	}
	return ctx;
}

/* --- choosing --- */

/* A name that could be a host's, in lower case without a final dot. Others are
   as good as none: the client still gets a certificate. */
static void put_host(struct buf *out, struct slice name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n > HOST_MAX)
		return;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return;
	buf_add_lower(out, name);
}

/* What the choice depends on, in one key: "TARGET SNI GIVEN ADDRESS". */
static void put_key(struct buf *out, const struct tls_hello *hello)
{
	put_host(out, hello->target);
	buf_addc(out, ' ');
	if (conf_on(&conf_key_tls_sni))
		put_host(out, hello->sni);
	buf_addc(out, ' ');
	assign_find(hello, out);
	buf_addc(out, ' ');
	buf_adds(out, address_bytes(hello->local));
}

/* The domain that the protocol named, else that of the server name. */
static const char *named(struct slice target, struct slice sni, struct pool *pool)
{
	const char *domain = target.n > 0 ? find_by_name(target, pool) : NULL;

	return domain || sni.n == 0 ? domain : find_by_name(sni, pool);
}

/* One whose PKI services are off has no TLS, whatever the listener was given. */
static bool is_off(const char *domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	bool off = domain && record_get(slice_str(domain), &bytes, &record) == 1 &&
	    record.mode == PKI_DISABLED;

	buf_done(&bytes);
	return off;
}

/* What the listener was given. When that cannot be shown, the domain's own is better
   than none. */
static struct tls_ctx *of_given(struct slice reference, const char *domain, uint64_t generation)
{
	struct buf key = { 0 };

	buf_printf(&key, "%.*s %s", SLICE_ARG(reference), domain);
	struct tls_ctx *ctx = ctx_cache_get(cached.given, buf_slice(&key));
	if (!ctx) {
		ctx = context_given(reference, domain);
		if (ctx)
			keep(cached.given, buf_slice(&key), ctx, generation);
	}
	buf_done(&key);
	return ctx ? ctx : of_domain(domain, generation);
}

static bool is_nobody(const struct sockaddr *local)
{
	struct pool pool = { 0 };
	bool nobody = !address_domain(local, &pool);

	pool_done(&pool);
	return nobody;
}

/* The domain that was named, else that of the address: the first of them that is
   hosted here, whether it has a certificate or not. Another domain's would help
   nobody. */
static struct tls_ctx *of_all(struct slice target, struct slice sni, struct slice given,
    const struct sockaddr *local, uint64_t generation)
{
	struct pool pool = { 0 };
	struct tls_ctx *ctx = NULL;
	const char *by_name = named(target, sni, &pool);
	const char *domain = by_name ? by_name : address_domain(local, &pool);

	if (!domain)
		ctx = context_demo();
	else if (given.n == 0)
		ctx = of_domain(domain, generation);
	else if (!is_off(by_name))
		ctx = of_given(given, domain, generation);
	pool_done(&pool);
	return ctx;
}

static struct tls_ctx *look_up(struct slice key, const struct tls_hello *hello)
{
	uint64_t generation = generation_now();
	struct slice rest = key, target = slice_cut(&rest, ' '), sni = slice_cut(&rest, ' ');
	struct slice given = slice_cut(&rest, ' ');
	struct tls_ctx *ctx = of_all(target, sni, given, hello->local, generation);

	if (ctx)
		keep(cached.hellos, key, ctx, generation);
	return ctx;
}

static struct tls_ctx *choose(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	struct buf key = { 0 };

	(void)arg;
	put_key(&key, hello);
	struct tls_ctx *ctx = ctx_cache_get(cached.hellos, buf_slice(&key));
	if (!ctx && may_wait)
		ctx = look_up(buf_slice(&key), hello);
	else if (!ctx)
		*later = true;
	buf_done(&key);
	return ctx;
}

/* Where the protocol named a domain, it is that one's business alone. */
static bool offers(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	if (hello->target.n == 0)
		return assign_find(hello, NULL) || address_shows(hello->local) ||
		    is_nobody(hello->local);
	struct tls_ctx *ctx = choose(arg, hello, may_wait, later);
	bool good = ctx != NULL;
	tls_ctx_unref(&ctx);
	return good;
}

/* --- for connections that we make --- */

/* No owner's name begins so. */
static void put_own_key(struct buf *out, struct slice domain)
{
	buf_addz(out, "out ");
	buf_adds(out, domain);
}

static struct tls_ctx *own_of(const char *domain)
{
	uint64_t generation = generation_now();
	struct buf key = { 0 };

	put_own_key(&key, slice_str(domain));
	struct tls_ctx *ctx = ctx_cache_get(cached.domains, buf_slice(&key));
	if (!ctx) {
		ctx = context_own(domain);
		if (ctx)
			keep(cached.domains, buf_slice(&key), ctx, generation);
	}
	buf_done(&key);
	return ctx;
}

static bool find_own(struct slice name, struct pool *pool, struct slice *owner)
{
	struct dir_domain domain;

	if (name.n > 0)
		return owner_named(name, pool, owner, NULL) == 0;
	if (dir_main_domain(pool, &domain) != 1)
		return false;
	*owner = slice_str(domain.name);
	return true;
}

static struct tls_ctx *own(void *arg, struct slice name)
{
	struct pool pool = { 0 };
	struct slice owner;
	struct tls_ctx *ctx = find_own(name, &pool, &owner) ? own_of(owner.p) : NULL;

	(void)arg;
	pool_done(&pool);
	return ctx;
}

/* --- start, end, changes --- */

void choose_start(void)
{
	cached.domains = ctx_cache_new(DOMAINS_MAX);
	cached.hellos = ctx_cache_new(HELLOS_MAX);
	cached.given = ctx_cache_new(GIVEN_MAX);
	tls_chooser_set(&(struct tls_chooser){ .choose = choose, .offers = offers, .own = own });
}

void choose_stop(void)
{
	tls_chooser_set(&(struct tls_chooser){ 0 });
	ctx_cache_free(&cached.hellos);
	ctx_cache_free(&cached.given);
	ctx_cache_free(&cached.domains);
}

size_t choose_count(void)
{
	return cached.domains ? ctx_cache_count(cached.domains) : 0;
}

static void collect(struct metric_sink *sink)
{
	metric_put(sink, NULL, (double)choose_count());
}

METRIC(tls_contexts) = {
	.name = "signet_tls_contexts",
	.type = METRIC_GAUGE,
	.help = "TLS contexts of domains in memory",
	.collect = collect,
};

void choose_forget(struct slice domain, bool drop_all)
{
	struct buf own_key = { 0 };

	if (!cached.domains)
		return;
	if (!drop_all && !owner_is_profile(domain))
		address_look(domain);
	put_own_key(&own_key, domain);
	pthread_mutex_lock(&cached.lock);
	cached.generation++;
	ctx_cache_clear(cached.hellos);
	ctx_cache_clear(cached.given);
	if (drop_all)
		ctx_cache_clear(cached.domains);
	ctx_cache_drop(cached.domains, domain);
	ctx_cache_drop(cached.domains, buf_slice(&own_key));
	pthread_mutex_unlock(&cached.lock);
	buf_done(&own_key);
}
