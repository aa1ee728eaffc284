/* context.c - TLS contexts of domains, made of what they show and how they are set */
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/log.h"
#include "core/num.h"
#include "core/server_name.h"
#include "pki/pki_private.h"
#include "pki/staple.h"

/* What tickets are bound to: the domain, its certificate and the policy under
   which the session was made. */
static uint64_t binding_of(const struct tls_ctx_spec *spec, struct slice leaf)
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE] = { 0 };
	struct buf all = { 0 };

	buf_printf(&all, "%s\n%d%d%d\n", spec->label, spec->oldest, spec->client_required,
	    spec->client_strict);
	buf_adds(&all, leaf);
	buf_adds(&all, spec->client_issuer);
	wc_Sha256Hash((const unsigned char *)all.p, (word32)all.n, hash);
	buf_done(&all);
	return num_get64(hash);
}

static struct tls_ctx *make_of(const struct domain_record *record, const struct shown *shown,
    const char *domain, struct err *err)
{
	struct conf_at at = { .domain = domain };
	struct slice rest = buf_slice(&shown->chain);
	struct buf issuer = { 0 };
	struct staple staple;
	struct cert leaf;

	if (!cert_next(&rest, &leaf)) {
		err_set(err, ERR_TEMP, "the certificate of %s cannot be read", domain);
		return NULL;
	}
	client_issuers(domain, record, &issuer);
	staple_get(shown->key.owner, &leaf, &staple);
	struct tls_ctx_spec spec = {
		.label = domain,
		.chain = buf_slice(&shown->chain),
		.oldest = panel_oldest(),
		.session_ttl_s = panel_session_ttl(),
		.client_issuer = buf_slice(&issuer),
		.client_required = record->client_required, /* also by issuers that are gone */
		.client_strict = conf_num_at(&conf_key_tls_client_strict, &at) != 0,
		.leaf = leaf.der,
		.staple = buf_slice(&staple.response),
		.issuer = buf_slice(&staple.issuer),
		.staple_until = staple.until,
	};
	spec.binding = binding_of(&spec, leaf.der);
	struct tls_ctx *ctx = sign_tls_ctx(&shown->key, &spec, err);
	if (ctx && spec.staple.n > 0 && !tls_ctx_staples(ctx))
		log_event(LOG_WARN, "not-stapled", log_z("domain", domain),
		    log_z("reason", "the TLS library does not take the answer of the issuer"));
	buf_done(&issuer);
	staple_done(&staple);
	return ctx;
}

struct tls_ctx *context_make(
    struct slice domain, const struct domain_record *record, struct err *err)
{
	struct pool pool = { 0 };
	struct shown shown;
	const char *name = pool_str(&pool, domain);
	struct tls_ctx *ctx = NULL;

	if (shown_of(name, record, &shown) == 1)
		ctx = make_of(record, &shown, name, err);
	else
		err_set(err, ERR_ABSENT, "%s has nothing to show", name);
	shown_done(&shown);
	pool_done(&pool);
	return ctx;
}

/* What the owner has is shown to who comes to the domain. */
static struct tls_ctx *make_as(const char *domain, struct slice owner, struct err *err)
{
	struct domain_record policy = { 0 }, record;
	struct buf bytes = { 0 }, policy_bytes = { 0 };
	struct shown shown = { 0 };
	struct tls_ctx *ctx = NULL;

	if (record_get(owner, &bytes, &record) == 1 && shown_of(owner.p, &record, &shown) == 1 &&
	    record_get(slice_str(domain), &policy_bytes, &policy) >= 0)
		ctx = make_of(&policy, &shown, domain, err);
	else
		err_set(err, ERR_ABSENT, "%s has nothing to show", owner.p);
	shown_done(&shown);
	buf_done(&bytes);
	buf_done(&policy_bytes);
	return ctx;
}

struct tls_ctx *context_given(struct slice reference, const char *domain)
{
	struct pool pool = { 0 };
	struct err err = { 0 };
	struct slice owner;
	struct tls_ctx *ctx = NULL;

	if (owner_named(reference, &pool, &owner, &err) == 0)
		ctx = make_as(domain, owner, &err);
	if (!ctx)
		log_event(LOG_ERROR, "certificate-unusable", log_s("assigned", reference),
		    log_z("reason", err.text));
	pool_done(&pool);
	return ctx;
}

struct tls_ctx *context_demo(void)
{
	const struct domain_record demo = { .mode = PKI_TEST };
	struct pool pool = { 0 };
	struct tls_ctx *ctx = context_make(slice_str(server_name(&pool)), &demo, NULL);

	pool_done(&pool);
	return ctx;
}

struct tls_ctx *context_own(const char *domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct shown shown = { 0 };
	struct tls_ctx *ctx = NULL;
	struct cert leaf;

	/* C-101: one for tests would tell nobody anything. */
	if (record_get(slice_str(domain), &bytes, &record) == 1 && record.mode == PKI_ENABLED &&
	    shown_of(domain, &record, &shown) == 1) {
		struct tls_ctx_spec spec = { .label = domain,
			.chain = buf_slice(&shown.chain),
			.oldest = 11,
			.connects = true };
		/* No session of before that showed another certificate is resumed. */
		if (cert_next(&record.leaf, &leaf))
			spec.binding = binding_of(&spec, leaf.der);
		ctx = sign_tls_ctx(&shown.key, &spec, NULL);
	}
	shown_done(&shown);
	buf_done(&bytes);
	return ctx;
}
