/* tls_private.h - what the files of the TLS layer share; no one else includes it */
#ifndef CORE_TLS_PRIVATE_H
#define CORE_TLS_PRIVATE_H

#include <stdatomic.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/cryptocb.h>

#include "core/tls.h"
#include "core/tls_cache.h"

struct tls;

struct tls_ctx {
	atomic_uint refs;
	WOLFSSL_CTX *lib;
	char *label;
	uint64_t binding;
	unsigned key_kind;     /* for tls_stats.c */
	int64_t session_ttl_s; /* 0: sessions are not resumed */
	int oldest;
	bool asks; /* clients for a certificate */
	bool client_required, client_strict;
	struct buf leaf, staple; /* empty: it staples nothing */
	int64_t staple_until;
	atomic_bool staple_over;
};

/* --- tls_hello.c: the ClientHello, read before the library sees it --- */

/* Zero-initialised is empty and valid. */
struct hello {
	struct buf record;	 /* the whole of it as one record: what the library is given */
	unsigned char header[5]; /* of the record that is being read */
	size_t header_n;
	size_t left;	  /* bytes that this record still lacks */
	struct slice sni; /* host name, inside record; empty when there is none */

	/* What else it says, inside record: lists as they came, without their lengths. */
	size_t version; /* the newest, before TLS 1.3: 0x0303 */
	struct slice session_id, suites, groups, versions, alpn;
	bool extended_master_secret;
	bool takes_tickets; /* of TLS 1.2 */
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

/* --- tls_life.c: since when is a session unused? --- */

void tls_life_start(void);
int64_t tls_life_now(void); /* milliseconds since 1970 */
uint32_t tls_life_new(void);
/* A connection of that life begins, or ends; 0: of none. */
void tls_life_open(uint32_t life);
void tls_life_close(uint32_t life);
/* When its last connection was closed: now, if one is open; `made`, if none is known. */
int64_t tls_life_used(uint32_t life, int64_t made);
bool tls_life_lasts(uint32_t life, int64_t made, int64_t ttl_s);

/* --- tls_session.c: sessions of clients that take no tickets; tls_resume.c: with servers --- */

/* Have the context's sessions kept in the cache, under their ids. */
void tls_session_use(WOLFSSL_CTX *lib);
bool tls_session_bytes(WOLFSSL_SESSION *session, struct buf *out); /* appended; wipe it */
void tls_session_closed(const struct tls *tls);			   /* the connection ends */

void tls_resume_use(WOLFSSL_CTX *lib);
void tls_resume_offer(struct tls *tls);
void tls_resume_keep(struct tls *tls);
void tls_resume_failed(struct tls *tls); /* the handshake did: perhaps for what was offered */

/* Drop what is over, beginning with the longest unused, until some are not. */
void tls_cache_sweep(
    enum tls_cache_side side, bool (*over)(void *arg, struct slice value, int64_t used), void *arg);

/* --- tls_alloc.c --- */

/* Make the library allocate so that tls_alloc_trim works. Before anything
   else of it is called. */
void tls_alloc_start(void);
/* Give the zero pages of a large block back to the system; they read as zero
   still. */
void tls_alloc_trim(void *block);
/* The next block of n bytes that this thread asks for is remembered, until the library frees
   it; it is given once. */
void tls_alloc_watch(size_t n);
void *tls_alloc_watched(void);

/* --- tls_staple.c: what the issuer says of our certificate --- */

/* Have the context staple, if there is something to be stapled. */
void tls_staple_use(struct tls_ctx *ctx, const struct tls_ctx_spec *spec);
/* Around each step of a handshake that accepts. */
void tls_staple_begin(struct tls *tls);
void tls_staple_end(struct tls *tls);
/* With the library's object gone. */
void tls_staple_free(struct tls *tls);

/* --- tls_nettle*.c: the crypto callback, one file a family --- */

int tls_device_start(void);
bool tls_device_is_there(void); /* it was started */
int nettle_hash(wc_CryptoInfo *info);

/* --- tls_pk.c: its operations with keys; each by whom it costs least --- */

int tls_pk(const wc_CryptoInfo *info);
int tls_p256_sign(const wc_CryptoInfo *info);
int tls_p256_verify(const wc_CryptoInfo *info);
int tls_p256_make(const wc_CryptoInfo *info);
int tls_p256_share(const wc_CryptoInfo *info);
int tls_p384_sign(const wc_CryptoInfo *info);
int tls_p384_verify(const wc_CryptoInfo *info);
int tls_p384_make(const wc_CryptoInfo *info);
int tls_p384_share(const wc_CryptoInfo *info);
int tls_rsa(const wc_CryptoInfo *info);

/* --- tls_x25519.c: by libsodium --- */

bool x25519_start(void);
int x25519_make(const wc_CryptoInfo *info);
int x25519_share(const wc_CryptoInfo *info);

/* --- tls_chacha.c: by libsodium; naming it here has it linked --- */

void tls_chacha_start(void);

/* --- tls_stats.c: what is counted --- */

/* What kind of key a context shows: an index into the names that are counted. */
unsigned tls_stats_key_kind(struct slice key_der);
const char *tls_stats_key_name(unsigned kind);

void tls_stats_open(const struct tls *tls);   /* a handshake is over */
void tls_stats_failed(const struct tls *tls); /* or will never be */

/* --- tls_log.c --- */

void tls_log_hello(const struct hello *hello);

/* --- tls_words.c --- */

/* Why a handshake failed, in words, from the library's error, the alerts that
   were exchanged and what was thought of the peer's certificate. The result is
   the caller's (free). */
char *tls_words(const struct tls *tls, int error);

/* --- tls_peer.c: the certificates of the other side --- */

enum { TLS_IDENTITY = 16 };

/* What the peer showed and what the verifier said of it. */
struct tls_shown {
	struct buf chain, accounts;
	bool verified;
	bool refused; /* and the handshake was ended for it */
	bool resumed; /* it was shown when the session was made */
	char verdict[256];
};

/* Have contexts, or one connection, judge what the peer shows. */
void tls_peer_ask(WOLFSSL_CTX *lib, const struct tls_ctx_spec *spec);
void tls_peer_ask_one(struct tls *tls);
void tls_peer_watch(struct tls *tls);

/* Once the handshake is over: false when a certificate was required and there is
   none that is good. */
bool tls_peer_settle(struct tls *tls);
void tls_peer_free(struct tls *tls);

/* Who the session's peer is, for its ticket: a hash of what it showed and the
   verifier took, else zeroes. */
void tls_peer_identity(const struct tls *tls, unsigned char out[TLS_IDENTITY]);

/* A ticket came back for that peer: what it showed then is judged anew. False:
   it is not remembered or no longer good, so a full handshake is needed. */
bool tls_peer_resume(struct tls *tls, const unsigned char identity[TLS_IDENTITY]);

/* The same for a server's chain, on the side that connects. */
bool tls_peer_resume_chain(struct tls *tls, struct slice chain);

/* --- tls_wolfssl.c, tls_handshake.c: the layer --- */

enum tls_state { TLS_READ_HELLO, TLS_CHOOSE, TLS_SHAKE, TLS_OPEN, TLS_FAILED };

/* What only the handshake needs. */
struct tls_greeting {
	struct hello hello;
	size_t given; /* bytes of the hello that the library has taken */
	struct sockaddr_storage local;
	char *target;
	const char *alpn;
	const char *listener;
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
	struct tls_target *to;	 /* whom it connects to; NULL: it accepts */
	struct tls_shown *shown; /* NULL: the peer showed no certificate */
	uint32_t life;		 /* of its session (tls_life.c); 0: it can't be resumed */
	bool cached;		 /* the session is in the cache, under its id */
	void *staple_copies[2];	 /* tls_staple.c */
	bool bound;		 /* binding is valid */
	bool asks;		 /* this client for a certificate, whatever its domain does */
	bool closed;		 /* close_notify was sent */
	unsigned char binding[32];
};

/* What a connecting layer was told. */
struct tls_target {
	char *host, *names;
	struct buf pins;
	bool must_verify, fresh;
	unsigned char session[TLS_CACHE_KEY]; /* its key in the cache */
	unsigned char ticket[32];	      /* SHA-256 of the ticket that was offered */
	bool offered;
};

extern const struct io_ops tls_io_ops;

void tls_greeting_free(struct tls *tls);
void tls_target_free(struct tls *tls);

/* The library's object, made of tls->ctx. */
bool tls_object_make(struct tls *tls);

/* Have the context's connections read and write through their layer. */
void tls_layer_use(WOLFSSL_CTX *lib);

#endif
