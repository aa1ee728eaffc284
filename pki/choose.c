/* choose.c - which certificate a connection is shown, answered from memory
 *
 * Two bounded caches: contexts by domain, and contexts by what the client said
 * and where it connected to. What is in neither is looked up by a worker. A
 * change of the directory or of a setting empties the second, a change of a
 * domain's certificate its place in the first; connections keep the context
 * that they have. */
#include <pthread.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/log.h"
#include "core/num.h"
#include "pki/cert.h"
#include "pki/ctx_cache.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

enum { DOMAINS_MAX = 2000, HELLOS_MAX = 4096, HOST_MAX = 253 };

static struct {
	pthread_mutex_t lock; /* of changes: nothing old is put after something was forgotten */
	uint64_t generation;
	struct ctx_cache *domains, *hellos;
} shown = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- contexts --- */

/* What tickets are bound to: the domain, its certificate and the policy under
   which the session was made. */
static uint64_t binding_of(struct slice domain, struct slice leaf, const struct tls_ctx_spec *spec)
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE] = { 0 };
	struct buf all = { 0 };

	buf_adds(&all, domain);
	buf_printf(&all, "\n%d\n", spec->oldest);
	buf_adds(&all, leaf);
	wc_Sha256Hash((const unsigned char *)all.p, (word32)all.n, hash);
	buf_done(&all);
	return num_get64(hash);
}

struct tls_ctx *choose_make(
    struct slice domain, const struct domain_record *record, struct err *err)
{
	struct pool pool = { 0 };
	struct slice rest = record->chain;
	struct cert leaf;
	struct tls_ctx_spec spec = {
		.label = pool_str(&pool, domain),
		.chain = record->chain,
		.oldest = conf_num(&conf_key_tls_oldest_version) == 0 ? 12 : 13,
		.ticket_ttl_s = conf_num(&conf_key_tls_ticket_ttl) / 1000,
	};
	struct sign_key key = { spec.label, record->key };
	struct tls_ctx *ctx = NULL;

	if (cert_next(&rest, &leaf)) {
		spec.binding = binding_of(domain, leaf.der, &spec);
		ctx = sign_tls_ctx(&key, &spec, err);
	} else {
		err_set(err, ERR_TEMP, "the certificate of %s cannot be read", spec.label);
	}
	pool_done(&pool);
	return ctx;
}

static struct tls_ctx *make_stored(struct slice domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct tls_ctx *ctx = NULL;
	struct err err = { 0 };

	if (record_get(domain, &bytes, &record) == 1) {
		ctx = choose_make(domain, &record, &err);
		if (!ctx)
			log_event(LOG_ERROR, "certificate-unusable", log_s("domain", domain),
			    log_z("reason", err.text));
	}
	buf_done(&bytes);
	return ctx;
}

static uint64_t generation_now(void)
{
	pthread_mutex_lock(&shown.lock);
	uint64_t generation = shown.generation;
	pthread_mutex_unlock(&shown.lock);
	return generation;
}

/* Keep it, unless something was forgotten since it was read. */
static void keep(
    struct ctx_cache *cache, struct slice key, struct tls_ctx *ctx, uint64_t generation)
{
	pthread_mutex_lock(&shown.lock);
	if (generation == shown.generation)
		ctx_cache_put(cache, key, ctx);
	pthread_mutex_unlock(&shown.lock);
}

static struct tls_ctx *of_domain(const char *domain, uint64_t generation)
{
	struct slice key = slice_str(domain);

	if (!domain)
		return NULL;
	struct tls_ctx *ctx = ctx_cache_get(shown.domains, key);
	if (!ctx) {
		ctx = make_stored(key);
		if (ctx)
			keep(shown.domains, key, ctx, generation);
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
	host_lower(out, name);
}

/* What the choice depends on, in one key: "TARGET SNI ADDRESS". */
static void put_key(struct buf *out, const struct tls_hello *hello)
{
	put_host(out, hello->target);
	buf_addc(out, ' ');
	if (conf_on(&conf_key_tls_sni))
		put_host(out, hello->sni);
	buf_addc(out, ' ');
	buf_adds(out, address_bytes(hello->local));
}

static struct tls_ctx *by_name(struct slice host, uint64_t generation)
{
	struct pool pool = { 0 };
	struct tls_ctx *ctx = host.n > 0 ? of_domain(find_by_name(host, &pool), generation) : NULL;

	pool_done(&pool);
	return ctx;
}

/* The domain of that address, or the main one. Finding it takes a walk through
   all domains, so it is kept apart from names, of which a client has plenty. */
static struct tls_ctx *by_address(const struct sockaddr *local, uint64_t generation)
{
	struct buf key = { 0 };
	struct pool pool = { 0 };
	struct dir_domain main_domain;

	put_key(&key, &(struct tls_hello){ .local = local });
	struct tls_ctx *ctx = ctx_cache_get(shown.hellos, buf_slice(&key));
	if (!ctx) {
		ctx = of_domain(find_by_address(local, &pool), generation);
		if (!ctx && dir_main_domain(&pool, &main_domain) == 1)
			ctx = of_domain(main_domain.name, generation);
		if (ctx)
			keep(shown.hellos, buf_slice(&key), ctx, generation);
	}
	buf_done(&key);
	pool_done(&pool);
	return ctx;
}

/* The domain that the protocol named, the server name, the address, the main
   domain: the first of them that has a certificate. */
static struct tls_ctx *look_up(struct slice key, const struct tls_hello *hello)
{
	uint64_t generation = generation_now();
	struct slice rest = key, target = slice_cut(&rest, ' '), sni = slice_cut(&rest, ' ');
	struct tls_ctx *ctx = by_name(target, generation);

	if (!ctx)
		ctx = by_name(sni, generation);
	if (!ctx)
		ctx = by_address(hello->local, generation);
	if (ctx)
		keep(shown.hellos, key, ctx, generation);
	return ctx;
}

static struct tls_ctx *choose(void *arg, const struct tls_hello *hello, bool may_wait, bool *later)
{
	struct buf key = { 0 };

	(void)arg;
	put_key(&key, hello);
	struct tls_ctx *ctx = ctx_cache_get(shown.hellos, buf_slice(&key));
	if (!ctx && may_wait)
		ctx = look_up(buf_slice(&key), hello);
	else if (!ctx)
		*later = true;
	buf_done(&key);
	return ctx;
}

void choose_start(void)
{
	shown.domains = ctx_cache_new(DOMAINS_MAX);
	shown.hellos = ctx_cache_new(HELLOS_MAX);
	tls_chooser_set(&(struct tls_chooser){ .choose = choose });
}

void choose_stop(void)
{
	tls_chooser_set(&(struct tls_chooser){ 0 });
	ctx_cache_free(&shown.hellos);
	ctx_cache_free(&shown.domains);
}

void choose_forget(struct slice domain, bool drop_all)
{
	if (!shown.domains)
		return;
	pthread_mutex_lock(&shown.lock);
	shown.generation++;
	ctx_cache_clear(shown.hellos);
	if (drop_all)
		ctx_cache_clear(shown.domains);
	else
		ctx_cache_drop(shown.domains, domain);
	pthread_mutex_unlock(&shown.lock);
}
