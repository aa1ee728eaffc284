/* box_private.h - private to box_*.c and deliver.c: records, and a change while it is made
 *
 * Keys begin with the account, so what one change touches lies close together:
 *
 *	box      account 'a'             -> counters of the account
 *	         account 'b' box         -> counters of a mailbox
 *	         account 'k' box         -> names of its keywords
 *	         account 'n' name        -> the mailbox of that name, use, subscription
 *	         account 'r' room NUL key -> a record of another room (acct_record.h)
 *	         0 'c' account box uid   -> UIDs that a copy made there, which is under way
 *	         0 'd' account box       -> what is left of a removed mailbox (box 0:
 *	                                    of an account) is to be removed
 *	entry    account box uid 'b'     -> flags, MODSEQ, message of each from that UID on
 *	         account box uid         -> of one alone
 *	message  account message         -> summary; message is the id of its body
 *	         account message 'u'     -> how many entries use it, when more than one
 *
 * In the key of a name '/' is 1 and a leading INBOX is 2 (names have no control
 * characters), so that children follow their parent, and INBOX comes first. */
#ifndef STORAGE_BOX_PRIVATE_H
#define STORAGE_BOX_PRIVATE_H

#include "storage/box_snap.h"
#include "storage/kv.h"
#include "storage/shard.h"

struct acct {
	struct shard *shard;
	uint64_t id;
};

/* --- keys (box_key.c) --- */

struct box_key {
	unsigned char bytes[28]; /* the longest is 0 'c' account box uid */
	size_t n;
};
struct slice box_key_slice(const struct box_key *key);
struct box_key box_kind_key(uint64_t account, char kind);
struct box_key box_mailbox_key(uint64_t account, char kind, uint32_t box);
struct box_key box_dead_key(uint64_t account, uint32_t box);
struct box_key box_entries_key(uint64_t account, uint32_t box);
struct box_key box_entry_key(uint64_t account, uint32_t box, uint32_t uid);
struct box_key box_block_key(uint64_t account, uint32_t box, uint32_t uid); /* the first one */
struct box_key box_message_key(uint64_t account, uint64_t message);
void box_name_key(struct buf *key, uint64_t account, struct slice name);
void box_name_of_key(struct buf *name, struct slice key);

/* --- records (box_record.c) --- */

struct box_acct {
	bool gone; /* removed: nothing is ever stored for it again */
	uint32_t next_box, names;
	uint32_t uidvalidity; /* the last one given out; they rise */
	uint64_t bytes, messages, quota;
};

struct box_rec {
	uint32_t uidvalidity, uidnext, messages, unseen, deleted;
	uint64_t modseq, size;
};

struct box_name {
	uint32_t box; /* 0: there is only the subscription */
	enum box_use use;
	bool subscribed;
};

enum {
	BOX_BLOCKS_HELD = 2,
	BOX_BLOCK = 16, /* UIDs, from a multiple of it on */
	BOX_SLOT_BYTES = 4 + 1 + 5 + 8 + 5 + 5,
	BOX_BLOCK_BYTES = 1 + BOX_BLOCK * BOX_SLOT_BYTES,
	BOX_ENTRY_BYTES = 1 + 4 + 5 * 8, /* of a record of its own */
};

/* A record of the tree `entry` while it is changed (box_block.c). */
struct box_block {
	uint32_t box, first;
	bool held, dirty;
	unsigned char bytes[BOX_BLOCK_BYTES];
};

/* One account's records, inside an apply() or, with txn NULL, for reading. */
struct box_tx {
	struct shard *shard;
	struct kv_txn *txn;
	uint64_t account;
	struct box_acct acct;
	bool acct_changed;
	struct buf key, value;
	struct box_block blocks[BOX_BLOCKS_HELD]; /* of where messages are copied from, and to */
	unsigned last_block;
};

/* For reading outside of a write; no account record. */
void box_tx_read(struct box_tx *tx, const struct acct *acct);
/* At the start of an apply(), which may be run again: forgets what tx held.
   1, 0 when the account was removed, -1. */
int box_tx_begin(struct box_tx *tx, struct kv_txn *txn, struct shard *shard, uint64_t account);
/* Writes the account's record if it changed, and blocks of entries. 0 or -1. */
int box_tx_end(struct box_tx *tx);
void box_tx_done(struct box_tx *tx);

/* Tell that a record is damaged; -1. */
int box_damaged(const struct box_tx *tx, const char *what);

/* 1 found, 0 absent (*out is zeroed), -1 failed or damaged. */
int box_acct_get(struct box_tx *tx, struct box_acct *out);
int box_rec_get(struct box_tx *tx, uint32_t box, struct box_rec *out);
int box_name_get(struct box_tx *tx, struct slice name, struct box_name *out);
int box_keywords_get(struct box_tx *tx, uint32_t box, struct box_keywords **out); /* NULL: none */

int box_acct_put(struct box_tx *tx, const struct box_acct *acct);
int box_rec_put(struct box_tx *tx, uint32_t box, const struct box_rec *rec);
int box_rec_del(struct box_tx *tx, uint32_t box); /* and its keywords */
int box_name_put(struct box_tx *tx, struct slice name, const struct box_name *rec);
int box_name_del(struct box_tx *tx, struct slice name);
int box_keywords_put(struct box_tx *tx, uint32_t box, const struct box_keywords *keywords);

/* A record of another room (acct_record.h); an empty value removes. _key: where it lies;
   how many bytes of that are before its own key. */
size_t box_record_key(struct buf *out, uint64_t account, const char *room, struct slice key);
int box_record_get(struct box_tx *tx, const char *room, struct slice key, struct buf *value);
int box_record_put(struct box_tx *tx, const char *room, struct slice key, struct slice value);

/* Removals under way; box 0 is the whole account. */
int box_dead_put(struct box_tx *tx, uint32_t box);
int box_dead_del(struct box_tx *tx, uint32_t box);

/* For walks: what a value says. False: damaged. */
bool box_name_read(struct slice value, struct box_name *out);

/* --- entries (box_entry.c) --- */

/* For walks: the entries of a record, at most BOX_BLOCK; -1: it is damaged. */
int box_entry_list(struct slice key, struct slice value, struct box_entry *out);

/* A block's bytes; all zero when it is empty. read: of a record, where slots at its end
   may be missing; false: damaged. write: false when the entry needs a record of its own. */
bool box_block_read(struct slice value, unsigned char *block);
size_t box_slot_at(uint32_t uid); /* which byte a slot begins at */
bool box_slot_has(const unsigned char *block, uint32_t uid);
bool box_slot_read(const unsigned char *block, uint32_t uid, struct box_entry *out);
bool box_slot_write(unsigned char *block, const struct box_entry *entry);
void box_slot_clear(unsigned char *block, uint32_t uid);
/* BOX_ENTRY_BYTES; reads those of older versions, too. False: damaged. */
bool box_entry_read(struct slice value, uint32_t uid, struct box_entry *out);
void box_entry_write(unsigned char *p, const struct box_entry *entry);

/* --- entries in their tree, inside an apply() (box_block.c) --- */

/* 1 found, 0 absent, -1 failed or damaged. */
int box_entry_get(struct box_tx *tx, uint32_t box, uint32_t uid, struct box_entry *out);
/* 0 or -1. They are in the tree after box_tx_end(). add: its UID is above all there were. */
int box_entry_add(struct box_tx *tx, uint32_t box, const struct box_entry *entry);
int box_entry_put(struct box_tx *tx, uint32_t box, const struct box_entry *entry);
int box_entry_del(struct box_tx *tx, uint32_t box, uint32_t uid);
/* For box_tx_begin() and box_tx_end(). */
void box_blocks_forget(struct box_tx *tx);
int box_blocks_write(struct box_tx *tx);

/* --- messages (box_message.c) --- */
int box_message_add(struct box_tx *tx, uint64_t message, struct slice summary);
int box_message_use(struct box_tx *tx, uint64_t message);  /* one entry more */
int box_message_drop(struct box_tx *tx, uint64_t message); /* one less */
/* How many entries use it; -1 failed. */
int64_t box_message_users(struct box_tx *tx, uint64_t message);

/* --- names (box_name.c) --- */

/* Is a folded name within the limits for new ones? 0, or -1. */
int box_name_limits(struct slice name, struct err *err);
/* Is this one below that one in the hierarchy? */
bool box_name_below(struct slice name, struct slice parent);

/* --- making and finding (box_make.c) --- */

/* The mailbox of a folded name. INBOX is made when it is not there, and the
   default ones with it: even if the caller then refuses, no harm is done. 1,
   0, -1. */
int box_name_find(struct box_tx *tx, struct slice name, struct box_name *out);
/* Outside of a write, for a name as it came: 0, or -1 (ERR_ABSENT, ...). */
int box_find(struct acct *acct, struct slice name, struct box_name *out, struct err *err);
/* A new mailbox; *name is its record as it was, and becomes what it is. */
int box_make(struct box_tx *tx, struct slice folded, struct box_name *name, enum box_use use);
bool box_room_for_names(const struct box_tx *tx, uint32_t more, struct err *err);

/* --- removing, in bounded steps (box_purge.c) --- */

/* What is left of a mailbox that is marked dead; box 0: of an account. */
int box_purge(struct shard *shard, uint64_t account, uint32_t box, struct err *err);

/* --- a change of one mailbox, inside an apply() (box_edit.c) --- */

/* What views must know once it is durable. */
struct box_change {
	uint64_t account;
	uint32_t box;
	bool any, gone;
	bool messages; /* some came or went */
	uint32_t uidnext;
	uint64_t modseq;
	struct buf put;		       /* struct box_entry: new or changed */
	struct buf drop;	       /* uint32_t: UIDs */
	struct box_keywords *keywords; /* when there are new ones */
};

struct box_edit {
	struct box_tx *tx;
	uint32_t box;
	struct box_rec rec;
	struct box_change change;
};

/* Zero-initialised before the first time. 1, 0 when there is no such mailbox,
   -1. */
int box_edit_begin(struct box_edit *edit, struct box_tx *tx, uint32_t box);
/* Begin tx and edit for a mailbox that was found before: KV_DONE, or what
   apply() returns (err says that it is gone). */
enum kv_result box_edit_again(struct box_edit *edit, struct box_tx *tx, struct kv_txn *txn,
    const struct acct *acct, uint32_t box, struct err *err);
int box_edit_end(struct box_edit *edit);
void box_edit_done(struct box_edit *edit);

/* May the account take so much? Else why not, in err. */
bool box_edit_room(const struct box_edit *edit, uint64_t bytes, uint64_t messages, struct err *err);

/* Add an entry; its uid, modseq and saved are filled in. */
int box_edit_add(struct box_edit *edit, struct box_entry *entry);
/* As if it had changed: another MODSEQ. */
int box_edit_touch(struct box_edit *edit, const struct box_entry *entry);
int box_edit_flags(struct box_edit *edit, const struct box_entry *entry, uint64_t flags);
/* Remove an entry; its message is the caller's matter (box_message_drop). */
int box_edit_drop(struct box_edit *edit, const struct box_entry *entry);

/* The bit of a keyword, made when there is room; 0 in *bit when there is none. */
int box_edit_keyword(struct box_edit *edit, struct slice name, uint64_t *bit);
bool box_keyword_bit(const struct box_keywords *keywords, struct slice name, uint64_t *bit);

uint64_t box_flags_changed(uint64_t was, enum box_how how, uint64_t flags);

/* The same to many entries of one mailbox, a bounded number in each write. */
struct box_batch {
	struct kv_write w;
	struct acct acct;
	uint32_t box;
	int (*one)(struct box_batch *batch, const struct box_entry *entry);
	enum box_how how; /* for one() */
	uint64_t flags, may;
	uint64_t since;		     /* entries with a MODSEQ above it are not changed: */
	struct buf *modified;	     /* here are their UIDs */
	size_t modified_n;	     /* its length before this time */
	const struct box_seen *seen; /* whose \Seen, or NULL */
	struct buf ranges;	     /* his set */

	const uint32_t *uids; /* this time */
	size_t n;
	bool idle; /* there was nothing to do */
	struct err *err;
	struct box_tx tx;
	struct box_edit edit;
};
/* acct, box, one and what it needs are set. UIDs that are not there are passed
   over. */
int box_batch_run(struct box_batch *batch, const uint32_t *uids, size_t n, struct err *err);

/* Remove these entries, whatever their flags. */
int box_batch_drop(
    const struct acct *acct, uint32_t box, const uint32_t *uids, size_t n, struct err *err);

/* --- copies that are all or nothing (box_half.c) --- */

/* What one of them has made so far. Zero-initialised. */
struct box_half {
	uint32_t box;
	struct buf ranges; /* of UIDs: first and last, 4 bytes each */
	size_t kept;	   /* of them, those that are on disk with their entries */
	bool marking, marked;
};
/* UIDs that follow each other. */
struct box_half_made {
	uint32_t from, to;
};
/* Inside an apply(): these were made; `last`: that was all, and the copy is whole.
   And from durable(): so it is. */
int box_half_note(
    struct box_tx *tx, struct box_half *half, uint32_t box, struct box_half_made made, bool last);
void box_half_kept(struct box_half *half);
/* It is whole: forget what was made, and its mark if it has one. 0 or -1. */
int box_half_end(const struct acct *acct, struct box_half *half, struct err *err);
/* Remove what was made. 0, or -1: at the next start then. */
int box_half_undo(const struct acct *acct, struct box_half *half, struct err *err);
/* Forget it; if something was made, a worker removes that. Any thread. */
void box_half_leave(const struct acct *acct, struct box_half *half);
/* At the start: undo what was not finished. */
int box_half_resume(struct shard *shard, struct err *err);

/* box_append() as a part of such a copy. */
int box_append_half(struct acct *acct, struct slice name, const struct box_append *messages,
    size_t n, struct box_half *half, bool last, struct pool *pool, struct box_added *out,
    struct err *err);

/* --- copies into another shard (box_copy_far.c) --- */

struct box_far;

/* UIDs that are there, and that stay until box_far_end. */
struct box_far *box_far_begin(struct box *box, const struct box_copy *what, const uint32_t *uids,
    size_t n, struct box_added *out);
/* As box_copy_step() and box_copy_end(). */
int box_far_step(struct box_far *far, struct err *err);
void box_far_end(struct box_far **far);

/* Run a write and say how it went: 0, or -1 and err filled here (KV_FAILED) or
   by apply() (KV_REFUSED). */
int box_write(struct shard *shard, struct kv_write *w, struct err *err);
/* Of one that is over. */
int box_written(const struct kv_write *w, struct err *err);

/* --- views (box_registry.c) --- */
struct box_view;

struct box {
	struct acct acct;
	uint32_t id;
	char *name;
	uint64_t may;	       /* flags that are changed by this handle */
	struct box_seen *seen; /* \Seen is not the mailbox's but somebody's; or NULL */
	struct box_view *view;
};

/* From durable(). */
void box_view_apply(struct shard *shard, const struct box_change *change);
void box_view_account_gone(struct shard *shard, uint64_t account);
/* Names or subscriptions of the account have changed. */
void acct_names_changed(struct shard *shard, uint64_t account);

#endif
