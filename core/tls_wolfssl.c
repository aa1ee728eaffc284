/* tls_wolfssl.c - TLS as an I/O layer: the state of a connection, reading and writing */
#include "core/tls_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* --- between the library and the layer below --- */

static int from_below(struct tls *tls, char *buf, int n)
{
	tls->below = io_read(tls->io.below, buf, (size_t)n);
	switch (tls->below) {
	case IO_AGAIN:
		return WOLFSSL_CBIO_ERR_WANT_READ;
	case IO_END:
		return WOLFSSL_CBIO_ERR_CONN_CLOSE;
	case IO_FAIL:
		return WOLFSSL_CBIO_ERR_GENERAL;
	default:
		return (int)tls->below;
	}
}

/* The library reads the ClientHello that we have read already, then the
   connection. */
static int receive(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	struct tls *tls = arg;
	struct tls_greeting *g = tls->greeting;

	(void)ssl;
	if (!g || g->given == g->hello.record.n)
		return from_below(tls, buf, n);
	struct slice rest =
	    slice_head(slice_from(buf_slice(&g->hello.record), g->given), (size_t)n);
	memcpy(buf, rest.p, rest.n);
	g->given += rest.n;
	return (int)rest.n;
}

static int transmit(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	struct tls *tls = arg;

	(void)ssl;
	return io_write(tls->io.below, slice_of(buf, (size_t)n)) == 0 ? n
								      : WOLFSSL_CBIO_ERR_GENERAL;
}

void tls_layer_use(WOLFSSL_CTX *lib)
{
	wolfSSL_CTX_SetIORecv(lib, receive);
	wolfSSL_CTX_SetIOSend(lib, transmit);
}

bool tls_object_make(struct tls *tls)
{
	tls->ssl = wolfSSL_new(tls->ctx->lib);
	if (!tls->ssl)
		return false;
	wolfSSL_SetIOReadCtx(tls->ssl, tls);
	wolfSSL_SetIOWriteCtx(tls->ssl, tls);
	wolfSSL_KeepArrays(tls->ssl); /* until the channel binding is computed */
	if (tls->to || tls->ctx->asks)
		tls_peer_watch(tls);
	return true;
}

/* --- the layer --- */

static ssize_t tls_read(struct io *io, void *buf, size_t n)
{
	struct tls *tls = (struct tls *)io;
	int got = wolfSSL_read(tls->ssl, buf, n < INT_MAX ? (int)n : INT_MAX);

	if (got > 0)
		return got;
	switch (wolfSSL_get_error(tls->ssl, got)) {
	case WOLFSSL_ERROR_WANT_READ:
	case WOLFSSL_ERROR_WANT_WRITE:
		return IO_AGAIN;
	case WOLFSSL_ERROR_ZERO_RETURN: /* close_notify */
		return IO_END;
	}
	wolfSSL_ERR_clear_error();
	/* Many clients close without close_notify. Each protocol here marks the
	   ends of what it says, so a cut does not go unnoticed. */
	if (tls->below == IO_END)
		return IO_END;
	if (tls->below != IO_FAIL)
		errno = EPROTO;
	return IO_FAIL;
}

static int tls_write(struct io *io, struct slice data)
{
	struct tls *tls = (struct tls *)io;

	while (data.n > 0) {
		int put = wolfSSL_write(tls->ssl, data.p, data.n < INT_MAX ? (int)data.n : INT_MAX);
		if (put <= 0) {
			wolfSSL_ERR_clear_error();
			errno = EPROTO;
			return IO_FAIL;
		}
		data = slice_from(data, (size_t)put);
	}
	return 0;
}

static int tls_flush(struct io *io)
{
	return io_flush(io->below);
}

static void end_session(struct tls *tls)
{
	tls_life_close(tls->life);
	if (tls->to)
		tls_resume_keep(tls);
	else
		tls_session_closed(tls);
}

static void tls_free(struct io *io)
{
	struct tls *tls = (struct tls *)io;

	if (tls->state != TLS_OPEN && tls->state != TLS_FAILED)
		tls_stats_failed(tls); /* given up by whoever waited for it */
	if (tls->state == TLS_OPEN)
		end_session(tls);
	else if (tls->to)
		tls_resume_failed(tls);
	wolfSSL_free(tls->ssl);
	tls_staple_free(tls);
	tls_ctx_unref(&tls->ctx);
	tls_greeting_free(tls);
	tls_target_free(tls);
	tls_peer_free(tls);
	free(tls->sni);
	free(tls->reason);
	bytes_wipe(tls->binding, sizeof(tls->binding));
	free(tls);
}

const struct io_ops tls_io_ops = {
	.name = "tls", .read = tls_read, .write = tls_write, .flush = tls_flush, .free = tls_free
};

static void copy_address(struct sockaddr_storage *to, const struct sockaddr *from)
{
	if (from && from->sa_family == AF_INET6)
		memcpy(to, from, sizeof(struct sockaddr_in6));
	else if (from && from->sa_family == AF_INET)
		memcpy(to, from, sizeof(struct sockaddr_in));
}

struct io *tls_accept_new(const struct sockaddr *local, struct slice target, const char *alpn)
{
	struct tls *tls = mem_get(sizeof(*tls));
	struct tls_greeting *g = mem_get(sizeof(*g));

	copy_address(&g->local, local);
	g->target = mem_str(target);
	g->alpn = alpn;
	tls->io.ops = &tls_io_ops;
	tls->greeting = g;
	return &tls->io;
}

void tls_accept_ask(struct io *io)
{
	((struct tls *)io)->asks = true;
}

void tls_accept_at(struct io *io, const char *listener)
{
	struct tls *tls = (struct tls *)io;

	tls->greeting->listener = listener;
}

const char *tls_reason(const struct io *io)
{
	const struct tls *tls = (const struct tls *)io;

	return tls->reason ? tls->reason : "";
}

/* --- what is known of an open connection --- */

/* As the standards write it: "TLS_AES_128_GCM_SHA256". */
static const char *cipher_name(WOLFSSL *ssl)
{
	int suite = wolfSSL_get_current_cipher_suite(ssl);
	const char *name = wolfSSL_get_cipher_name_iana_from_suite(
	    (unsigned char)(suite >> 8), (unsigned char)suite);

	return name ? name : "";
}

static const char *group_name(WOLFSSL *ssl)
{
	const char *name = wolfSSL_get_curve_name(ssl);

	return name ? name : "";
}

static struct slice alpn_of(WOLFSSL *ssl)
{
	char *name = NULL;
	unsigned short n = 0;

	if (wolfSSL_ALPN_GetProtocol(ssl, &name, &n) != WOLFSSL_SUCCESS || !name)
		return (struct slice){ 0 };
	return slice_of(name, n);
}

void tls_info(const struct io *io, struct tls_info *info)
{
	const struct tls *tls = (const struct tls *)io;

	*info =
	    (struct tls_info){ .version = "", .cipher = "", .domain = "", .group = "", .key = "" };
	if (tls->state != TLS_OPEN)
		return;
	info->version = wolfSSL_get_version(tls->ssl);
	info->group = group_name(tls->ssl);
	info->key = tls_stats_key_name(tls->ctx->key_kind);
	info->alpn = alpn_of(tls->ssl);
	info->cipher = cipher_name(tls->ssl);
	info->domain = tls->ctx->label;
	info->sni = slice_str(tls->sni);
	info->resumed = wolfSSL_session_reused(tls->ssl) != 0;
}

bool tls_channel_binding(struct io *io, unsigned char out[32])
{
	const struct tls *tls = (const struct tls *)io;

	if (tls->bound)
		memcpy(out, tls->binding, sizeof(tls->binding));
	return tls->bound;
}

void tls_rest(struct io *io)
{
	struct tls *tls = (struct tls *)io;

	if (tls->state == TLS_OPEN)
		tls_alloc_trim(wolfSSL_get_session(tls->ssl));
}

void tls_bye(struct io *io)
{
	struct tls *tls = (struct tls *)io;

	if (tls->state != TLS_OPEN || tls->closed)
		return;
	tls->closed = true;
	wolfSSL_shutdown(tls->ssl);
	wolfSSL_ERR_clear_error();
}
