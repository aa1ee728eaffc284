/* right.h - what others may do with a mailbox (RFC 4314)
 *
 * An entry belongs to a mailbox, not to its name: it follows a renamed mailbox,
 * and one that is made again under an old name begins without any. Whom it is
 * for is an identifier in its canonical form:
 *
 *	jim@alpha.test     an account
 *	@alpha.test        all accounts of a domain
 *	$sales@alpha.test  the accounts to which that address leads
 *	anyone             whoever may see the owner's domain (share.h)
 *
 * and with '-' before it, what those may not, whatever else gives it to them.
 * The owner may do everything; he has no entry. share.h knows owners and
 * domains, and is what protocols call.
 *
 * Any thread but a loop's. */
#ifndef STORAGE_RIGHT_H
#define STORAGE_RIGHT_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/box.h"

/* RFC 4314 §2.1. The values are kept in records. */
enum right {
	RIGHT_INSERT = 1,    /* i: APPEND, COPY into it, rules that file into it */
	RIGHT_LOOKUP = 2,    /* l: it is seen in lists */
	RIGHT_READ = 4,	     /* r: SELECT, STATUS */
	RIGHT_SEEN = 8,	     /* s: \Seen */
	RIGHT_WRITE = 16,    /* w: the other flags and keywords */
	RIGHT_POST = 32,     /* p: mail to its address */
	RIGHT_CREATE = 64,   /* k: mailboxes below it */
	RIGHT_DELETE = 128,  /* x: DELETE, RENAME */
	RIGHT_MARK = 256,    /* t: \Deleted */
	RIGHT_EXPUNGE = 512, /* e */
	RIGHT_ADMIN = 1024,  /* a: these rights */
	RIGHT_ALL = 2047,
};

/* "lrs" to enum right, or-ed; the obsolete c and d are k with x, and t with e
   (RFC 4314 §2.1.1). False: another letter. And back, in the order
   "lrswipkxtea"; with `obsolete`, c and d behind it. */
bool right_parse(struct slice letters, unsigned *out);
void right_put(struct buf *out, unsigned rights, bool obsolete);

/* The canonical form of an identifier, from pool; NULL: it is none. */
const char *right_identifier(struct pool *pool, struct slice who);

enum right_how { RIGHT_SET, RIGHT_ADD, RIGHT_TAKE };
/* Change the entry of an identifier; with no right left it goes, and taking
   what was not given is fine. Durable on return. ERR_INPUT: not an identifier;
   ERR_ABSENT: no such mailbox; ERR_LIMIT: the account has given a thousand. */
int right_change(struct acct *acct, struct slice mailbox, struct slice who, enum right_how how,
    unsigned rights, struct err *err);

/* What the account of that canonical address may do with mailbox `box` (its id)
   of another account. `outside`: it is of a domain to which the owner's is
   closed; of what was given then only RIGHT_INSERT counts, and "anyone" is not
   for it. 0, -1. */
int right_of(struct acct *acct, uint32_t box, struct slice who, bool outside, unsigned *out);

/* Visit all entries of an account, by mailbox (its id). 0 or -1. */
typedef bool right_visit(void *arg, uint32_t box, struct slice who, unsigned rights);
int right_each(struct acct *acct, right_visit *visit, void *arg);
/* Those of one mailbox. */
int right_each_of(struct acct *acct, uint32_t box, right_visit *visit, void *arg);

/* Give a new mailbox the entries of another. */
int right_copy(struct acct *acct, uint32_t from, uint32_t to, struct err *err);
/* Remove all entries of an identifier. */
int right_forget(struct acct *acct, struct slice who, struct err *err);

#endif
