/* drop.h - a maildrop: INBOX as it was at login, one session at a time
 *
 * RFC 1939 §4: numbers and sizes stay while the session lasts, so they come
 * from one snapshot. Deletions are marks until the session ends by QUIT. */
#ifndef PROTOCOLS_POP_DROP_H
#define PROTOCOLS_POP_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/err.h"
#include "storage/box.h"

/* Whose maildrop is in use; embedded, in a list while it is held. */
struct pop_lock {
	uint64_t account;
	struct pop_lock *next;
	bool held;
};

/* False: another session holds it. */
bool pop_lock_take(struct pop_lock *lock, uint64_t account);
void pop_lock_release(struct pop_lock *lock);

struct pop_drop {
	struct pop_lock lock;
	struct acct *acct;
	struct box *box;
	struct box_snap *snap;
	uint32_t total;	      /* messages in the snapshot */
	uint32_t count;	      /* not marked as deleted */
	uint64_t size;	      /* of those */
	unsigned char *marks; /* a bit for each message; NULL: no marks */
};

/* Open and lock; 0, or -1. ERR_BUSY: another session holds it. */
int pop_drop_open(struct pop_drop *drop, const struct auth_account *who, struct err *err);
void pop_drop_close(struct pop_drop *drop);

/* seq from 1 to total. */
const struct box_entry *pop_drop_entry(const struct pop_drop *drop, uint32_t seq);
bool pop_drop_marked(const struct pop_drop *drop, uint32_t seq);
void pop_drop_mark(struct pop_drop *drop, uint32_t seq);
void pop_drop_unmark_all(struct pop_drop *drop);

/* Remove what is marked. 0, or -1: some are still there. */
int pop_drop_update(struct pop_drop *drop, struct err *err);

#endif
