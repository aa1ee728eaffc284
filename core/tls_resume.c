/* tls_resume.c - sessions with other servers, resumed
 *
 * One for each host and policy, the last: a session made under one policy is never
 * offered under another. Those of TLS 1.3 only: with one of TLS 1.2 the library would
 * offer nothing newer, so that a server could not get better in our eyes. A server does
 * not show its certificate when a session is resumed; what it showed when the session
 * was made is kept with it, and judged anew. */
#include "core/tls_private.h"

#include <wolfssl/wolfcrypt/hash.h>

#include "core/num.h"

enum { CHAIN_MAX = 16 * 1024, LENGTH = 8, TICKET_MAX = 4096 };

static void make_key(struct tls *tls)
{
	struct buf all = { 0 };
	unsigned char binding[8];

	buf_printf(&all, "%s\n%s\n%d %s\n", tls->to->host, tls->to->names, tls->to->must_verify,
	    tls->ctx->label);
	num_put64(binding, tls->ctx->binding);
	buf_add(&all, binding, sizeof(binding));
	wc_Sha256Hash((const unsigned char *)all.p, (word32)all.n, tls->to->session);
	buf_done(&all);
}

/* --- kept: the length of the chain, the chain, the session --- */

static struct slice chain_in(struct slice value, struct slice *session)
{
	uint64_t n = value.n >= LENGTH ? num_get64((const unsigned char *)value.p) : UINT64_MAX;

	value = slice_from(value, LENGTH);
	if (n > value.n)
		n = value.n;
	*session = slice_from(value, (size_t)n);
	return slice_head(value, (size_t)n);
}

static void hash_ticket(struct tls *tls, unsigned char out[WC_SHA256_DIGEST_SIZE])
{
	unsigned char ticket[TICKET_MAX] = { 0 };
	word32 n = sizeof(ticket);

	if (wolfSSL_get_SessionTicket(tls->ssl, ticket, &n) != WOLFSSL_SUCCESS)
		n = 0;
	wc_Sha256Hash(ticket, n, out);
}

static void offer(struct tls *tls, struct slice value)
{
	struct slice session, chain = chain_in(value, &session);
	const unsigned char *p = (const unsigned char *)session.p;

	if (session.n == 0 || !tls_peer_resume_chain(tls, chain))
		return;
	WOLFSSL_SESSION *lib = wolfSSL_d2i_SSL_SESSION(NULL, &p, (long)session.n);
	if (!lib || wolfSSL_set_session(tls->ssl, lib) != WOLFSSL_SUCCESS)
		tls_peer_free(tls);
	tls->to->offered = tls->shown != NULL;
	hash_ticket(tls, tls->to->ticket);
	wolfSSL_SESSION_free(lib);
	wolfSSL_ERR_clear_error();
}

void tls_resume_offer(struct tls *tls)
{
	struct buf value = { 0 };
	int64_t used;

	if (tls->to->fresh)
		return;
	make_key(tls);
	if (tls_cache_get(TLS_CACHE_CLIENT, tls->to->session, &value, &used))
		offer(tls, buf_slice(&value));
	buf_wipe(&value);
}

/* A server that resumes need not give another ticket. The library then has the old one
   beside the secrets of the new session, which do not belong together: what is in the
   cache goes on to be good. COMPAT: Postfix */
static bool is_old_ticket(struct tls *tls)
{
	unsigned char ticket[WC_SHA256_DIGEST_SIZE];

	if (!wolfSSL_session_reused(tls->ssl))
		return false;
	hash_ticket(tls, ticket);
	return memcmp(ticket, tls->to->ticket, sizeof(ticket)) == 0;
}

/* RFC 8446 4.6.1: its tickets come some time after the handshake, so this is the last
   thing that is done. */
void tls_resume_keep(struct tls *tls)
{
	WOLFSSL_SESSION *session = wolfSSL_get_session(tls->ssl);
	struct buf value = { 0 };
	unsigned char n[LENGTH];

	if (tls->to->fresh || !session || wolfSSL_version(tls->ssl) != TLS1_3_VERSION ||
	    !tls->shown || tls->shown->chain.n > CHAIN_MAX ||
	    !wolfSSL_SESSION_is_resumable(session) || is_old_ticket(tls))
		return;
	num_put64(n, tls->shown->chain.n);
	buf_add(&value, n, sizeof(n));
	buf_adds(&value, buf_slice(&tls->shown->chain));
	if (tls_session_bytes(session, &value))
		tls_cache_put(
		    TLS_CACHE_CLIENT, tls->to->session, buf_slice(&value), tls_life_now());
	buf_wipe(&value);
}

void tls_resume_failed(struct tls *tls)
{
	if (tls->to->offered)
		tls_cache_drop(TLS_CACHE_CLIENT, tls->to->session);
}

void tls_resume_use(WOLFSSL_CTX *lib)
{
	wolfSSL_CTX_UseSessionTicket(lib);
}
