/* tls_ctx.c - a domain's key, chain and policy as a context of the TLS library */
#include "core/tls_private.h"

#include <stdlib.h>
#include <wolfssl/wolfcrypt/ecc.h>

/* ECDHE and AEAD only. One list for keys of both kinds. AES-128-GCM comes
   first because nettle makes it several times faster than the others. */
#define GOOD_SUITES                                                                                \
	"TLS13-AES128-GCM-SHA256:"                                                                 \
	"TLS13-AES256-GCM-SHA384:"                                                                 \
	"TLS13-CHACHA20-POLY1305-SHA256:"                                                          \
	"ECDHE-ECDSA-AES128-GCM-SHA256:"                                                           \
	"ECDHE-RSA-AES128-GCM-SHA256:"                                                             \
	"ECDHE-ECDSA-AES256-GCM-SHA384:"                                                           \
	"ECDHE-RSA-AES256-GCM-SHA384:"                                                             \
	"ECDHE-ECDSA-CHACHA20-POLY1305:"                                                           \
	"ECDHE-RSA-CHACHA20-POLY1305"

/* For clients of TLS 1.2 that know no AEAD with ECDHE: mail in the clear would be
   the other choice. C-087: in any case. */
#define CBC_SUITES                                                                                 \
	":ECDHE-ECDSA-AES128-SHA256"                                                               \
	":ECDHE-RSA-AES128-SHA256"

static const char suites[] = GOOD_SUITES CBC_SUITES;

/* C-087: all that older versions can do. */
static const char suites_old[] = GOOD_SUITES CBC_SUITES ":ECDHE-ECDSA-AES128-SHA"
							":ECDHE-RSA-AES128-SHA"
							":ECDHE-ECDSA-AES256-SHA"
							":ECDHE-RSA-AES256-SHA";

/* To old servers it connects, too, when they know nothing better: the other
   choice would be no TLS at all. */
static const char suites_out[] = GOOD_SUITES ":"
					     "DHE-RSA-AES128-GCM-SHA256:"
					     "DHE-RSA-AES256-GCM-SHA384:"
					     "ECDHE-ECDSA-AES128-SHA256:"
					     "ECDHE-RSA-AES128-SHA256:"
					     "ECDHE-ECDSA-AES128-SHA:"
					     "ECDHE-ECDSA-AES256-SHA:"
					     "ECDHE-RSA-AES128-SHA:"
					     "ECDHE-RSA-AES256-SHA:"
					     "DHE-RSA-AES128-SHA256:"
					     "DHE-RSA-AES256-SHA256";

static int groups[] = { WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1 };

static int refuse(struct err *err, const char *label, const char *what, int rc)
{
	return err_set(err, ERR_INPUT, "%s of %s: %s", what, label,
	    wolfSSL_ERR_reason_error_string((unsigned long)-rc));
}

static int oldest_of(const struct tls_ctx_spec *spec)
{
	switch (spec->oldest) {
	case 11:
		return WOLFSSL_TLSV1_1;
	case 13:
		return WOLFSSL_TLSV1_3;
	default:
		return WOLFSSL_TLSV1_2;
	}
}

static const char *suites_of(const struct tls_ctx_spec *spec)
{
	if (spec->connects)
		return suites_out;
	return spec->oldest == 11 ? suites_old : suites;
}

static int set_policy(WOLFSSL_CTX *lib, const struct tls_ctx_spec *spec, struct err *err)
{
	size_t n = sizeof(groups) / sizeof(*groups);

	if (wolfSSL_CTX_SetMinVersion(lib, oldest_of(spec)) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_cipher_list(lib, suites_of(spec)) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_groups(lib, groups, (int)n) != WOLFSSL_SUCCESS)
		return err_set(err, ERR_TEMP, "the TLS library lacks versions, ciphers or groups");
	wolfSSL_CTX_SetDevId(lib, TLS_DEVICE);
	tls_peer_ask(lib, spec);
	/* Else it asks the socket ten times whether the peer has answered. */
	wolfSSL_CTX_clear_mode(lib, SSL_MODE_AUTO_RETRY);
	wolfSSL_CTX_set_group_messages(lib);
	return 0;
}

/* The library's own cache is never used. Its time is the most that a ticket may live
   (RFC 8446 4.6.1); ours, which begins when a session is no longer used, is held by
   tls_life.c. */
static void set_resumption(WOLFSSL_CTX *lib, const struct tls_ctx_spec *spec)
{
	enum { WEEK = 7 * 24 * 60 * 60 };

	wolfSSL_CTX_set_session_cache_mode(lib, WOLFSSL_SESS_CACHE_NO_INTERNAL);
	wolfSSL_CTX_set_timeout(lib, WEEK);
	if (spec->connects) {
		tls_resume_use(lib);
	} else if (spec->session_ttl_s == 0) {
		wolfSSL_CTX_set_session_cache_mode(lib, WOLFSSL_SESS_CACHE_OFF);
		wolfSSL_CTX_NoTicketTLSv12(lib);
		wolfSSL_CTX_no_ticket_TLSv13(lib);
	} else {
		tls_session_use(lib);
		tls_ticket_use(lib);
		wolfSSL_CTX_set_num_tickets(lib, 1);
		wolfSSL_CTX_set_TicketHint(lib, WEEK);
	}
}

/* That the key is the certificate's was seen when they came together; the
   library's own check lets keys on curves through that are not. */
static int set_key(WOLFSSL_CTX *lib, const struct tls_ctx_spec *spec, struct err *err)
{
	int rc;

	if (spec->connects && spec->chain.n == 0)
		return 0;
	rc = wolfSSL_CTX_use_certificate_chain_buffer_format(
	    lib, (const unsigned char *)spec->chain.p, (long)spec->chain.n, WOLFSSL_FILETYPE_ASN1);
	if (rc != WOLFSSL_SUCCESS)
		return refuse(err, spec->label, "the certificate chain", rc);
	rc = wolfSSL_CTX_use_PrivateKey_buffer(
	    lib, (const unsigned char *)spec->key.p, (long)spec->key.n, WOLFSSL_FILETYPE_ASN1);
	if (rc != WOLFSSL_SUCCESS)
		return refuse(err, spec->label, "the private key", rc);
	return 0;
}

static WOLFSSL_CTX *make(const struct tls_ctx_spec *spec, struct err *err)
{
	WOLFSSL_CTX *lib =
	    wolfSSL_CTX_new(spec->connects ? wolfTLS_client_method() : wolfTLS_server_method());

	if (!lib) {
		err_set(err, ERR_TEMP, "the TLS library makes no context");
		return NULL;
	}
	if (set_policy(lib, spec, err) != 0 || set_key(lib, spec, err) != 0) {
		wolfSSL_CTX_free(lib);
		return NULL;
	}
	tls_layer_use(lib);
	set_resumption(lib, spec);
	return lib;
}

struct tls_ctx *tls_ctx_new(const struct tls_ctx_spec *spec, struct err *err)
{
	WOLFSSL_CTX *lib = make(spec, err);

	wolfSSL_ERR_clear_error();
	if (!lib)
		return NULL;
	struct tls_ctx *ctx = mem_get(sizeof(*ctx));
	atomic_init(&ctx->refs, 1);
	ctx->lib = lib;
	ctx->label = mem_str(slice_str(spec->label));
	ctx->binding = spec->binding;
	ctx->oldest = spec->oldest;
	ctx->session_ttl_s = spec->session_ttl_s;
	ctx->key_kind = tls_stats_key_kind(spec->key);
	ctx->asks = spec->client_issuer.n > 0;
	ctx->client_required = spec->client_required;
	ctx->client_strict = spec->client_strict;
	if (!spec->connects)
		tls_staple_use(ctx, spec);
	return ctx;
}

struct tls_ctx *tls_ctx_ref(struct tls_ctx *ctx)
{
	atomic_fetch_add(&ctx->refs, 1);
	return ctx;
}

void tls_ctx_unref(struct tls_ctx **p)
{
	struct tls_ctx *ctx = *p;

	*p = NULL;
	if (!ctx || atomic_fetch_sub(&ctx->refs, 1) != 1)
		return;
	wolfSSL_CTX_free(ctx->lib);
	buf_done(&ctx->leaf);
	buf_done(&ctx->staple);
	free(ctx->label);
	free(ctx);
}

const char *tls_ctx_label(const struct tls_ctx *ctx)
{
	return ctx->label;
}

int tls_start(struct err *err)
{
	tls_alloc_start();
	if (wolfSSL_Init() != WOLFSSL_SUCCESS || tls_device_start() != 0 || !x25519_start())
		return err_set(err, ERR_TEMP, "the TLS library does not start");
	tls_chacha_start();
	tls_life_start();
	tls_ticket_start();
	return 0;
}

const char *tls_library(void)
{
	return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}
