/* check.h - private to check*.c: what the store holds, laid side by side */
#ifndef STORAGE_CHECK_H
#define STORAGE_CHECK_H

#include "storage/shard.h"

/* An array that grows. */
struct check_list {
	void *items;
	size_t n, room;
};

/* What each record says, in the order of account and message. */
struct check_entry {
	uint64_t account, message;
};
struct check_message {
	uint64_t account, message, body, size;
	unsigned users;
	bool readable; /* its summary */
};
struct check_body {
	uint64_t id;
	unsigned refs;
};

struct check_world {
	struct check_list entries, messages, bodies;
	struct check_list queued;   /* uint64_t: bodies that the queue uses */
	struct check_list accounts; /* uint64_t: ids in the directory, rising */
	struct check_list damaged;  /* struct check_fault */
	uint64_t mailboxes;
};

struct check_fault {
	const char *what;
	uint64_t account, id; /* 0: not of an account */
	uint64_t want, found;
};

void *check_add(struct check_list *list, size_t size);
void check_list_done(struct check_list *list);

/* Read all records of a shard. 0 or -1. */
int check_gather(struct shard *shard, struct check_world *world);
void check_world_done(struct check_world *world);

/* Add what does not agree to faults (struct check_fault). */
void check_compare(struct check_world *world, struct check_list *faults);

#endif
