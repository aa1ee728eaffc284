/* audit.h - the audit trail: who changed what, from where, when
 *
 * core/op_audit.c gives the events. What admins did is kept apart from what users did
 * and from what was refused, each within the bounds of audit.keep-*: so nobody can
 * push an admin's acts out of the trail by making noise. */
#ifndef STORAGE_AUDIT_H
#define STORAGE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/op.h"

/* With the store open: events are kept from now on. */
void audit_start(void);
void audit_stop(void);

struct audit_entry {
	uint64_t id;  /* rises */
	int64_t when; /* unix seconds */
	struct op_event event;
};

struct audit_query {
	const char *domain, *who; /* NULL: of all */
	int64_t since;		  /* unix seconds */
	uint64_t before;	  /* older than this id; 0: all */
	size_t limit;
};

/* Visit the newest first. The entry is valid during the call. 0, or -1. Not on a
   loop. */
int audit_each(const struct audit_query *query,
    void (*visit)(void *arg, const struct audit_entry *entry), void *arg);

/* Now and then, by the thread that keeps house: drop what is too old, or too much. */
void audit_tidy(void);

#endif
