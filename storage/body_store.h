/* body_store.h - private to storage/: the body store as a whole
 *
 * body_segment.c is one segment file, body_sums.c the checksums in it, body_store.c
 * the folder of them, body_append.c what is appended and synced, body_index.c where
 * each body lies, body.c reading, body_dead.c counts what is dead, body_compact.c
 * moves what lives out of mostly dead segments. */
#ifndef STORAGE_BODY_STORE_H
#define STORAGE_BODY_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/body.h"

struct body_store_opts {
	const char *dir;      /* of the segments; made when absent */
	uint64_t segment_max; /* begin a new one behind so many bytes */
	uint64_t reserve;     /* bytes of the disk to leave free: below, appends fail */
};

int body_store_open(
    const struct body_store_opts *opts, struct body_store **bodies, struct err *err);
void body_store_close(struct body_store **bodies);

/* The index: trees of the environment whose before_commit is body_store_sync
   with this store. 0, or -1: it cannot be read. */
int body_store_index(
    struct body_store *bodies, struct kv_env *env, struct kv *body, struct kv *segment);

/* Make durable what was appended. For kv_opts.before_commit; arg is the
   store. */
int body_store_sync(void *bodies);

/* While held, no segment is removed. May wait for a compaction that runs. */
void body_store_hold(struct body_store *bodies);
void body_store_release(struct body_store *bodies);

/* Find the bytes of each segment that nothing names and nobody counted as dead:
   appended for a message that was then refused, or in vain before a crash.
   Reads the whole index. */
int body_store_recount(struct body_store *bodies);

/* Segments and their lengths, oldest first. */
int body_store_segments(struct body_store *bodies,
    int (*visit)(void *arg, const char *path, uint64_t length), void *arg);

/* Every body of the index in order of ids: for proving. */
int body_store_each(struct body_store *bodies,
    bool (*visit)(void *arg, uint64_t id, unsigned refs, const struct body_place *place),
    void *arg);

/* --- inside body_*.c --- */

/* A segment file. Its bytes never change once written; it only grows, and only
   the newest one does. */
struct segment {
	uint32_t number;
	int fd;		       /* -1: not open now */
	unsigned users;	       /* of fd: readers, appenders */
	uint64_t lost;	       /* bytes that were never linked, when last counted */
	uint64_t end;	       /* where the next record goes */
	unsigned char mark[8]; /* begins each record; random, so that no message can
				  hold what looks like a record */
	bool dirty;
	bool draining; /* nothing new is linked into it */
	bool damaged;  /* holds a body that cannot be read: leave it */
	bool removed;  /* the file is gone: free it after its last user */
	struct segment *next_dirty;
};

struct body_store {
	char *dir;
	uint64_t segment_max, reserve;
	struct kv_env *env;
	struct kv *body, *segment;
	pthread_mutex_t lock;	   /* what follows, and the segments' fields */
	struct segment **segments; /* by rising number */
	size_t n_segments, opened;
	uint32_t highest; /* number that the index knows; no lower one is new */
	bool active;	  /* the last segment takes appends */
	struct segment *dirty;
	pthread_mutex_t compaction;
};

enum { SEGMENT_HEADER = 64, RECORD_HEADER = 40 };

struct record {
	uint64_t id, size;
	uint32_t checksum;
	bool has_sums; /* of its blocks, behind the body */
};

/* The whole of a record in its file: header, bytes, sums of blocks, padding. */
uint64_t record_length(uint64_t size);

/* body_segment.c: one file. */
char *segment_path(const struct body_store *bodies, uint32_t number);
int segment_create(const struct body_store *bodies, struct segment *segment, struct err *err);
int segment_open(const struct body_store *bodies, struct segment *segment, struct err *err);
int segment_write(const struct segment *segment, uint64_t offset, uint64_t id,
    const struct slice *pieces, size_t n, uint64_t size);
bool segment_record(
    const struct segment *segment, const unsigned char header[RECORD_HEADER], struct record *out);

/* body_sums.c: the checksums of blocks, 4 bytes each, big-endian; a body of one block
   has none, but its own. How many bytes they are. */
enum { BODY_BLOCK = 32 << 10 };
size_t sums_length(uint64_t size);

/* Those of the pieces, as one body, and the checksum of the whole: of the bytes
   themselves when they are one block, else of what is in *sums. */
uint32_t sums_make(const struct slice *pieces, size_t n, struct buf *sums);

/* Are these the bytes at that offset, where a block begins? The last is whole, or
   the body's end. */
bool sums_agree(struct slice sums, uint64_t offset, struct slice bytes);

/* body_store.c: the segment, with its file open and one user more; NULL: there
   is none, or it cannot be opened (said in *err). */
struct segment *segment_use(struct body_store *bodies, uint32_t number, struct err *err);
void segment_leave(struct body_store *bodies, struct segment *segment);
bool segment_takes_links(struct body_store *bodies, uint32_t number);
size_t body_store_copy(struct body_store *bodies, struct segment **copies); /* free() them */
void segment_forget(struct body_store *bodies, struct segment *segment);    /* remove the file */

/* With the lock held. */
struct segment *segments_newest(const struct body_store *bodies); /* or NULL */
void segments_add(struct body_store *bodies, struct segment *segment);
int segment_add_user(struct body_store *bodies, struct segment *segment, struct err *err);
void segment_drop_user(struct body_store *bodies, struct segment *segment);

/* body_append.c: append under an id that exists already; 0 makes a new one. */
int body_append_as(struct body_store *bodies, uint64_t id, const struct slice *pieces, size_t n,
    struct body_place *place, struct err *err);

uint64_t body_id(const struct body *body);

/* body_dead.c: the segment with the largest dead part above percent; 0: none. */
int segment_choose(struct body_store *bodies, unsigned percent, uint32_t *number);

/* body_index.c */
struct index_entry {
	unsigned refs;
	struct body_place place;
};
int index_get(struct body_store *bodies, struct kv_txn *txn, uint64_t id,
    struct index_entry *out); /* 1, 0, -1 */
/* The body that was born last: 1, 0 there is none, -1. */
int index_last(struct body_store *bodies, struct index_entry *out);
int index_put(struct body_store *bodies, struct kv_txn *txn, const struct index_entry *entry);
bool index_read(struct slice key, struct slice value, struct index_entry *out);

/* Dead bytes of a segment. 0 or -1. */
int segment_dead(struct body_store *bodies, struct kv_txn *txn, uint32_t number, uint64_t *dead);

/* A segment's dead bytes, and the bodies in it that were born elsewhere. */
int segment_bury(struct body_store *bodies, struct kv_txn *txn, const struct body_place *place);
int segment_adopt(struct body_store *bodies, struct kv_txn *txn, const struct body_place *place);

#endif
