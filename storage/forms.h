/* forms.h - forward and answer: what the owner of an account says by a form, without Sieve
 *
 * It is kept as a script of its own (SCRIPT_FORMS) that is made of it, and whose first
 * lines, comments, hold what was said. So there is one way in which mail is forwarded and
 * answered; and the account's own scripts stay as their owner wrote them. */
#ifndef STORAGE_FORMS_H
#define STORAGE_FORMS_H

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "storage/script.h"

struct forms {
	struct slice forward; /* addresses parted by blanks; empty: none */
	bool keep;	      /* a copy of what is forwarded */
	bool answer;
	struct slice subject, text; /* of the answer; subject may be empty */
	struct slice from, until;   /* days, as 2026-12-24; empty: without end */
	unsigned days;		    /* until the same sender gets it again; 0: as usual */
};

/* Slices are of pool. 0 or -1. */
int forms_read(uint64_t account, uint32_t shard, struct pool *pool, struct forms *out);

/* change() is given what there is and says what shall be. Durable on return; ERR_INPUT: what
   was said cannot be. */
int forms_change(uint64_t account, uint32_t shard, void (*change)(void *arg, struct forms *forms),
    void *arg, struct err *err);

#endif
