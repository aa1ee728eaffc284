/* sieve.h - Sieve scripts (RFC 5228): compiled once, run for each message
 *
 * A compiled script is immutable and may be run by any number of threads. A
 * run only reads the message and says what is to be done; whoever asked does
 * it. Size of a script, depth, number of commands, of actions and of redirects
 * are bounded, and so is the time of a match. */
#ifndef CORE_SIEVE_H
#define CORE_SIEVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct sieve_script;

/* NULL: *err says in which line what is wrong. Waits for nothing. */
struct sieve_script *sieve_compile(struct slice text, struct err *err);
void sieve_free(struct sieve_script **script);

/* Names of the extensions that `require` takes, parted by blanks (what
   ManageSieve announces); constant text. */
const char *sieve_extensions(void);

struct sieve_message {
	struct slice text;     /* the whole message; size is its length */
	struct slice from, to; /* envelope, without <>; to: as the recipient was written */
};

enum sieve_kind { SIEVE_STORE, SIEVE_REDIRECT, SIEVE_REJECT };

struct sieve_action {
	enum sieve_kind kind;
	struct slice name; /* SIEVE_STORE: mailbox, "" means INBOX, or "~account/mailbox";
			      SIEVE_REDIRECT: address; SIEVE_REJECT: what to say */
	bool encrypt;	   /* SIEVE_STORE: by store_encrypted */
	bool implicit;	   /* SIEVE_STORE: the implicit keep */
	uint64_t flags;	   /* of imap4flags' system flags, as in storage/box.h; when supported */
	struct sieve_action *next;
};

/* What is to be done, in order, each once; empty: discarded. From pool. -1: a
   fault at run time (*err says line and reason); *actions is then the implicit
   keep alone (RFC 5228 2.10.6). */
int sieve_run(const struct sieve_script *script, const struct sieve_message *message,
    struct pool *pool, struct sieve_action **actions, struct err *err);

#endif
