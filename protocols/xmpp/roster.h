/* roster.h - an account's contacts: in memory while a session is there, on disk always
 *
 * Each item is a record of the account. Items in memory are not changed but
 * replaced, once the new one is durable. */
#ifndef PROTOCOLS_XMPP_ROSTER_H
#define PROTOCOLS_XMPP_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct xmpp_user;

/* RFC 6121 Appendix A, one bit for each thing that a state is made of. */
enum {
	ROSTER_TO = 1,	      /* the account gets the contact's presence */
	ROSTER_FROM = 2,      /* the contact gets the account's */
	ROSTER_OUT = 4,	      /* "pending out": the account asked */
	ROSTER_IN = 8,	      /* "pending in": the contact asked */
	ROSTER_APPROVED = 16, /* RFC 6121 3.4: before the contact asked */
	ROSTER_LISTED = 32,   /* is in the roster that the client sees */
};

struct roster_item {
	struct slice jid; /* bare, canonical */
	uint8_t bits;
	struct slice name;
	struct slice groups;  /* each ends in NUL */
	struct slice request; /* the contact's <presence type='subscribe'/>, with ROSTER_IN */
};

struct roster {
	struct roster_item **items; /* sorted by jid */
	size_t n;
	uint64_t version;
};

void roster_free(struct roster **roster);
const struct roster_item *roster_find(const struct roster *roster, struct slice jid);

/* Read an account's roster. Worker. NULL when it cannot be read. */
struct roster *roster_read(uint64_t account, uint32_t shard);

/* Change one item, in memory and on disk. Worker; of one account one at a time
   (the user's `edit` lock). change() is given the item as it is (all zero but
   its jid when there is none) and changes it in place; slices that it sets must
   live until roster_change returns. What has no bit left is removed. False from
   change: nothing to do. 1 changed and durable, 0 nothing to do, -1 with *err
   (ERR_LIMIT: too many contacts). Resources that asked for the roster are told. */
struct roster_edit {
	bool (*change)(void *arg, struct roster_item *item);
	void *arg;
};
int roster_change(
    struct xmpp_user *user, struct slice jid, const struct roster_edit *edit, struct err *err);

/* Append <item .../>. */
void roster_write_item(struct buf *out, const struct roster_item *item);

#endif
