/* wire.c - both ends of a TLS connection in memory */
#include "tests/unit/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pki/cert.h"
#include "pki/seal.h"
#include "tests/unit/tempdir.h"

/* The next bytes; *at is how many were given already. */
static size_t give(struct buf *from, size_t *at, void *to, size_t n)
{
	struct slice rest = slice_head(slice_from(buf_slice(from), *at), n);

	if (rest.n > 0)
		memcpy(to, rest.p, rest.n);
	*at += rest.n;
	if (*at == from->n) {
		buf_clear(from);
		*at = 0;
	}
	return rest.n;
}

static ssize_t wire_read(struct io *io, void *buf, size_t n)
{
	struct wire *w = (struct wire *)io;

	w->paused = w->pause && !w->paused;
	if (w->paused)
		return IO_AGAIN;
	if (w->chop && n > w->chop)
		n = w->chop;
	size_t got = give(&w->to_server, &w->server_at, buf, n);
	if (got > 0)
		return (ssize_t)got;
	return w->client_gone ? IO_END : IO_AGAIN;
}

static int wire_write(struct io *io, struct slice data)
{
	buf_adds(&((struct wire *)io)->to_client, data);
	return 0;
}

static int wire_flush(struct io *io)
{
	(void)io;
	return 0;
}

static void wire_free(struct io *io)
{
	struct wire *w = (struct wire *)io;

	buf_done(&w->to_server);
	buf_done(&w->to_client);
	free(w);
}

static const struct io_ops wire_ops = { .name = "wire",
	.read = wire_read,
	.write = wire_write,
	.flush = wire_flush,
	.free = wire_free };

struct wire *wire_new(void)
{
	struct wire *w = mem_get(sizeof(*w));

	w->io.ops = &wire_ops;
	return w;
}

/* --- the client --- */

static int receive(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	struct wire *w = arg;
	size_t got = give(&w->to_client, &w->client_at, buf, (size_t)n);

	(void)ssl;
	return got > 0 ? (int)got : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int transmit(WOLFSSL *ssl, char *buf, int n, void *arg)
{
	(void)ssl;
	buf_add(&((struct wire *)arg)->to_server, buf, (size_t)n);
	return n;
}

WOLFSSL_CTX *wire_client_ctx(bool tls12)
{
	WOLFSSL_CTX *ctx = wire_client_ctx_without_tickets(tls12);

	wolfSSL_CTX_UseSessionTicket(ctx);
	return ctx;
}

WOLFSSL_CTX *wire_client_ctx_without_tickets(bool tls12)
{
	WOLFSSL_CTX *ctx =
	    wolfSSL_CTX_new(tls12 ? wolfTLSv1_2_client_method() : wolfTLSv1_3_client_method());

	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
	wolfSSL_CTX_SetIORecv(ctx, receive);
	wolfSSL_CTX_SetIOSend(ctx, transmit);
	return ctx;
}

WOLFSSL *wire_client(WOLFSSL_CTX *ctx, struct wire *wire)
{
	WOLFSSL *ssl = wolfSSL_new(ctx);

	wolfSSL_SetIOReadCtx(ssl, wire);
	wolfSSL_SetIOWriteCtx(ssl, wire);
	wolfSSL_KeepArrays(ssl);
	return ssl;
}

bool wire_shake(struct io *server, WOLFSSL *client)
{
	bool client_done = false;
	int rc = TLS_AGAIN;

	/* One byte a read, and every other read in vain, takes some thousand. */
	for (int i = 0; i < 20000 && rc != TLS_FAIL && (!client_done || rc != TLS_DONE); i++) {
		if (!client_done)
			client_done = wolfSSL_connect(client) == WOLFSSL_SUCCESS;
		rc = tls_handshake(server, false);
	}
	return client_done && rc == TLS_DONE;
}

/* --- the server's contexts --- */

static void must(bool good, const char *what, const struct err *err)
{
	if (good)
		return;
	fprintf(stderr, "%s: %s\n", what, err->text);
	abort();
}

void wire_start(void)
{
	static bool started;
	struct err err = { 0 };

	if (started)
		return;
	must(tls_start(&err) == 0, "tls_start", &err);
	char *dir = tempdir_new();
	must(seal_start(dir, true, &err) == 0, "seal_start", &err);
	tempdir_remove(&dir); /* the key is read already */
	started = true;
}

static void make_chain(const char *domain, const struct sign_key *key, struct buf *chain)
{
	struct buf names = { 0 };
	struct err err = { 0 };

	buf_printf(&names, "%s mail.%s", domain, domain);
	struct cert_spec spec = {
		.name = slice_str(domain),
		.names = buf_slice(&names),
		.not_before = time(NULL) - 3600,
		.not_after = time(NULL) + 86400,
	};
	must(cert_self_signed(&spec, key, chain, &err) == 0, "certificate", &err);
	buf_done(&names);
}

struct tls_ctx *wire_server_ctx(const struct wire_spec *w)
{
	struct buf sealed = { 0 }, chain = { 0 };
	struct err err = { 0 };

	wire_start();
	int rc = w->key_pem ? sign_take(w->domain, slice_str(w->key_pem), &sealed, &err)
			    : sign_make(w->domain, &sealed, &err);
	must(rc == 0, "key", &err);
	struct sign_key key = { w->domain, buf_slice(&sealed) };
	make_chain(w->domain, &key, &chain);
	struct tls_ctx_spec spec = {
		.label = w->domain,
		.binding = w->binding,
		.chain = buf_slice(&chain),
		.oldest = w->oldest ? w->oldest : 12,
		.session_ttl_s = w->session_ttl_s ? w->session_ttl_s : 7200,
		.client_issuer = w->asks ? buf_slice(&chain) : (struct slice){ 0 },
		.client_required = w->client_required,
		.client_strict = w->client_strict,
		.connects = w->connects,
	};
	struct tls_ctx *ctx = sign_tls_ctx(&key, &spec, &err);
	must(ctx != NULL, "context", &err);
	buf_done(&sealed);
	buf_done(&chain);
	return ctx;
}
