/* wire.h - both ends of a TLS connection in memory, and contexts to show there */
#ifndef TESTS_UNIT_WIRE_H
#define TESTS_UNIT_WIRE_H

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "core/io.h"
#include "core/tls.h"

/* What lies below the server's TLS layer, and is freed with its stack. */
struct wire {
	struct io io;
	struct buf to_server, to_client;
	size_t server_at, client_at; /* bytes of them that were read already */
	size_t chop;		     /* most bytes that one read gives; 0: all there is */
	bool pause;		     /* let every other read of the server find nothing */
	bool paused;
	bool client_gone;
};
struct wire *wire_new(void);

/* The library's client, connected to the wire. */
WOLFSSL_CTX *wire_client_ctx(bool tls12);
WOLFSSL_CTX *wire_client_ctx_without_tickets(bool tls12);
WOLFSSL *wire_client(WOLFSSL_CTX *ctx, struct wire *wire);

struct wire_spec {
	const char *domain;
	uint64_t binding;
	int oldest;	       /* 0: 12 */
	int64_t session_ttl_s; /* 0: 7200 */
	const char *key_pem;   /* NULL: a new P-256 key */
	bool asks;	       /* clients for a certificate */
	bool client_required, client_strict;
	bool connects; /* a context for connecting, not for accepting */
};

/* Start the library and the sealing of keys, once; the next one does it, too. */
void wire_start(void);

/* A server's context with a self-signed certificate for the domain and
   mail.DOMAIN. Ends the test when that does not work. */
struct tls_ctx *wire_server_ctx(const struct wire_spec *spec);

/* Shake hands as far as it goes. True when both are done. */
bool wire_shake(struct io *server, WOLFSSL *client);

#endif
