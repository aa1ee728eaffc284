/* tls.h - TLS as an I/O layer, and contexts made of a domain's keys
 *
 * core/tls_wolfssl.c is the layer; what certificate is shown to whom is the
 * decision of pki/, which hands in a chooser. The ClientHello is read before
 * the library sees it, so a connection uses its domain's own context from its
 * first byte on. */
#ifndef CORE_TLS_H
#define CORE_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/io.h"

/* Start the library once: crypto callback to nettle, allocator, random
   numbers. */
int tls_start(struct err *err);

/* Name and version of the library: "wolfSSL 5.5.4"; constant text. */
const char *tls_library(void);

/* Device id for the wc_* functions that take one (wc_ecc_init_ex and the
   like): nettle and hogweed do their work, faster and without the large tables
   that the library keeps for each thread. After tls_start. */
enum { TLS_DEVICE = 7 };

/* Keys, chain and policy of one domain; counted, so that a change drops no
   connection: the old context lives as long as its last connection. */
struct tls_ctx;

struct tls_ctx_spec {
	const char *label;     /* domain name, for log lines */
	uint64_t binding;      /* tickets of one binding are refused by another */
	struct slice key;      /* private key, DER (PKCS#8 or traditional) */
	struct slice chain;    /* leaf first, then intermediates: DER one after another */
	int oldest;	       /* 11, 12 or 13: TLS 1.1 (with CBC ciphers), 1.2 or 1.3 */
	int64_t session_ttl_s; /* how long a session may be resumed; 0: not at all */

	/* Clients are asked for a certificate of one of these issuers (DER one behind
	   another); empty: they are not. What they show is judged by the verifier. */
	struct slice client_issuer;
	bool client_required; /* none, or one that is not taken: no TLS */
	bool client_strict;   /* one that is not taken: no TLS; none: go on */

	bool connects; /* a context for tls_client_spec.own; key and chain may then be empty */

	/* What the leaf's issuer says of it (an OCSP response, DER), for clients that ask
	   (RFC 6066 8), and until when; empty: nothing. leaf: the chain's first, issuer:
	   who issued it, both DER. */
	struct slice staple, leaf, issuer;
	int64_t staple_until; /* unix seconds */
};

struct tls_ctx *tls_ctx_new(const struct tls_ctx_spec *spec, struct err *err);
struct tls_ctx *tls_ctx_ref(struct tls_ctx *ctx);
void tls_ctx_unref(struct tls_ctx **ctx);
const char *tls_ctx_label(const struct tls_ctx *ctx);
/* Did the library take the staple? */
bool tls_ctx_staples(const struct tls_ctx *ctx);

/* Keys under which session tickets are sealed. The newest comes first and
   seals; the others only open. Rotated and stored by pki/. */
struct tls_ticket_key {
	unsigned char name[16];
	unsigned char key[32];
};
void tls_ticket_keys_set(const struct tls_ticket_key *keys, size_t n);

/* What is known when a certificate must be chosen. */
struct tls_hello {
	struct slice sni;    /* host name asked for, or empty */
	struct slice target; /* domain named by the protocol before (XMPP stream to), or empty */
	const struct sockaddr *local; /* address that the client connected to */
	const char *listener;	      /* name of the listener that it came to, or NULL */
};

/* Handed in at start. Runs on the loop: it answers from memory, or returns
   NULL and sets *later, and the handshake then asks again on a worker. NULL
   without *later refuses the handshake. The result is a reference. */
struct tls_chooser {
	struct tls_ctx *(*choose)(
	    void *arg, const struct tls_hello *hello, bool may_wait, bool *later);
	/* Before there is a server name: is there something to show? NULL: yes. */
	bool (*offers)(void *arg, const struct tls_hello *hello, bool may_wait, bool *later);
	/* What is shown of us when we connect, by the name of a profile or a domain
	   (empty: the main one): a reference, or NULL. May wait. NULL: nothing. */
	struct tls_ctx *(*own)(void *arg, struct slice name);
	void *arg;
};
void tls_chooser_set(const struct tls_chooser *chooser);

/* May a protocol offer TLS to whoever came to hello->local and named
   hello->target (or nothing)? Any thread; where the answer to a target would need
   the disk, a loop is told yes: the handshake will know. */
bool tls_offered(const struct tls_hello *hello);

/* A server-side layer over `below`; push it, then call tls_handshake. alpn is
   the protocol's name ("imap") or NULL. local is copied. */
struct io *tls_accept_new(const struct sockaddr *local, struct slice target, const char *alpn);

/* Before the handshake: the name of the listener, which outlives the layer. */
void tls_accept_at(struct io *io, const char *listener);

/* Before the handshake: ask this client for a certificate, also where its domain does
   not. None, or one that is not good, is no fault: tls_peer() tells. */
void tls_accept_ask(struct io *io);

enum { TLS_DONE = 0, TLS_AGAIN = -1, TLS_FAIL = -2, TLS_LATER = -3 };

/* Go on with the handshake. TLS_AGAIN: wait for the socket (readable; and
   writable while io_unsent). TLS_LATER: call again from a worker, where the
   certificate may be read from disk. TLS_FAIL: reason in tls_reason(). */
int tls_handshake(struct io *io, bool may_wait);
const char *tls_reason(const struct io *io);

struct tls_info {
	const char *version; /* "TLSv1.3" */
	const char *cipher;  /* "TLS_AES_128_GCM_SHA256" */
	const char *domain;  /* label of the context */
	const char *group;   /* of the key exchange: "X25519"; "" for a resumed TLS 1.2 */
	const char *key;     /* of the certificate: "P-256", "RSA-2048" */
	struct slice alpn;   /* protocol that both agreed on, or empty */
	struct slice sni;
	bool resumed;
};
void tls_info(const struct io *io, struct tls_info *info);

/* --- what is said and counted --- */

/* How a client's handshake ended, in the log, as tls.log-level has it. */
void tls_log_open(const struct io *io, const char *peer);
void tls_log_failed(const struct io *io, const char *reason);

/* All counts since the start: "handshakes", "resumed", 17. Any thread. */
void tls_stats_each(
    void (*visit)(void *arg, const char *of, const char *what, uint64_t n), void *arg);

/* --- client certificates --- */

/* What the peer showed, once the handshake is over; on both sides. */
struct tls_peer {
	struct slice chain;   /* DER one behind another, leaf first, as sent; empty: none */
	bool verified;	      /* the verifier took it */
	const char *accounts; /* that it proves, parted by blanks; of clients */
	const char *verdict;  /* "ok", or why not, in plain words */
};
void tls_peer(const struct io *io, struct tls_peer *out);

/* --- client side: mail to other servers --- */

/* What is shown of us to servers that ask, for tls_client_spec.own, by the name of a
   profile or a domain; with an empty one the main domain's. A reference, or NULL:
   nothing. Not on a loop. */
struct tls_ctx *tls_own(struct slice name);

struct tls_client_spec {
	const char *host;   /* for SNI and for the verifier; A-labels */
	const char *sni;    /* asked for instead of host; NULL: host */
	struct slice names; /* what the certificate may be for instead of host, parted by blanks */
	/* What the certificate is compared with instead of being traced to who is trusted:
	   data of TLSA records (RFC 6698 2.1), each behind two bytes that say how long it
	   is; usages 2 and 3. Empty: nothing. */
	struct slice pins;
	bool must_verify; /* false: go on, and say in tls_peer() what was wrong */
	bool fresh;	  /* neither resume a session nor keep this one */
	/* Shown when the server asks for a certificate, or NULL; made with
	   .connects; a reference is taken. */
	struct tls_ctx *own;
};

/* A client-side layer for a stack that may be a blocking one. Push it, then
   tls_handshake(io, true). The spec is copied. NULL: the library has no memory. */
struct io *tls_connect_new(const struct tls_client_spec *spec, struct err *err);

/* What a peer claims by its chain: to be the server `host`, or one of names; or a
   client of the domain to which it came, which is the label of its context. */
struct tls_claim {
	bool server;
	bool any; /* of a client that was asked though its domain asks for none: whoever is
		     trusted may have issued it, and it proves no account */
	const char *host, *domain;
	struct slice names, pins; /* as tls_client_spec has them */
	struct slice chain;	  /* DER, leaf first */
};

/* Handed in at start by pki/. Any thread but a loop's. */
struct tls_verifier {
	/* Is it good? 0, and the accounts that a client's proves, parted by blanks,
	   are appended; or -1 with the reason in plain words. */
	int (*verify)(
	    void *arg, const struct tls_claim *claim, struct buf *accounts, struct err *err);
	/* Whose is the first of the chain, and who issued it? For people, as RFC 4514 has
	   names; appended. May be NULL. */
	void (*names)(void *arg, struct slice chain, struct buf *subject, struct buf *issuer);
	void *arg;
};
void tls_verifier_set(const struct tls_verifier *verifier);

/* The first certificate of what tls_peer() gave. */
struct slice tls_leaf(struct slice chain);

/* The same, of what tls_peer() gave; nothing is appended when nobody knows. Any thread. */
void tls_peer_names(struct slice chain, struct buf *subject, struct buf *issuer);

/* RFC 9266 tls-exporter channel binding, 32 bytes. */
bool tls_channel_binding(struct io *io, unsigned char out[32]);

/* Give back memory that only the handshake needed. On the loop, while no
   worker has the connection. */
void tls_rest(struct io *io);

/* Send close_notify; does not wait for the peer's. */
void tls_bye(struct io *io);

#endif
