/* tls_handshake.c - from the first byte to an open connection
 *
 * The ClientHello is read first (tls_hello.c); the chooser says whose
 * certificate is shown, and only then the library's object is made, from that
 * domain's context. Each step leaves a state from which the next call goes on,
 * so that the handshake may be driven by a loop, and one call by a worker. */
#include "core/tls_private.h"

#include <errno.h>
#include <stdlib.h>

#include "core/loop.h"

static struct tls_chooser chooser;

void tls_chooser_set(const struct tls_chooser *c)
{
	chooser = *c;
}

bool tls_offered(const struct tls_hello *hello)
{
	bool later = false;

	return !chooser.offers || chooser.offers(chooser.arg, hello, !loop_thread(), &later) ||
	    later;
}

struct tls_ctx *tls_own(struct slice name)
{
	return chooser.own ? chooser.own(chooser.arg, name) : NULL;
}

void tls_greeting_free(struct tls *tls)
{
	if (!tls->greeting)
		return;
	hello_done(&tls->greeting->hello);
	free(tls->greeting->target);
	free(tls->greeting);
	tls->greeting = NULL;
}

/* RFC 8446 6: alerts that are sent before the library is there to send them. */
enum alert {
	ALERT_NONE,
	ALERT_UNEXPECTED_MESSAGE = 10,
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_DECODE_ERROR = 50,
	ALERT_INTERNAL_ERROR = 80,
};

/* It came to nothing. Takes the reason. */
static int over(struct tls *tls, char *reason)
{
	tls->state = TLS_FAILED;
	tls->reason = reason;
	tls_stats_failed(tls);
	wolfSSL_ERR_clear_error();
	tls_greeting_free(tls);
	return TLS_FAIL;
}

static int fail(struct tls *tls, enum alert alert, const char *why)
{
	unsigned char record[] = { 21, 3, 1, 0, 2, 2 /* fatal */, (unsigned char)alert };

	if (alert != ALERT_NONE)
		io_write(tls->io.below, slice_of(record, sizeof(record)));
	return over(tls, mem_str(slice_str(why)));
}

static int fail_hello(struct tls *tls, enum hello_result result, const char *why)
{
	switch (result) {
	case HELLO_MALFORMED:
		return fail(tls, ALERT_DECODE_ERROR, why);
	case HELLO_UNEXPECTED:
		return fail(tls, ALERT_UNEXPECTED_MESSAGE, why);
	default:
		return fail(tls, ALERT_NONE, why);
	}
}

static int read_hello(struct tls *tls)
{
	struct hello *hello = &tls->greeting->hello;
	enum hello_result result = HELLO_MORE;
	const char *why = NULL;
	char part[2048];

	while (result == HELLO_MORE) {
		size_t wants = hello_wants(hello);
		ssize_t got =
		    io_read(tls->io.below, part, wants < sizeof(part) ? wants : sizeof(part));
		if (got == IO_AGAIN)
			return TLS_AGAIN;
		if (got == IO_END)
			return fail(tls, ALERT_NONE,
			    hello->record.n + hello->header_n == 0
				? "client closed without a word"
				: "client closed in the middle of its ClientHello");
		if (got == IO_FAIL)
			return fail(tls, ALERT_NONE, strerror(errno));
		result = hello_take(hello, slice_of(part, (size_t)got), &why);
	}
	if (result != HELLO_DONE)
		return fail_hello(tls, result, why);
	tls->sni = mem_str(hello->sni);
	tls_log_hello(hello);
	tls->state = TLS_CHOOSE;
	return TLS_AGAIN;
}

/* The library's object, made of the domain's context. */
static bool make_object(struct tls *tls)
{
	const char *alpn = tls->greeting->alpn;

	if (!tls_object_make(tls))
		return false;
	if (tls->asks)
		tls_peer_ask_one(tls);
	/* RFC 7301 3.2: a client that asks for something else is turned away,
	   which also stops attacks that mix protocols. */
	return !alpn ||
	    wolfSSL_UseALPN(tls->ssl, (char *)(uintptr_t)alpn, (unsigned)strlen(alpn),
		WOLFSSL_ALPN_FAILED_ON_MISMATCH) == WOLFSSL_SUCCESS;
}

static int choose(struct tls *tls, bool may_wait)
{
	struct tls_greeting *g = tls->greeting;
	bool later = false;
	struct tls_hello hello = {
		.sni = g->hello.sni,
		.target = slice_str(g->target),
		.local = (const struct sockaddr *)&g->local,
		.listener = g->listener,
	};

	if (chooser.choose)
		tls->ctx = chooser.choose(chooser.arg, &hello, may_wait, &later);
	if (!tls->ctx && later && !may_wait)
		return TLS_LATER;
	if (!tls->ctx)
		return fail(tls, ALERT_HANDSHAKE_FAILURE, "there is no certificate to show");
	if (!make_object(tls))
		return fail(tls, ALERT_INTERNAL_ERROR, "the TLS library could not start");
	tls->state = TLS_SHAKE;
	return TLS_AGAIN;
}

/* RFC 9266: the binding is the exporter's value. Under TLS 1.2 it is safe with
   the extended master secret only (RFC 7627), which the library uses whenever
   a client offers it. */
static void compute_binding(struct tls *tls)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (wolfSSL_version(tls->ssl) == TLS1_3_VERSION ||
	    (tls->greeting && tls->greeting->hello.extended_master_secret))
		tls->bound =
		    wolfSSL_export_keying_material(tls->ssl, tls->binding, sizeof(tls->binding),
			label, strlen(label), NULL, 0, 1) == WOLFSSL_SUCCESS;
}

static void finish(struct tls *tls)
{
	compute_binding(tls);
	wolfSSL_FreeArrays(tls->ssl);
	tls_greeting_free(tls);
	tls->state = TLS_OPEN;
	tls_life_open(tls->life);
	tls_stats_open(tls);
}

/* Judging a client's certificate may wait for the disk: a worker goes on, as
   soon as there is a byte for it. It reads the others itself. */
static int leave_to_worker(struct tls *tls)
{
	struct buf *record = &tls->greeting->hello.record;
	char byte;

	if (tls->greeting->given < record->n)
		return TLS_LATER;
	ssize_t got = io_read(tls->io.below, &byte, 1);
	if (got == IO_AGAIN)
		return TLS_AGAIN;
	if (got == 1)
		buf_addc(record, byte);
	return TLS_LATER;
}

static int shake_hands(struct tls *tls)
{
	tls_staple_begin(tls);
	int rc = tls->to ? wolfSSL_connect(tls->ssl) : wolfSSL_accept(tls->ssl);
	tls_staple_end(tls);

	if (rc == WOLFSSL_SUCCESS) {
		if (!tls_peer_settle(tls))
			return fail(tls, ALERT_NONE, "a client certificate is required");
		finish(tls);
		return TLS_DONE;
	}
	int error = wolfSSL_get_error(tls->ssl, rc);
	if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE)
		return TLS_AGAIN;
	return over(tls, tls_words(tls, error));
}

int tls_handshake(struct io *io, bool may_wait)
{
	struct tls *tls = (struct tls *)io;
	int rc = TLS_AGAIN;

	if (tls->state == TLS_READ_HELLO)
		rc = read_hello(tls);
	if (tls->state == TLS_CHOOSE)
		rc = choose(tls, may_wait);
	if (tls->state == TLS_SHAKE)
		rc = (tls->ctx->asks || tls->asks) && !may_wait ? leave_to_worker(tls)
								: shake_hands(tls);
	if (tls->state == TLS_OPEN)
		return TLS_DONE;
	return tls->state == TLS_FAILED ? TLS_FAIL : rc;
}
