/* sieve.h - Sieve scripts (RFC 5228): compiled once, run for each message
 *
 * A compiled script is immutable and may be run by any number of threads. A
 * run only reads the message and says what is to be done; whoever asked does
 * it. Size of a script, depth, number of commands, of actions and of redirects
 * are bounded, and so is the time of a match. */
#ifndef CORE_SIEVE_H
#define CORE_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct sieve_script;

/* NULL: *err says in which line what is wrong ("line 3: ..."). Waits for nothing. */
struct sieve_script *sieve_compile(struct slice text, struct err *err);
void sieve_free(struct sieve_script **script);

/* The same for whoever writes scripts. ERR_LIMIT: too large, by the setting of
   today. What is not wrong but hardly meant is appended to *warnings, a line
   each; NULL: nobody wants to know. */
struct sieve_script *sieve_check(struct slice text, struct buf *warnings, struct err *err);

/* Bytes that it takes in memory, about. */
size_t sieve_size(const struct sieve_script *script);

/* Append the names of the extensions that `require` takes, parted by blanks. */
void sieve_extensions(struct buf *out);

/* Bytes that a script which compiles begins with up to the end of its last
   `require`: what is put there is done first. */
size_t sieve_beginning(struct slice text);

/* Most bytes of a script, and most redirects of a run: settings. */
uint64_t sieve_script_max(void);
unsigned sieve_redirects_max(void);

/* What somebody did by IMAP with a message that is stored (RFC 6785). */
struct sieve_event {
	struct slice cause; /* "APPEND", "COPY", "FLAG" */
	struct slice user;  /* who did it */
	struct slice mailbox;
	struct slice changed; /* names of the flags that changed, parted by blanks */
	/* Names of the flags that it has now; the run begins with them. */
	const struct slice *flags;
	size_t n_flags;
};

struct sieve_message {
	struct slice text;     /* the whole message; size is its length */
	struct slice from, to; /* envelope, without <>; to: as the recipient was written */
	const struct sieve_event *event; /* NULL: it is being delivered */
};

enum sieve_kind {
	SIEVE_STORE,
	SIEVE_REDIRECT,
	SIEVE_REJECT,
	SIEVE_VACATION,
	SIEVE_KEEP, /* of an event only: it stays where it is, with these flags */
};

/* System flags in the bits that storage/box.h gives them. */
enum {
	SIEVE_SEEN = 1,
	SIEVE_ANSWERED = 2,
	SIEVE_FLAGGED = 4,
	SIEVE_DELETED = 8,
	SIEVE_DRAFT = 16,
};

/* An answer to the sender, once in a while (RFC 5230); its text is the action's name. */
struct sieve_vacation {
	struct slice subject, from; /* empty: what is usual */
	struct slice handle;	    /* answers of one handle are the same answer */
	const struct slice *addresses;
	size_t n_addresses;
	uint64_t seconds;
	bool mime; /* the text is a MIME entity */
};

struct sieve_action {
	enum sieve_kind kind;
	struct slice name; /* SIEVE_STORE: mailbox, "" means INBOX, or "~account/mailbox";
			      SIEVE_REDIRECT: address; SIEVE_REJECT, SIEVE_VACATION: what
			      to say */
	bool encrypt;	   /* SIEVE_STORE: by store_encrypted */
	bool implicit;	   /* SIEVE_STORE, SIEVE_KEEP: the implicit keep */
	/* SIEVE_STORE, SIEVE_KEEP: system flags and keywords (RFC 5232). */
	uint64_t flags;
	const struct slice *keywords;
	size_t n_keywords;
	const struct sieve_vacation *vacation; /* SIEVE_VACATION */
	struct sieve_action *next;
};

/* What is to be done, in order, each once; empty: discarded. All of it is of the
   pool, and outlives the script. -1: a fault at run time (*err says line and
   reason); *actions is then the implicit keep alone (RFC 5228 2.10.6). */
int sieve_run(const struct sieve_script *script, const struct sieve_message *message,
    struct pool *pool, struct sieve_action **actions, struct err *err);

#endif
