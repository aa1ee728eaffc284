/* tls_session.c - sessions by their ids, for clients that take no tickets
 *
 * TLS 1.2 and before (RFC 5246 7.4.1.2). Behind what the library wants to be kept
 * stands what a ticket has, too: binding, client, life. A session that is asked for
 * under another binding, or when its time is over, is not found: a full handshake
 * follows. */
#include "core/tls_private.h"

#include "core/num.h"

enum { BINDING = 8, LIFE = 4, OURS = BINDING + LIFE + TLS_IDENTITY };

static struct tls *tls_of(const WOLFSSL *ssl)
{
	return wolfSSL_GetIOReadCtx((WOLFSSL *)(uintptr_t)ssl);
}

static uint32_t life_in(const unsigned char *ours)
{
	uint32_t life;

	memcpy(&life, ours + BINDING, sizeof(life));
	return life;
}

static void put_ours(struct tls *tls, struct buf *out)
{
	unsigned char ours[OURS];

	num_put64(ours, tls->ctx->binding);
	memcpy(ours + BINDING, &tls->life, LIFE);
	tls_peer_identity(tls, ours + BINDING + LIFE);
	buf_add(out, ours, sizeof(ours));
}

bool tls_session_bytes(WOLFSSL_SESSION *session, struct buf *out)
{
	int n = wolfSSL_i2d_SSL_SESSION(session, NULL);
	unsigned char *p = n > 0 ? (unsigned char *)buf_room(out, (size_t)n) : NULL;

	if (!p || wolfSSL_i2d_SSL_SESSION(session, &p) != n)
		return false;
	out->n += (size_t)n;
	return true;
}

static bool wants_cache(const struct tls *tls, WOLFSSL *ssl)
{
	return tls->greeting && !tls->greeting->hello.takes_tickets &&
	    wolfSSL_version(ssl) != TLS1_3_VERSION && !wolfSSL_session_reused(ssl);
}

/* 0: the library keeps its reference to itself. */
static int on_new(WOLFSSL *ssl, WOLFSSL_SESSION *session)
{
	struct tls *tls = tls_of(ssl);
	struct buf value = { 0 };
	unsigned id_n = 0;
	const unsigned char *id = wolfSSL_SESSION_get_id(session, &id_n);

	if (id_n != TLS_CACHE_KEY || !wants_cache(tls, ssl))
		return 0;
	tls->life = tls_life_new();
	put_ours(tls, &value);
	if (tls_session_bytes(session, &value)) {
		tls_cache_put(TLS_CACHE_SERVER, id, buf_slice(&value), tls_life_now());
		tls->cached = true;
	}
	buf_wipe(&value);
	return 0;
}

static WOLFSSL_SESSION *open_value(struct tls *tls, struct slice value, int64_t used)
{
	const unsigned char *ours = (const unsigned char *)value.p, *p = ours + OURS;

	if (value.n < OURS || num_get64(ours) != tls->ctx->binding ||
	    !tls_life_lasts(life_in(ours), used, tls->ctx->session_ttl_s) ||
	    !tls_peer_resume(tls, ours + BINDING + LIFE))
		return NULL;
	tls->life = life_in(ours);
	tls->cached = true;
	return wolfSSL_d2i_SSL_SESSION(NULL, &p, (long)(value.n - OURS));
}

static WOLFSSL_SESSION *on_get(WOLFSSL *ssl, const unsigned char *id, int id_n, int *copy)
{
	WOLFSSL_SESSION *session = NULL;
	struct buf value = { 0 };
	int64_t used;

	*copy = 0;
	if (id_n == TLS_CACHE_KEY && tls_cache_get(TLS_CACHE_SERVER, id, &value, &used))
		session = open_value(tls_of(ssl), buf_slice(&value), used);
	buf_wipe(&value);
	return session;
}

void tls_session_use(WOLFSSL_CTX *lib)
{
	wolfSSL_CTX_sess_set_new_cb(lib, on_new);
	wolfSSL_CTX_sess_set_get_cb(lib, on_get);
}

void tls_session_closed(const struct tls *tls)
{
	WOLFSSL_SESSION *session = tls->cached ? wolfSSL_get_session(tls->ssl) : NULL;
	unsigned id_n = 0;
	const unsigned char *id = session ? wolfSSL_SESSION_get_id(session, &id_n) : NULL;

	if (id_n == TLS_CACHE_KEY)
		tls_cache_use(TLS_CACHE_SERVER, id, tls_life_now());
}

/* --- the broom --- */

static bool is_over(void *arg, struct slice value, int64_t used)
{
	const int64_t *ttl_s = arg;

	return value.n < OURS ||
	    !tls_life_lasts(life_in((const unsigned char *)value.p), used, *ttl_s);
}

static bool was_long_ago(void *arg, struct slice value, int64_t used)
{
	const int64_t *ttl_s = arg;

	(void)value;
	return tls_life_now() - used >= *ttl_s * 1000;
}

void tls_session_sweep(int64_t ttl_s)
{
	tls_cache_sweep(TLS_CACHE_SERVER, is_over, &ttl_s);
	tls_cache_sweep(TLS_CACHE_CLIENT, was_long_ago, &ttl_s);
}
