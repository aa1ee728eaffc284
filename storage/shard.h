/* shard.h - private to storage/: one shard's environment, trees and bodies
 *
 * shard.c opens all of this at start and closes it at the end; everybody else
 * finds a shard by its number and uses the trees. Which file knows the keys
 * and records of a tree:
 *
 *	box      box_*.c      mailboxes, names, subscriptions, counters, usage
 *	entry    box_*.c      mailbox + UID -> flags, MODSEQ, message
 *	message  box_*.c      account + message -> summary, users
 *	queue    queue.c      mail for other servers
 *	body     body_*.c     where a body lies, how many use it
 *	segment  body_*.c     dead bytes of a segment
 *
 * All are in one environment, so one kv_write() covers all. Bodies are made
 * durable before each commit: append first (body_append), then kv_write with
 * an apply() that links them (body_link). */
#ifndef STORAGE_SHARD_H
#define STORAGE_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "storage/body.h"
#include "storage/kv.h"

struct shard {
	uint32_t id;
	char *dir; /* DATA/shards/0000 */
	struct kv_env *env;
	struct kv *box, *entry, *message, *queue, *queue_due;
	struct body_store *bodies;
};

/* NULL: there is no such shard. It stays until store_close. */
struct shard *shard_of(uint32_t id);

/* All shards: 0 to shard_count() - 1. The queue of mail for other servers is
   in shard 0. */
uint32_t shard_count(void);

/* --- for store.c --- */
int shards_open(const char *data, struct err *err); /* makes shard 0 when there is none */
void shards_close(void);

/* --- provided by box_*.c --- */

/* Remove all mail of an account; done in several writes, so that no one waits
   long for it, and safe to repeat. Its views become gone. */
int shard_purge_account(struct shard *shard, uint64_t account, struct err *err);

/* The bytes that an account may store, 0: no bound. Kept with its counters so
   that a delivery finds both in one record; dir_account_quota() calls it. */
int shard_set_quota(struct shard *shard, uint64_t account, uint64_t bytes, struct err *err);

/* When the shard was opened, before anybody uses it: finish removals that the
   last run did not. */
int shard_resume(struct shard *shard, struct err *err);

/* Before the shard is closed, when no mailbox of it is open any more: let go
   of the views that were kept. */
void shard_forget_views(struct shard *shard);

/* For store_check: everything that is there, in the order of the keys. A NULL
   function is passed over. A function that returns false ends the walk. 0, or
   -1 when the database failed; a record that cannot be read is given to
   damaged(). */
struct shard_walk {
	bool (*mailbox)(void *arg, uint64_t account, uint32_t box);
	bool (*entry)(void *arg, uint64_t account, uint32_t box, uint32_t uid, uint64_t message);
	/* users: of how many entries the record says that they use it. */
	bool (*message)(
	    void *arg, uint64_t account, uint64_t message, unsigned users, struct slice summary);
	bool (*damaged)(void *arg, const char *tree, struct slice key);
	void *arg;
};
int shard_walk(struct shard *shard, const struct shard_walk *walk);

/* --- provided by queue*.c --- */

/* When the shard was opened: the index of what is due is there. */
int shard_resume_queue(struct shard *shard, struct err *err);

/* The bodies that queued mail uses; one call for each queue record. */
int shard_walk_queue(
    struct shard *shard, bool (*queued)(void *arg, uint64_t id, uint64_t body), void *arg);

#endif
