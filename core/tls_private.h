/* tls_private.h - what the files of the TLS layer share; no one else includes it */
#ifndef CORE_TLS_PRIVATE_H
#define CORE_TLS_PRIVATE_H

#include <stdatomic.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/cryptocb.h>

#include "core/tls.h"

struct tls_ctx {
	atomic_uint refs;
	WOLFSSL_CTX *lib;
	char *label;
	uint64_t binding;
	int oldest;
};

/* --- tls_hello.c: the ClientHello, read before the library sees it --- */

/* Zero-initialised is empty and valid. */
struct hello {
	struct buf record;	 /* the whole of it as one record: what the library is given */
	unsigned char header[5]; /* of the record that is being read */
	size_t header_n;
	size_t left;	  /* bytes that this record still lacks */
	struct slice sni; /* host name, inside record; empty when there is none */
	bool extended_master_secret;
};

enum hello_result {
	HELLO_MORE, /* give it hello_wants() bytes more */
	HELLO_DONE,
	HELLO_NOT_TLS,	  /* nothing of TLS: an alert would not be understood */
	HELLO_MALFORMED,  /* alert decode_error */
	HELLO_UNEXPECTED, /* alert unexpected_message */
};

size_t hello_wants(const struct hello *hello);
/* Take at most hello_wants() bytes. *why is set to words for a human unless
   the result is HELLO_MORE or HELLO_DONE. */
enum hello_result hello_take(struct hello *hello, struct slice bytes, const char **why);
void hello_done(struct hello *hello);

/* --- tls_ticket.c --- */

/* A key of this process alone, until tls_ticket_keys_set gives others. */
void tls_ticket_start(void);

/* Have the context's tickets sealed and opened by our keys. */
void tls_ticket_use(WOLFSSL_CTX *lib);

/* --- tls_alloc.c --- */

/* Make the library allocate so that tls_alloc_trim works. Before anything
   else of it is called. */
void tls_alloc_start(void);
/* Give the zero pages of a large block back to the system; they read as zero
   still. */
void tls_alloc_trim(void *block);

/* --- tls_nettle*.c: the crypto callback, one file a family --- */

int tls_device_start(void);
int nettle_cipher(wc_CryptoInfo *info);
int nettle_hash(wc_CryptoInfo *info);
int nettle_pk(wc_CryptoInfo *info);
int nettle_rsa(wc_CryptoInfo *info);

/* --- tls_x25519.c: by libsodium --- */

bool x25519_start(void);
int x25519_make(const wc_CryptoInfo *info);
int x25519_share(const wc_CryptoInfo *info);

/* --- tls_words.c --- */

/* Why a handshake failed, in words, from the library's error and the alerts
   that were exchanged. The result is the caller's (free). */
char *tls_words(WOLFSSL *ssl, int error, const struct tls_ctx *ctx);

/* --- tls_wolfssl.c, tls_handshake.c: the layer --- */

enum tls_state { TLS_READ_HELLO, TLS_CHOOSE, TLS_SHAKE, TLS_OPEN, TLS_FAILED };

/* What only the handshake needs. */
struct tls_greeting {
	struct hello hello;
	size_t given; /* bytes of the hello that the library has taken */
	struct sockaddr_storage local;
	char *target;
	const char *alpn;
};

struct tls {
	struct io io;
	enum tls_state state;
	WOLFSSL *ssl;
	struct tls_ctx *ctx;
	struct tls_greeting *greeting; /* NULL when the handshake is over */
	ssize_t below;		       /* what the layer below said last */
	char *sni;
	char *reason;
	bool bound;  /* binding is valid */
	bool closed; /* close_notify was sent */
	unsigned char binding[32];
};

void tls_greeting_free(struct tls *tls);

/* Have the context's connections read and write through their layer. */
void tls_layer_use(WOLFSSL_CTX *lib);

/* The context of the connection that a callback of the library is about. */
const struct tls_ctx *tls_ctx_of(WOLFSSL *ssl);

#endif
