/* auth.h - logins: SASL for every protocol, and passwords that are never stored
 *
 * An account keeps SCRAM secrets only (RFC 5802 §3, RFC 7677). PLAIN and LOGIN
 * are checked against the same secrets. A password that was found right is
 * remembered for a while as a keyed hash under a key that lives in this
 * process only, so that a client that connects often pays for the slow
 * derivation once; a wrong one always pays. An unknown account costs as much
 * as a known one and answers the same. */
#ifndef CORE_AUTH_H
#define CORE_AUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

/* What a login name stands for; filled by the backend from a pool. */
struct auth_account {
	uint64_t id;
	uint32_t shard;		/* part of the handle by which storage/ knows it */
	const char *name;	/* canonical address: "ann@alpha.test" */
	const char *secrets[4]; /* "SCRAM-SHA-256$4096:salt$stored:server", NULL-ended */
	bool suspended;
	/* Not NULL: the backend's check() knows the password, and there are no secrets. A
	   text that changes when what it found right is to be forgotten. */
	const char *elsewhere;
};

/* Handed in by main. 1 found, 0 no such account, -1 try later. May wait. When
   there is no account, out->name may be set to the name it would have. */
struct auth_backend {
	int (*find)(void *arg, struct slice login, struct pool *pool, struct auth_account *out);
	void *arg;
	/* Is it the password of an account that is elsewhere? 1, 0, -1 try later. Not on
	   a loop. NULL: there are none. */
	int (*check)(void *arg, const struct auth_account *account, struct slice password);
	/* Are there such accounts in that domain? Then mechanisms that need secrets are
	   not offered to who comes to it. From memory; any thread. */
	bool (*elsewhere)(void *arg, const char *domain);
	/* Random bytes that outlive a restart: a name without account is shown
	   the same SCRAM salt each time. Empty: the same while the process runs. */
	struct slice pepper;
};

int auth_start(const struct auth_backend *backend, struct err *err);

enum auth_result {
	AUTH_OK,
	AUTH_MORE,  /* send the challenge, wait for the answer */
	AUTH_WRONG, /* one answer for every reason: no oracle */
	AUTH_ABORT, /* malformed exchange, or mechanism not offered */
	AUTH_TEMP,  /* could not be looked up now */
	AUTH_LATER, /* on a loop: memory does not know, ask anew on a worker */
};

/* One exchange. All calls may wait, but on a loop, where AUTH_LATER says that
   the exchange must be begun anew on a worker. */
struct auth;

/* What the connection itself offers to a login. */
struct auth_channel {
	bool tls;   /* without it no mechanism that shows the password is offered */
	bool shown; /* only those that do: passwords are checked elsewhere */
	bool bound;
	unsigned char binding[32]; /* if bound: RFC 9266 tls-exporter */
	const char *external;	   /* accounts that the client's certificate proves, parted by
				      blanks; NULL or "": none */
};

/* That of a session. It refers to the session. */
struct sess;
void auth_channel_of(struct sess *s, struct auth_channel *out);

/* service: "smtp", "imap", "pop". The channel is copied. */
struct auth *auth_new(const char *service, const struct auth_channel *channel);
void auth_free(struct auth **auth);

/* The domain of a login name that names none; without it the main domain.
   Before auth_begin; copied. */
void auth_domain(struct auth *auth, struct slice domain);

/* After AUTH_MORE: the challenge is the server's last word, to which nothing is
   answered. A protocol that can send it with its success does that and calls
   auth_step with an empty response at once. */
bool auth_last_word(const struct auth *auth);

/* Names of the mechanisms offered, parted by blanks; constant text. */
const char *auth_mechs(const struct auth_channel *channel);

/* initial: decoded initial response; p == NULL when there was none. The
   challenge is appended to *out, not encoded. */
enum auth_result auth_begin(
    struct auth *auth, struct slice mech, struct slice initial, struct buf *out);
enum auth_result auth_step(struct auth *auth, struct slice response, struct buf *out);

/* After AUTH_OK: who. Lives as long as auth. */
const struct auth_account *auth_who(const struct auth *auth);
/* The name that was tried, in its canonical form, for the log and for counting
   failures; may be empty. */
struct slice auth_tried(const struct auth *auth);
/* The mechanism, for the log; "" when none was begun. */
const char *auth_mech(const struct auth *auth);

/* LOGIN, USER and PASS. Fills *out from pool on AUTH_OK; its name, in canonical
   form, always. */
enum auth_result auth_password(
    struct slice login, struct slice password, struct pool *pool, struct auth_account *out);

/* Secrets for a new password: one text per hash (SHA-256, SHA-1), from pool.
   The password is prepared by SASLprep's profile of NFKC where it is not
   ASCII. */
int auth_secrets(struct slice password, struct pool *pool, const char *secrets[4], struct err *err);

/* SASL in a dialogue of lines: base64, "=" for an empty initial response, "*"
   cancels. What SMTP, IMAP and POP3 share. Appends the encoded challenge to
   *out for AUTH_MORE. */
enum auth_result auth_line_begin(
    struct auth *auth, struct slice mech, struct slice initial, struct buf *out);
enum auth_result auth_line_step(struct auth *auth, struct slice line, struct buf *out);

#endif
