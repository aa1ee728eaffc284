/* arc_private.h - a chain of ARC while it is read or made longer */
#ifndef MAILAUTH_ARC_PRIVATE_H
#define MAILAUTH_ARC_PRIVATE_H

#include "mailauth/arc.h"
#include "mailauth/dkim_private.h"

enum arc_part { ARC_RESULTS, ARC_MESSAGE, ARC_SEAL, ARC_PARTS };

struct arc_chain {
	const struct asker *asker;
	struct dkim_mail *mail;
	struct pool *pool;
	const struct msg_field *set[ARC_SETS_MAX + 1][ARC_PARTS];
	unsigned n;
};

/* The fields, by their numbers, and whether none is missing. NULL, or what is wrong. */
const char *arc_gather(struct arc_chain *chain);

/* The highest number of any field, 0: none; and the first seal of that number, or NULL. */
unsigned arc_last(const struct dkim_mail *mail, const struct msg_field **seal);

/* Append what the seal of set i covers: the sets from that number on, each in the same
   order, its own seal last and without its signature (RFC 8617 5.1.1). */
void arc_put_sealed(const struct arc_chain *chain, unsigned from, unsigned i, struct buf *data);

#endif
