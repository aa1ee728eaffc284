/* tls_staple.c - what the issuer says of our certificate, shown with it (RFC 6066 8)
 *
 * The library (5.5.4) can staple, but not as a server should:
 *
 * - A response is checked and put into a cache when a client asks first, by a
 *   request that all connections of a context share; the connection that this
 *   request names may be another's, or gone. So the cache is filled here, by two
 *   ClientHellos of ours, before anybody else sees the context, and a cold cache
 *   gives nothing.
 * - Under TLS 1.3 it parses the leaf anew for each connection, checks its signature,
 *   which costs as much as the rest of the handshake, and never frees what it parsed
 *   (tls.c, TLSX_CSR_Parse). ParseCert is defined here once more, as others are in
 *   tls_prefer.c: our own leaf's signature is not checked, and its parts are freed.
 * - Nor does it free the copy of the response (TLSX_CSR_Free). The next block of that
 *   size is remembered, and freed after the connection. */
#include "core/tls_private.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/ecc.h>

/* What is said above of leaks was read in this version; later ones may free, so that
   doing it here, too, would be worse. */
#define LIBRARY_LEAKS (LIBWOLFSSL_VERSION_HEX <= 0x05005004)

/* The context whose handshake this thread is in, and whether that is one of ours to
   fill the cache. */
static _Thread_local struct {
	struct tls_ctx *ctx;
	bool filling;
} now;

/* --- our own leaf, parsed --- */

static int (*library_parse)(DecodedCert *cert, int type, int verify, void *cm);

static void find_parse(void)
{
	*(void **)&library_parse = dlsym(RTLD_NEXT, "ParseCert");
	if (!library_parse)
		bug("wolfSSL has no ParseCert");
}

static bool is_own_leaf(const DecodedCert *cert)
{
	return now.ctx && slice_eq(slice_of(cert->source, cert->maxIdx), buf_slice(&now.ctx->leaf));
}

int ParseCert(DecodedCert *cert, int type, int verify, void *cm)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_parse);
	if (!is_own_leaf(cert))
		return library_parse(cert, type, verify, cm);
	int rc = library_parse(cert, type, NO_VERIFY, cm);
	if (LIBRARY_LEAKS) {
		/* What is used of it afterwards, serial number, hashes and URL, is in the
		   struct itself or in the leaf. */
		FreeDecodedCert(cert);
		tls_alloc_watch(now.ctx->staple.n);
	}
	return rc;
}

/* --- the cache --- */

/* The library asks for the response. It frees what it is given. */
static int give(WOLFSSL *ssl, void *arg)
{
	(void)arg;
	if (!now.filling)
		return 1;
	const struct buf *staple = &now.ctx->staple;
	unsigned char *copy = wolfSSL_Malloc(staple->n);
	if (!copy)
		return 1;
	memcpy(copy, staple->p, staple->n);
	wolfSSL_set_tlsext_status_ocsp_resp(ssl, copy, (int)staple->n);
	if (LIBRARY_LEAKS) /* the next one is the library's */
		tls_alloc_watch(staple->n);
	return 0;
}

/* Nothing but what makes a server answer with its certificate. RFC 5246 7.4.1.2,
   RFC 8446 4.1.2. */
#define RANDOM_8 "\1\2\3\4\5\6\7\10"
#define HELLO_BEGIN                                                                                \
	"\3\3" RANDOM_8 RANDOM_8 RANDOM_8 RANDOM_8 "\0"                                            \
	"\0\6\x13\1\xc0\x2b\xc0\x2f" /* one suite for TLS 1.3, one for each kind of key in 1.2 */  \
	"\1\0"
#define STATUS_REQUEST "\0\5\0\5\1\0\0\0\0"
#define GROUPS "\0\12\0\10\0\6\0\x1d\0\x17\0\x18"
#define SIGNATURES "\0\15\0\20\0\16\4\3\5\3\6\3\10\4\10\5\10\6\4\1" /* ECDSA, RSA-PSS, RSA */
#define POINTS "\0\13\0\2\1\0"
#define VERSION_13 "\0\x2b\0\3\2\3\4"
#define KEY_SHARE_13 "\0\x33\0\x26\0\x24\0\x1d\0\x20" RANDOM_8 RANDOM_8 RANDOM_8 RANDOM_8

static const char extensions_12[] = STATUS_REQUEST GROUPS SIGNATURES POINTS;
static const char extensions_13[] = STATUS_REQUEST GROUPS SIGNATURES VERSION_13 KEY_SHARE_13;

static void put16(struct buf *out, size_t n)
{
	buf_addc(out, (char)(n >> 8));
	buf_addc(out, (char)n);
}

static void make_hello(struct slice extensions, struct buf *out)
{
	static const char begin[] = HELLO_BEGIN;
	size_t n = sizeof(begin) - 1 + 2 + extensions.n;

	buf_adds(out, SLICE("\x16\3\1"));
	put16(out, 4 + n);
	buf_adds(out, SLICE("\1\0"));
	put16(out, n);
	buf_add(out, begin, sizeof(begin) - 1);
	put16(out, extensions.n);
	buf_adds(out, extensions);
}

static int read_hello(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	struct slice *rest = arg;

	(void)ssl;
	if (rest->n == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	struct slice part = slice_head(*rest, (size_t)n);
	memcpy(buf, part.p, part.n);
	*rest = slice_from(*rest, part.n);
	return (int)part.n;
}

static int drop_answer(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	(void)ssl, (void)buf, (void)arg;
	return n;
}

/* True: the library made a copy of the response, and lost it. */
static bool shake(struct tls_ctx *ctx, struct slice extensions)
{
	struct buf hello = { 0 };
	WOLFSSL *ssl = wolfSSL_new(ctx->lib);

	if (!ssl)
		return false;
	make_hello(extensions, &hello);
	struct slice rest = buf_slice(&hello);
	wolfSSL_SSLSetIORecv(ssl, read_hello);
	wolfSSL_SSLSetIOSend(ssl, drop_answer);
	wolfSSL_SetIOReadCtx(ssl, &rest);
	now.ctx = ctx;
	wolfSSL_accept(ssl);
	now.ctx = NULL;
	wolfSSL_free(ssl);
	wolfSSL_ERR_clear_error();
	buf_done(&hello);
	void *copy = tls_alloc_watched();
	free(copy);
	return copy != NULL;
}

/* Under TLS 1.3 once more, with nothing to be given: does the cache answer? */
static bool fill(struct tls_ctx *ctx)
{
	struct slice hello_13 = slice_of(extensions_13, sizeof(extensions_13) - 1);

	now.filling = true;
	if (ctx->oldest == 12)
		shake(ctx, slice_of(extensions_12, sizeof(extensions_12) - 1));
	shake(ctx, hello_13);
	now.filling = false;
	bool filled = !LIBRARY_LEAKS || shake(ctx, hello_13);
	/* It has checked signatures by itself, and keeps tables for that in each thread, which
	   nobody frees when the thread ends. */
	wc_ecc_fp_free();
	return filled;
}

void tls_staple_use(struct tls_ctx *ctx, const struct tls_ctx_spec *spec)
{
	if (spec->staple.n == 0 || time(NULL) >= spec->staple_until)
		return;
	/* Its verdict counts for nothing else: who peers are is judged elsewhere. */
	if (wolfSSL_CTX_load_verify_buffer(ctx->lib, (const unsigned char *)spec->issuer.p,
		(long)spec->issuer.n, WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_tlsext_status_cb(ctx->lib, give) != WOLFSSL_SUCCESS)
		return;
	buf_adds(&ctx->leaf, spec->leaf);
	buf_adds(&ctx->staple, spec->staple);
	ctx->staple_until = spec->staple_until;
	if (!fill(ctx)) {
		wolfSSL_CTX_DisableOCSPStapling(ctx->lib);
		buf_done(&ctx->staple);
	}
}

bool tls_ctx_staples(const struct tls_ctx *ctx)
{
	return ctx->staple.n > 0;
}

/* --- around handshakes --- */

/* What is past its time is worse than nothing: clients would refuse us for it. */
static void end_in_time(struct tls_ctx *ctx)
{
	if (time(NULL) >= ctx->staple_until && !atomic_exchange(&ctx->staple_over, true))
		wolfSSL_CTX_DisableOCSPStapling(ctx->lib);
}

void tls_staple_begin(struct tls *tls)
{
	if (tls->to || !tls_ctx_staples(tls->ctx))
		return;
	end_in_time(tls->ctx);
	now.ctx = tls->ctx;
}

void tls_staple_end(struct tls *tls)
{
	if (!now.ctx)
		return;
	now.ctx = NULL;
	void *copy = tls_alloc_watched();
	if (copy && LIBRARY_LEAKS) {
		/* A second one when the client was asked for another ClientHello. */
		tls->staple_copies[tls->staple_copies[0] != NULL] = copy;
	}
}

void tls_staple_free(struct tls *tls)
{
	for (size_t i = 0; i < sizeof(tls->staple_copies) / sizeof(*tls->staple_copies); i++)
		free(tls->staple_copies[i]);
}
