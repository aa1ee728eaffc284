/* acct_record.h - small records of an account for other rooms: a roster, a script, an identity
 *
 * They lie in the account's shard beside its mailboxes, are part of every
 * backup, and go when the account goes. `room` is a short constant name;
 * key and value are the room's own. A value begins with a version byte.
 *
 * Any thread but a loop's. */
#ifndef STORAGE_ACCT_RECORD_H
#define STORAGE_ACCT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/table.h"
#include "storage/box.h"

enum { ACCT_RECORD_KEY_MAX = 1024, ACCT_RECORD_VALUE_MAX = 1 << 20 };

/* 1 found, 0 absent, -1. What was in *value is overwritten. */
int acct_record_get(struct acct *acct, const char *room, struct slice key, struct buf *value);

/* Visit those whose key begins with prefix, in the order of their keys, until
   visit returns false; slices are valid during the call, which must not write. */
int acct_record_each(struct acct *acct, const char *room, struct slice prefix,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg);

/* All or none, durable on return. An empty value removes. ERR_ABSENT: the
   account was removed; ERR_LIMIT: too large. */
struct acct_record {
	struct slice key, value;
};
int acct_record_put(struct acct *acct, const char *room, const struct acct_record *records,
    size_t n, struct err *err);

/* The same of a mailbox, by its id: it gets another MODSEQ (RFC 7162 §3.2). ERR_BUSY: it was
   removed. */
int acct_record_put_of(struct acct *acct, const char *room, uint32_t box,
    const struct acct_record *records, size_t n, struct err *err);

/* Read, decide and write as one change: no other change of this room's record
   comes between. change() sees the value (empty when absent) and appends what
   shall be there to *out (nothing: removed). 0 goes on, -1 leaves it as it was:
   it has set *err. It may run more than once, and waits for nothing. */
int acct_record_change(struct acct *acct, const char *room, struct slice key,
    int (*change)(void *arg, struct slice value, struct buf *out, struct err *err), void *arg,
    struct err *err);

/* A room whose keys begin with the id of a mailbox, in four bytes: what it has of a
   mailbox goes when that is removed. */
struct box_notes {
	const char *room;
};

#define BOX_NOTES(id) TABLE_ROW(box_notes, id)
TABLE_DECLARE(box_notes);

#endif
