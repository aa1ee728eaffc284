/* box.h - mailboxes of an account
 *
 * A mailbox that is in use has a view in memory, shared by all its sessions:
 * an immutable snapshot of UIDs, flags and sizes, in chunks that snapshots
 * share. A committed change makes a new snapshot; sessions compare the one
 * that they showed to their client with the newest, when they may
 * (box_snap_diff). Names are UTF-8 with '/' between levels; INBOX in any case
 * is INBOX. Any thread but a loop's, except where said. */
#ifndef STORAGE_BOX_H
#define STORAGE_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "core/spool.h"
#include "storage/body.h"
#include "storage/summary.h"

/* Flags: system flags in the low bits, the mailbox's keywords from bit 8 on. */
enum {
	BOX_SEEN = 1,
	BOX_ANSWERED = 2,
	BOX_FLAGGED = 4,
	BOX_DELETED = 8,
	BOX_DRAFT = 16,
	BOX_KEYWORD_SHIFT = 8,
	BOX_KEYWORDS_MAX = 56,
};

enum box_use {
	BOX_USE_NONE,
	BOX_USE_ARCHIVE,
	BOX_USE_DRAFTS,
	BOX_USE_JUNK,
	BOX_USE_SENT,
	BOX_USE_TRASH
};

/* An account's mail. A handle is cheap; it holds nothing open. */
struct acct;
struct kv_ahead;
struct acct *acct_open(uint64_t account, uint32_t shard);
struct acct *acct_same(const struct acct *acct); /* another handle */
void acct_close(struct acct **acct);
/* Bytes and messages stored (a copy in a second mailbox counts again), and the
   bytes allowed; 0: no bound. 0 or -1. */
struct acct_usage {
	uint64_t bytes, messages, quota;
};
int acct_usage(struct acct *acct, struct acct_usage *out);

/* --- names --- */
struct box_info {
	const char *name;
	uint32_t id;
	enum box_use use;
	bool subscribed;
	bool exists; /* false: only subscribed, or only a parent of one that exists */
	bool children;
};
/* A name as it is kept: UTF-8 in NFC, INBOX in capitals; refused when it cannot
   be a name at all. 0, or -1. Any thread. */
int box_name_fold(struct slice name, struct buf *out, struct err *err);
/* All mailboxes and subscribed names, in order of name, INBOX first; parents
   that do not exist are among them. visit may use the account (box_status). */
int box_list(struct acct *acct, bool (*visit)(void *arg, const struct box_info *info), void *arg);
/* ERR_INPUT: not a name; ERR_EXISTS; ERR_LIMIT: too long, deep or many. Parents
   are not made, they are names without a mailbox. */
int box_create(struct acct *acct, struct slice name, enum box_use use, struct err *err);
/* ERR_ABSENT; ERR_INPUT: INBOX; ERR_DENIED: no mailbox but others below it. When there
   are some below, the name stays as their parent. Subscriptions stay. */
int box_delete(struct acct *acct, struct slice name, struct err *err);
/* With all below it; of INBOX, the messages (RFC 9051 §6.3.6). */
int box_rename(struct acct *acct, struct slice from, struct slice to, struct err *err);
int box_subscribe(struct acct *acct, struct slice name, bool on, struct err *err);

struct box_status {
	uint32_t uidvalidity, uidnext, messages, recent, unseen, deleted;
	uint64_t modseq, size;
	uint64_t deleted_size; /* not kept, so 0 here; who wants it adds it up */
	uint32_t id;	       /* never that of another mailbox of the account, whatever its name */
};
int box_status(struct acct *acct, struct slice name, struct box_status *out, struct err *err);

/* --- the shared view --- */
struct box_entry {
	uint32_t uid;
	uint32_t size; /* RFC822.SIZE; messages are below 4 GB */
	uint64_t flags;
	uint64_t modseq;
	uint64_t message; /* id of its summary in the account */
	int64_t internal_date;
	int64_t saved; /* Unix seconds: when it came into this mailbox; 0: not known */
};

struct box;	 /* a mailbox that is selected */
struct box_snap; /* immutable; counted; any thread */

struct box *box_open(struct acct *acct, struct slice name, struct err *err);
/* The same for a loop's thread: NULL when it is not in memory under that name;
   ask again on a worker. */
struct box *box_open_now(struct acct *acct, struct slice name);
/* Another handle of the mailbox, whatever its name is by now; limits are not taken over. */
struct box *box_same(const struct box *box);
void box_close(struct box **box); /* any thread */
uint32_t box_uidvalidity(const struct box *box);
uint32_t box_id(const struct box *box); /* as box_status has it */
const char *box_name(const struct box *box);

/* The newest snapshot, durable; a reference. A loop's thread as well, but where
   box_seen_as() was called. */
struct box_snap *box_snap(struct box *box);
void box_snap_free(struct box_snap **snap);
uint32_t box_snap_count(const struct box_snap *snap);
uint64_t box_snap_modseq(const struct box_snap *snap);
uint32_t box_snap_uidnext(const struct box_snap *snap);
/* The mailbox was deleted. */
bool box_snap_gone(const struct box_snap *snap);
/* By sequence number, 1 to count. */
const struct box_entry *box_snap_nth(const struct box_snap *snap, uint32_t seq);
/* Sequence number of a UID, or 0; with `up`, of the first UID not below it
   (count + 1 when there is none). */
uint32_t box_snap_find(const struct box_snap *snap, uint32_t uid, bool up);
/* Names of keywords by bit - BOX_KEYWORD_SHIFT; NULL behind the last. */
const char *const *box_snap_keywords(const struct box_snap *snap);

/* What changed from one to the other, in the order in which a client may be
   told: expunged sequence numbers from the highest down, then changed flags
   (sequence numbers as after the expunges), then the new count. */
struct box_diff {
	void (*expunged)(void *arg, uint32_t seq, uint32_t uid);
	void (*flags)(void *arg, uint32_t seq, const struct box_entry *entry);
	void (*added)(void *arg, uint32_t count);
	void *arg;
};
void box_snap_diff(
    const struct box_snap *old, const struct box_snap *now, const struct box_diff *diff);
/* Is it told with few looks? Else there may be thousands of changes. */
bool box_snap_near(const struct box_snap *old, const struct box_snap *now);
/* `now`, whose reference it takes, and with it what of `old` is expunged there: as a
   client may see the mailbox that must not be told of expunges yet. A reference. */
struct box_snap *box_snap_keep(const struct box_snap *old, struct box_snap *now);

/* Be told after each committed change of this mailbox; runs in the committing
   thread, with locks held: it wakes a session, and neither waits nor calls
   anything of this header. It does not run any more when box_unwatch returns. */
struct box_watch {
	void (*changed)(void *arg);
	void *arg;
	struct box_watch *next;
};
void box_watch(struct box *box, struct box_watch *watch);
void box_unwatch(struct box *box, struct box_watch *watch);

/* The same for all mailboxes of an account, with the id of the one that changed; 0: names or
   subscriptions did. noted: what acct_watch_tell says. */
struct acct_watch {
	void (*changed)(void *arg, uint32_t box);
	void (*noted)(void *arg, uint32_t box, struct slice note);
	void *arg;
	uint64_t account; /* set by acct_watch */
	uint32_t shard;
	struct acct_watch *next;
};
void acct_watch(struct acct *acct, struct acct_watch *watch);
void acct_unwatch(struct acct_watch *watch);
/* Tell those that watch the account, but this one (or NULL), a few words about a mailbox;
   0: about the account. */
void acct_watch_tell(
    struct acct *acct, const struct acct_watch *but, uint32_t box, struct slice note);

/* --- messages --- */
/* Reads the summary of one message; slices live in *record. 1, 0, -1. */
int box_summary(struct box *box, const struct box_entry *entry, struct buf *record,
    struct pool *pool, struct summary *out);
/* Of one of many, in their order: slices live until the next call. */
int box_summary_next(struct box *box, const struct box_entry *entry, struct kv_ahead *ahead,
    struct pool *pool, struct summary *out);
int box_body(struct box *box, const struct box_entry *entry, struct body **body, struct err *err);

/* Bit of a keyword; made when `create` and there is room. 0 when there is
   none. */
uint64_t box_keyword(struct box *box, struct slice name, bool create, struct err *err);

enum box_how { BOX_SET, BOX_ADD, BOX_REMOVE };
/* Change flags of these UIDs (rising order). Absent ones are passed over. Many
   are done in several transactions; what fails then is the rest. ERR_BUSY, here
   and below: the mailbox was removed meanwhile. */
int box_flags(struct box *box, const uint32_t *uids, size_t n, enum box_how how, uint64_t flags,
    struct err *err);
/* The same, but not to messages that have changed since that MODSEQ (RFC 7162
   §3.1.3): of these the UIDs (uint32_t) are appended to *modified, rising. */
int box_flags_since(struct box *box, const uint32_t *uids, size_t n, enum box_how how,
    uint64_t flags, uint64_t since, struct buf *modified, struct err *err);

/* From now on only these flags are changed by this handle; others stay as they
   are, whatever is asked (RFC 4314: rights). */
void box_limit(struct box *box, uint64_t may);

/* Does everybody to whom the mailbox (its id) is shown keep his own \Seen? 1, 0,
   -1. And to say so; 0 or -1. */
int box_seen_apart(struct acct *acct, uint32_t box);
int box_seen_apart_set(struct acct *acct, struct slice name, bool on, struct err *err);
/* From now on \Seen is this account's own, in what the handle shows and changes.
   A message that he marks gets another MODSEQ for all. */
void box_seen_as(struct box *box, struct slice who);

/* Remove those of the UIDs that have \Deleted; uids NULL: all that have. */
int box_expunge(struct box *box, const uint32_t *uids, size_t n, struct err *err);

struct box_added {
	uint32_t uidvalidity;
	uint32_t *uids; /* of the new messages, in order of the sources; from pool */
	uint32_t *from; /* the source UIDs that were still there */
	size_t n;
};
/* Copy or move into another mailbox of an account (may be the same one), in steps, so
   that others have their turn in between. ERR_ABSENT: there is no such mailbox;
   ERR_LIMIT: quota. What could not be copied as a whole is not copied; what could not be
   moved as a whole is moved as far as *out says; between two shards it is first stored
   there, then removed here. Keywords come along while the target has room. */
struct box_copy {
	const uint32_t *uids; /* rising; not needed any more once it has begun */
	size_t n;
	struct acct *to;
	struct slice name;
	uint64_t may; /* of the flags only these */
	bool move;
};
struct box_copying;

/* NULL: not a name. The mailbox stays open until the end; *out is from pool, and grows
   with each step. */
struct box_copying *box_copy_begin(struct box *box, const struct box_copy *what, struct pool *pool,
    struct box_added *out, struct err *err);
/* 1: there is more to do; 0: that was all; -1: it failed, and was undone if it copies. */
int box_copy_step(struct box_copying *copying, struct err *err);
/* At any time, on any thread: a copy that is not done is undone by a worker. */
void box_copy_end(struct box_copying **copying);

/* All of it at once, with all flags. 0 or -1. */
int box_copy(struct box *box, const uint32_t *uids, size_t n, struct acct *to, struct slice name,
    bool move, struct pool *pool, struct box_added *out, struct err *err);

struct box_append {
	struct slice message;
	uint64_t flags; /* system flags */
	const struct slice *keywords;
	size_t n_keywords;
	int64_t internal_date;
	struct slice source; /* where it was imported from (import.h), or empty */
};
/* All or none. ERR_LIMIT: quota. ERR_ABSENT: no such mailbox. */
int box_append(struct acct *acct, struct slice name, const struct box_append *messages, size_t n,
    struct pool *pool, struct box_added *out, struct err *err);
/* One message in place of another, in one change. ERR_BUSY also: the other is not
   there any more. Between two shards there are two changes, the new message first. */
int box_replace(struct box *box, uint32_t uid, struct acct *acct, struct slice name,
    const struct box_append *message, struct pool *pool, struct box_added *out, struct err *err);

#endif
