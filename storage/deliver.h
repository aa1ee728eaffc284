/* deliver.h - a message accepted: rules, then mailboxes and the queue, in one transaction
 *
 * When deliver() returns 0 what became of the message is on disk, for every
 * recipient; when it fails it is nowhere. One body serves all. (Each shard has
 * a transaction of its own: with more than one, a failure may leave the message
 * with the recipients of the shards before, and again when it is sent again.)
 *
 * An account gets a message once, however many recipients lead there; so does
 * an address elsewhere. Before anything is written the rules of each account
 * are run (storage/rules.h). A group (storage/group.h) is all of its members. What they may do:
 *
 *	file it		into a mailbox of the account; one that does not exist is
 *			made (rules.create-mailboxes), else INBOX has it. "~ann/x" is
 *			x of ann@ the same domain, "~ann@beta.test/x" of anybody: it
 *			must be there, and ann must have granted it (storage/right.h)
 *			unless it is the server's script that says so
 *	encrypted	for the mailbox's owner; by a domain's or account's script
 *			into somebody else's mailbox, for owner and account, so that
 *			each of them can read it. The clear text of a message of
 *			which all copies are encrypted is never on the disk, nor is
 *			anything made of it
 *	redirect it	with its reverse-path rewritten (storage/forward.h) and a field
 *			X-Sieve-Redirected-From, by which a message that comes back is
 *			known: it is not sent round again. To an account here it is
 *			given at once, through its rules. Depth and number of both are
 *			bounded
 *	reject it	see deliver_rcpt.fate
 *
 * Without scripts all of this costs four looks into memory an account. */
#ifndef STORAGE_DELIVER_H
#define STORAGE_DELIVER_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/dir.h"

struct kv_txn;

/* Names the account whose rules sent a message on. */
extern const char deliver_redirected[];

enum deliver_fate {
	DELIVER_TAKEN,
	/* Its rules refuse it, for the reason given (UTF-8, perhaps several
	   lines). When all recipients do, say so to the sender, who is still
	   there: RFC 5429 §2.1. When only some do, the queue sends notifications
	   (RFC 3464), unless `each_answers`. */
	DELIVER_REJECTED,
	/* With `each_answers` only, else deliver() fails: its quota is used up; it
	   can't have it now. */
	DELIVER_FULL,
	DELIVER_LATER,
};

struct deliver_rcpt {
	const struct dir_target *target; /* this one alone, not those behind it */
	/* As the sender wrote it, for the queue and for notifications. */
	struct slice original;
	struct slice notify, orcpt; /* RFC 3461 §4.1, §4.2; empty when absent */
	const struct deliver_rcpt
	    *group; /* of a member that deliver() found: the group; else NULL */
	struct deliver_rcpt *next;
	const char *owner; /* of a group: who is told of failures; filled by deliver() */
	/* Filled by deliver(); why is valid as long as deliver.pool. */
	enum deliver_fate fate;
	struct slice why;
};

/* What those who passed it on before say of it (RFC 8617): cv= of the next one. */
enum deliver_chain {
	DELIVER_CHAIN_UNKNOWN, /* nobody has looked */
	DELIVER_CHAIN_NONE,
	DELIVER_CHAIN_PASS,
	DELIVER_CHAIN_FAIL,
};

struct deliver {
	uint64_t mid;		   /* message id in the log */
	struct slice reverse_path; /* without <>; empty: a notification */
	struct slice trace;	   /* Return-Path and Received lines, put before the message */
	struct slice message;
	struct deliver_rcpt *rcpts;
	struct slice envid, ret; /* RFC 3461 §4.3, §4.4 */
	bool smtputf8, body8;
	/* For the queue: see struct queue_entry. */
	bool require_tls, tls_optional;
	int priority;
	/* Not before, unix seconds: until then all of it waits in the queue, for
	   whoever is here as well (RFC 4865). */
	int64_t release;
	/* The mailbox for it in place of INBOX, where no rule chooses another; made when
	   it is not there. Empty: INBOX. */
	struct slice junk;
	/* Who vouches for it, so that it is signed in the name of its From (see
	   deliver_signer): the account that sent it, or this server, which made it. */
	uint64_t sender;
	bool ours;
	/* The sender is told of each recipient alone (LMTP): one that can't have it
	   does not keep the others from it, as long as neither's rules give to the
	   other and an alias does not hold them together. */
	bool each_answers;
	const char *login; /* account of who sends it, when somebody logged in; or NULL */
	/* Done in the transaction by which somebody gets it, if that is the queue's shard's:
	   what must be so exactly when it is delivered. 0 or -1; may be run more than once.
	   May be NULL. */
	int (*also)(void *arg, struct kv_txn *txn);
	void *also_arg;
	/* For a copy that is passed on, which is sealed: what was found out of the message, as
	   the value of Authentication-Results (empty: nothing), and its chain. Where that
	   matters and is not known, deliver() does nothing, sets *asks_chain and says ERR_BUSY:
	   find out, which may need the network, and call again. NULL: such a copy goes without
	   a seal. */
	struct slice results;
	enum deliver_chain chain;
	bool *asks_chain;
	struct pool *pool; /* for reasons; NULL: they are not asked for */
};

/* Filled by pki/ (DKIM, ARC). Each appends header fields, or nothing; it says in the log
   why. Any thread but a loop's. */
struct deliver_signer {
	/* Sign what somebody here vouches for. */
	void (*sign)(const struct deliver *d, struct buf *fields);
	/* The same for one that was signed so and is told in another form since, with
	   which that signature does not fit any more. */
	void (*sign_again)(struct slice whole, struct buf *fields);
	/* Seal the whole message, which an address in that domain passes on. False: its chain
	   must be known. */
	bool (*seal)(
	    const struct deliver *d, struct slice whole, struct slice domain, struct buf *fields);
};
/* At start, before the first message. */
void deliver_sign_with(const struct deliver_signer *signer);

/* Append the fields that sign a message once more, of which struct queue_entry says that it
   was; or nothing. Any thread but a loop's. */
void deliver_sign_again(struct slice whole, struct buf *fields);

/* ERR_LIMIT: a recipient's quota is used up (say so before DATA: see
   deliver_room). ERR_TEMP: try later. Any thread but a loop's. */
int deliver(const struct deliver *d, struct err *err);

/* The same in two steps, so that no thread waits for the disk at the end. 0: `ended` will be
   called, or was already, on any thread, where it must not wait; then deliver_end says what
   became of it. *d, and what it points to, stays as it is until then. -1: as deliver. */
struct delivery;
int deliver_begin(const struct deliver *d, void (*ended)(void *arg), void *arg,
    struct delivery **out, struct err *err);
/* As deliver. On a loop's thread only when it does not wait. */
int deliver_end(struct delivery **delivery, struct err *err);
bool deliver_end_waits(const struct delivery *delivery);

/* Is there room for size bytes in that account? 1, 0, or -1. */
int deliver_room(const struct dir_target *target, uint64_t size);

#endif
