/* rename_private.h - private to the files that rename a domain */
#ifndef STORAGE_RENAME_PRIVATE_H
#define STORAGE_RENAME_PRIVATE_H

#include "storage/dir_private.h"
#include "storage/rename.h"

/* --- rename_record.c: records of other rooms --- */

/* Keys of those that change, in pool; read outside of a change, so that no transaction
   walks through all. 0, -1. */
struct rename_keys {
	struct pool pool;
	struct slice *keys; /* as they are in the tree: room NUL key */
	size_t n, room;
};
int rename_gather(const struct rename *names, struct rename_keys *out);
void rename_keys_done(struct rename_keys *keys);

/* Inside a change: what they become, from its pool, then written. sealer NULL: those that
   are bound to the name by a seal stay. KV_REFUSED: one cannot be sealed anew. */
enum kv_result rename_records(struct dir_change *change, struct kv_txn *txn,
    const struct rename *names, const struct rename_keys *keys, const struct rename_sealer *sealer);

/* --- rename_rest.c: what is not in the directory; safe to repeat --- */

/* The note that it is to be done goes at the end. */
int rename_rest(const struct rename *names, struct err *err);
/* With the shards open: those that the last run did not finish. */
int rename_resume(struct err *err);

/* Keys of notes in the directory's "meta": what a domain is called now, and what is not
   finished. */
struct slice rename_former_key(struct pool *pool, struct slice old);
struct slice rename_unfinished_key(struct pool *pool, struct slice old);

/* --- queue_rename.c, audit_rename.c --- */

/* Senders of mail that waits: what becomes of it is told to where they are now. */
int queue_rename(const struct rename *names, struct err *err);
/* The events of the domain are found by its new name; what they say stays. */
int audit_rename(const struct rename *names, struct err *err);

#endif
