/* queue_private.h - private to queue*.c: records and keys of the queue
 *
 *	queue		id			 the message and its recipients
 *	queue		id n			 what became of recipient n
 *	queue-due	domain NUL rank time id	 1, or 2 when it was tried
 *
 * Ids rise with time, so the order of the keys is that of arrival. The rank, a byte,
 * is that of the priority, the most urgent 0; the time has seven. */
#ifndef STORAGE_QUEUE_PRIVATE_H
#define STORAGE_QUEUE_PRIVATE_H

#include "storage/queue.h"
#include "storage/shard.h"

enum { QUEUE_ID_BYTES = 8, QUEUE_STATE_KEY_BYTES = 12, QUEUE_NEVER = 0 };

struct shard *queue_home(void);

struct slice queue_key(unsigned char key[QUEUE_ID_BYTES], uint64_t id);
struct slice queue_state_key(unsigned char key[QUEUE_STATE_KEY_BYTES], uint64_t id, size_t n);

/* --- queue_record.c --- */
void queue_write_entry(struct buf *out, const struct queue_entry *entry);
void queue_write_state(struct buf *out, const struct queue_rcpt *rcpt);

/* The body that an entry refers to, whatever else is damaged. */
bool queue_read_body(struct slice value, uint64_t *body);

/* Fill in the domain of each; a bad address has one that is never found. */
void queue_set_domains(struct queue_rcpt *rcpts, size_t n, struct pool *pool);

/* Gathers an entry from records that come in the order of their keys. */
struct queue_reader {
	struct pool *pool;
	struct queue_entry entry;
	bool any; /* there is one */
};
void queue_reader_take(struct queue_reader *reader, struct slice key, struct slice value);
void queue_damaged(struct slice key);

/* 1, 0, -1; inside apply() or with txn NULL. */
int queue_load(uint64_t id, struct kv_txn *txn, struct pool *pool, struct queue_entry *out);

/* --- queue_change.c --- */

struct note;

/* A change of one entry, inside a write. */
struct queue_change {
	struct kv_write w; /* when it is one of its own */
	uint64_t id;
	/* Changes the entry as it is on disk: 1 when something is left of it, 0 when
	   it should go. */
	int (*edit)(struct queue_change *change, struct queue_entry *entry);
	const struct queue_entry *want; /* of queue_save */
	struct slice domain;
	size_t rcpt;		 /* of queue_delivered_here */
	int64_t now;		 /* of queue_act */
	struct slice text;	 /* of QUEUE_BOUNCE */
	const struct note *note; /* of queue_heard */
	bool found;
	struct pool pool;
	struct queue_entry before, after; /* their ids are 0 when there is none */
};
/* 0 or -1. */
int queue_change_apply(struct queue_change *change, struct kv_txn *txn);
/* When it is durable: tells the watcher. */
void queue_change_tell(const struct queue_change *change);
/* Was anything ever stored of him? */
bool queue_has_state(const struct queue_rcpt *rcpt);
/* Does somebody wait, or is owed a word? */
int queue_is_left(const struct queue_entry *entry);

/* --- queue_due.c --- */

/* The first recipient of its domain? They stand together. */
bool queue_is_first(const struct queue_entry *entry, size_t i);
/* When the recipients of the domain whose first one is i are due, or QUEUE_NEVER. */
int64_t queue_when(const struct queue_entry *entry, size_t i);

int queue_due_put(struct kv_txn *txn, const struct queue_row *row);
int queue_due_del(struct kv_txn *txn, const struct queue_row *row);
/* The row of the domain whose first recipient is i. */
struct queue_row queue_row(const struct queue_entry *entry, size_t i);
int queue_due_put_all(struct kv_txn *txn, const struct queue_entry *entry);
void queue_tell(struct slice domain, int64_t when);

#endif
