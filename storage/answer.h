/* answer.h - automatic answers (Sieve's vacation): whether one is safe, and the sending
 *
 * RFC 3834, RFC 5230 4.5, 4.6: nothing answers notifications, other answers, lists, bulk
 * mail, its own account, or mail that was not addressed to it; nobody gets the same answer
 * twice in its period. Who got one is remembered in the account's records, and no more of
 * them than ANSWER_REMEMBERED_MAX. An answer goes out without a sender, after the message
 * itself is stored; a crash between may lose it, but never sends it twice. */
#ifndef STORAGE_ANSWER_H
#define STORAGE_ANSWER_H

#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"
#include "core/sieve.h"

enum { ANSWER_REMEMBERED_MAX = 2000 };

/* All slices live until answer_send. */
struct answer {
	uint64_t account;
	uint32_t shard;
	struct slice address; /* of the account */
	struct slice to;      /* the recipient as it was written; empty: a group's */
	struct slice sender;  /* reverse-path of the message */
	struct slice message;
	struct slice text;
	struct sieve_vacation vacation;
	struct answer *next;
};

/* NULL: it may be answered; else why not. May look into the directory. */
const char *answer_unsafe(const struct answer *answer, struct pool *pool);

/* Let it have copies of its own of what the action lent it. */
void answer_own(struct answer *answer, struct pool *pool);

/* Send it, unless that was done in its period. Any thread but a loop's; what fails is
   logged. */
void answer_send(const struct answer *answer);

/* --- answer_text.c --- */
void answer_write(const struct answer *answer, uint64_t mid, struct pool *pool, struct buf *out);

#endif
