/* deliver.h - a message accepted: into mailboxes and the queue, in one transaction
 *
 * When deliver() returns 0 the message is on disk, once, for every recipient;
 * when it fails it is nowhere. One body serves all. (Each shard has a
 * transaction of its own: with more than one, a failure may leave the message
 * with the recipients of the shards before, and again when it is sent again.)
 *
 * An account gets a message once, however many recipients lead there; so does
 * an address elsewhere. */
#ifndef STORAGE_DELIVER_H
#define STORAGE_DELIVER_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "storage/dir.h"

struct deliver_rcpt {
	const struct dir_target *target; /* this one alone, not those behind it */
	/* As the sender wrote it, for the queue and for notifications. */
	struct slice original;
	struct slice notify, orcpt; /* RFC 3461 §4.1, §4.2; empty when absent */
	struct deliver_rcpt *next;
};

struct deliver {
	uint64_t mid;		   /* message id in the log */
	struct slice reverse_path; /* without <>; empty: a notification */
	struct slice trace;	   /* Return-Path and Received lines, put before the message */
	struct slice message;
	const struct deliver_rcpt *rcpts;
	struct slice envid, ret; /* RFC 3461 §4.3, §4.4 */
	bool smtputf8, body8;
};

/* ERR_LIMIT: a recipient's quota is used up (say so before DATA: see
   deliver_room). ERR_TEMP: try later. */
int deliver(const struct deliver *d, struct err *err);

/* Is there room for size bytes in that account? 1, 0, or -1. */
int deliver_room(const struct dir_target *target, uint64_t size);

#endif
