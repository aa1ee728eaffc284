/* tls_peer.c - the certificates of the other side: gathered, judged, remembered
 *
 * The library sees that the peer has the key of the certificate that it shows,
 * and nothing more: what the certificate is worth is said by the verifier,
 * which is handed in. It is asked in the middle of the handshake, so that the
 * peer is told by the right alert. */
#include "core/tls_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <wolfssl/wolfcrypt/hash.h>

enum { CHAIN_MAX = 100 * 1024 };

static struct tls_verifier verifier;

void tls_verifier_set(const struct tls_verifier *v)
{
	verifier = *v;
}

/* --- those whose sessions may be resumed ---
 *
 * A ticket has room for a hash of what the peer showed. The chain itself is
 * found here, if nobody else took its place meanwhile; a full handshake shows it
 * again. */

enum { REMEMBERED = 1024 };

static struct {
	pthread_mutex_t lock;
	struct {
		unsigned char identity[TLS_IDENTITY];
		struct buf chain;
	} place[REMEMBERED];
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t place_of(const unsigned char identity[TLS_IDENTITY])
{
	return (identity[0] << 8 | identity[1]) % REMEMBERED;
}

static void remember(const unsigned char identity[TLS_IDENTITY], struct slice chain)
{
	size_t at = place_of(identity);

	pthread_mutex_lock(&seen.lock);
	buf_done(&seen.place[at].chain);
	buf_adds(&seen.place[at].chain, chain);
	memcpy(seen.place[at].identity, identity, TLS_IDENTITY);
	pthread_mutex_unlock(&seen.lock);
}

static bool recall(const unsigned char identity[TLS_IDENTITY], struct buf *chain)
{
	size_t at = place_of(identity);

	pthread_mutex_lock(&seen.lock);
	bool found = memcmp(seen.place[at].identity, identity, TLS_IDENTITY) == 0;
	if (found)
		buf_adds(chain, buf_slice(&seen.place[at].chain));
	pthread_mutex_unlock(&seen.lock);
	return found;
}

/* --- judging --- */

static int ask_verifier(
    const struct tls *tls, struct slice chain, struct buf *accounts, struct err *err)
{
	struct tls_claim claim = { .chain = chain };

	if (!verifier.verify)
		return err_set(err, ERR_TEMP, "nobody is there to verify it");
	if (chain.n > CHAIN_MAX)
		return err_set(err, ERR_LIMIT, "the chain is longer than %d bytes", CHAIN_MAX);
	if (tls->to) {
		claim.server = true;
		claim.host = tls->to->host;
		claim.names = slice_str(tls->to->names);
		claim.pins = buf_slice(&tls->to->pins);
	} else {
		claim.domain = tls->ctx->label;
		claim.any = tls->asks && !tls->ctx->asks;
	}
	return verifier.verify(verifier.arg, &claim, accounts, err);
}

static void judge(struct tls *tls)
{
	struct tls_shown *shown = tls->shown;
	struct err err = { 0 };

	shown->verified = ask_verifier(tls, buf_slice(&shown->chain), &shown->accounts, &err) == 0;
	buf_z(&shown->accounts);
	snprintf(shown->verdict, sizeof(shown->verdict), "%s", shown->verified ? "ok" : err.text);
}

static bool must_be_good(const struct tls *tls)
{
	return tls->to ? tls->to->must_verify
		       : tls->ctx->client_required || tls->ctx->client_strict;
}

/* Called for each certificate, the leaf last. 0 ends the handshake with an
   alert. What the library thinks of it does not count. */
static int on_certificate(int library_says, WOLFSSL_X509_STORE_CTX *store)
{
	struct tls *tls = store->userCtx;

	(void)library_says;
	if (store->error_depth > 0)
		return 1;
	tls_peer_free(tls);
	if (store->totalCerts == 0)
		return 1; /* none was shown: the library knows whether one is required */
	tls->shown = mem_get(sizeof(*tls->shown));
	for (int i = 0; i < store->totalCerts; i++)
		buf_add(&tls->shown->chain, store->certs[i].buffer, store->certs[i].length);
	judge(tls);
	tls->shown->refused = !tls->shown->verified && must_be_good(tls);
	return !tls->shown->refused;
}

/* Take the first certificate off *rest; they were read before and are good DER. Empty
   at the end. */
static struct slice take_certificate(struct slice *rest)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t head = rest->n > 5 && p[1] > 0x80 && p[1] <= 0x83 ? 2 + (p[1] & 3) : 2, n = 0;

	for (size_t i = 2; i < head; i++)
		n = n << 8 | p[i];
	struct slice first = slice_head(*rest, n > 0 ? head + n : 0);
	*rest = slice_from(*rest, first.n);
	return first;
}

/* RFC 5246 7.4.4: names of issuers. The library says them under TLS 1.2 only. */
static void name_issuers(WOLFSSL_CTX *lib, struct slice issuers)
{
	for (struct slice der; (der = take_certificate(&issuers)).n > 0;) {
		WOLFSSL_X509 *issuer =
		    wolfSSL_X509_d2i(NULL, (const unsigned char *)der.p, (int)der.n);
		if (issuer)
			wolfSSL_CTX_add_client_CA(lib, issuer);
		wolfSSL_X509_free(issuer);
	}
}

void tls_peer_ask(WOLFSSL_CTX *lib, const struct tls_ctx_spec *spec)
{
	int mode = WOLFSSL_VERIFY_NONE;

	if (spec->connects || spec->client_issuer.n > 0)
		mode = WOLFSSL_VERIFY_PEER;
	if (!spec->connects && spec->client_required)
		mode |= WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	wolfSSL_CTX_set_verify(lib, mode, mode == WOLFSSL_VERIFY_NONE ? NULL : on_certificate);
	name_issuers(lib, spec->client_issuer);
}

void tls_peer_watch(struct tls *tls)
{
	wolfSSL_SetCertCbCtx(tls->ssl, tls);
}

void tls_peer_ask_one(struct tls *tls)
{
	if (tls->ctx->asks)
		return;
	wolfSSL_set_verify(tls->ssl, WOLFSSL_VERIFY_PEER, on_certificate);
	tls_peer_watch(tls);
}

/* --- afterwards --- */

bool tls_peer_settle(struct tls *tls)
{
	/* A ticket that opened, but was not used after all. */
	if (tls->shown && tls->shown->resumed && !wolfSSL_session_reused(tls->ssl))
		tls_peer_free(tls);
	return tls->to || !tls->ctx->client_required || (tls->shown && tls->shown->verified);
}

void tls_peer_free(struct tls *tls)
{
	if (tls->shown) {
		buf_done(&tls->shown->chain);
		buf_done(&tls->shown->accounts);
	}
	free(tls->shown);
	tls->shown = NULL;
}

void tls_peer(const struct io *io, struct tls_peer *out)
{
	const struct tls *tls = (const struct tls *)io;

	*out = (struct tls_peer){ .accounts = "", .verdict = "no certificate was shown" };
	if (tls->shown)
		*out = (struct tls_peer){ .chain = buf_slice(&tls->shown->chain),
			.verified = tls->shown->verified,
			.accounts = tls->shown->verified ? tls->shown->accounts.p : "",
			.verdict = tls->shown->verdict };
}

struct slice tls_leaf(struct slice chain)
{
	return take_certificate(&chain);
}

void tls_peer_names(struct slice chain, struct buf *subject, struct buf *issuer)
{
	if (verifier.names)
		verifier.names(verifier.arg, chain, subject, issuer);
}

/* --- sessions that are resumed --- */

void tls_peer_identity(const struct tls *tls, unsigned char out[TLS_IDENTITY])
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE];

	memset(out, 0, TLS_IDENTITY);
	if (!tls->shown || !tls->shown->verified)
		return;
	const struct buf *chain = &tls->shown->chain;
	if (wc_Sha256Hash((const unsigned char *)chain->p, (word32)chain->n, hash) != 0)
		return;
	memcpy(out, hash, TLS_IDENTITY);
	remember(out, buf_slice(chain));
}

bool tls_peer_resume(struct tls *tls, const unsigned char identity[TLS_IDENTITY])
{
	static const unsigned char nobody[TLS_IDENTITY];

	tls_peer_free(tls);
	if (memcmp(identity, nobody, TLS_IDENTITY) == 0)
		return !tls->ctx->client_required && !tls->asks; /* it was not asked then */
	tls->shown = mem_get(sizeof(*tls->shown));
	tls->shown->resumed = true;
	if (recall(identity, &tls->shown->chain))
		judge(tls);
	if (tls->shown->verified)
		return true;
	tls_peer_free(tls);
	return false;
}

bool tls_peer_resume_chain(struct tls *tls, struct slice chain)
{
	tls_peer_free(tls);
	tls->shown = mem_get(sizeof(*tls->shown));
	tls->shown->resumed = true;
	buf_adds(&tls->shown->chain, chain);
	judge(tls);
	if (tls->shown->verified || !must_be_good(tls))
		return true;
	tls_peer_free(tls);
	return false;
}
