/* order.h - the order of messages: what SORT and THREAD (RFC 5256) read of them */
#ifndef PROTOCOLS_IMAP_ORDER_H
#define PROTOCOLS_IMAP_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/table.h"
#include "protocols/imap/search.h"

/* A criterion of SORT: a number, or text in the form in which it is compared. */
struct imap_sort_key {
	const char *name; /* upper case */
	int64_t (*number)(struct imap_candidate *c);
	void (*text)(struct imap_candidate *c, struct buf *out);
};

#define IMAP_SORT_KEY(id) TABLE_ROW(imap_sort_key, id)
TABLE_DECLARE(imap_sort_key);

/* --- criteria (order_by.c) --- */

enum { IMAP_CRITERIA_MAX = 16 };

struct imap_criterion {
	const struct imap_sort_key *key;
	bool reverse;
};
struct imap_order {
	struct imap_criterion by[IMAP_CRITERIA_MAX];
	size_t n;
};

/* "(" ["REVERSE" SP] key *(SP ["REVERSE" SP] key) ")" SP */
bool imap_order_parse(struct slice *in, struct imap_order *out);
bool imap_order_has(const struct imap_order *order, const char *name);

/* What a message has for each criterion; texts come from pool. */
union imap_order_value {
	int64_t number;
	struct slice text;
};
void imap_order_read(const struct imap_order *order, struct imap_candidate *c, struct pool *pool,
    struct buf *scratch, union imap_order_value *out);
/* 0: they are equal; then the order of the mailbox holds. */
int imap_order_compare(const struct imap_order *order, const union imap_order_value *a,
    const union imap_order_value *b);

/* --- what criteria and threads are made of --- */

/* The value of the first field of that name as it came, or the empty slice. */
struct slice imap_order_field(struct imap_candidate *c, struct slice name);

/* When it was sent, else when it came: Unix seconds (RFC 5256 §2.2). */
int64_t imap_order_date(struct imap_candidate *c);

/* The base subject (RFC 5256 §2.1) of a Subject field, in that form, appended.
   True: it was a reply or forwarded. */
bool imap_order_subject(struct pool *pool, struct slice subject, struct buf *out);

/* --- threads (thread.c) --- */

/* What THREAD knows of a message. */
struct imap_thread_message {
	uint32_t seq;
	int64_t date;
	uint64_t id;	  /* hash of its Message-ID, or 0 */
	uint64_t subject; /* hash of its base subject; 0: that is empty */
	bool reply;
	const uint64_t *references; /* hashes, the parent last */
	size_t n_references;
};

struct imap_threads;
struct imap_threads *imap_threads_new(void);
void imap_threads_free(struct imap_threads **threads);
void imap_threads_add(struct imap_threads *threads, const struct imap_thread_message *message);

enum imap_thread_how {
	IMAP_THREAD_ORDEREDSUBJECT,
	IMAP_THREAD_REFERENCES,
	IMAP_THREAD_REFS, /* by references alone */
};
/* Once, behind the last message. */
void imap_threads_build(struct imap_threads *threads, enum imap_thread_how how);

/* Write the next thread: "(3 6 (4 23)(44 7 96))". False: there is none. number
   tells how a message is called. */
bool imap_threads_put(struct imap_threads *threads, struct buf *out,
    uint32_t (*number)(void *arg, uint32_t seq), void *arg);

#endif
