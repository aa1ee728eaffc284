/* source.h - accounts that an LDAP directory knows, for domains that have one
 *
 * Such a domain's users are those whom its directory finds. Their mail is here: an
 * account is made for one when he is first asked for. It has no password here; it is
 * checked by a bind as his entry. Accounts with a password here stay what they are.
 *
 * A directory that fails defers: nobody is refused, nothing is lost, and other domains
 * are not slowed, since few threads wait for it at a time. */
#ifndef STORAGE_SOURCE_H
#define STORAGE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/dir.h"

/* How the directories' passwords are kept; handed in at start by main. Both append to
 *out and return 0, or -1. `what` names what it is for. */
struct source_sealer {
	int (*close)(const char *what, struct slice plain, struct buf *out, struct err *err);
	int (*open)(const char *what, struct slice sealed, struct buf *out, struct err *err);
};

/* With the store open, before threads. */
int source_start(const struct source_sealer *sealer, struct err *err);
void source_stop(void); /* after threads */

/* Has that domain (A-labels) a directory? From memory; any thread. *mark differs for
   each that was set; it may be NULL. */
bool source_has(struct slice domain, uint64_t *mark);

enum source_answer { SOURCE_FAILED = -1, SOURCE_NO, SOURCE_YES };

/* Is it the password of an account of a domain with a directory? Any thread but a
   loop's. */
enum source_answer source_check(const char *address, struct slice password);

/* Is the account of the directory: one without a password here? */
bool source_owns(const struct dir_account *account);

/* Is the account, if it is the directory's, still in it? 1 for all others; 0, -1 as
   source_find. */
int source_confirm(const struct dir_account *account);

/* An account that is not there (canonical address) may be in the directory: then make
   it. 1 and *out from pool, 0, -1: later; also where only a loop asks. */
int source_adopt(struct slice address, struct pool *pool, struct dir_account *out);

#endif
