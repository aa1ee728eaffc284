/* notify.h - what a client wants to hear of mailboxes that it has not selected (RFC 5465)
 *
 * Of each committed change in the account the session hears which mailbox it
 * was in (acct_watch). Between commands, or at the end of one, it looks what
 * has become of those, and tells what the client asked for. */
#ifndef PROTOCOLS_IMAP_NOTIFY_H
#define PROTOCOLS_IMAP_NOTIFY_H

#include <pthread.h>

#include "protocols/imap/filter.h"
#include "protocols/imap/imap.h"

enum imap_event { IMAP_EVENT_NEW = 1, IMAP_EVENT_EXPUNGE = 2, IMAP_EVENT_FLAGS = 4 };

struct imap_event_group {
	struct imap_filter filter;
	unsigned events;    /* enum imap_event, or-ed; 0: none */
	struct slice fetch; /* of MessageNew: "(UID FLAGS)", or empty */
	struct imap_event_group *next;
};

/* What the arguments of NOTIFY say, from pool; utf8: names are in that. */
struct imap_wishes {
	bool none, status;
	bool unknown; /* an event that is not told here */
	struct imap_event_group *groups;
};
bool imap_wishes_parse(struct pool *pool, bool utf8, struct slice in, struct imap_wishes *out);

struct imap_notify {
	struct imap *im;
	struct pool pool; /* of the groups */
	struct imap_wishes wishes;
	struct imap_event_group *selected; /* or NULL */
	struct acct_watch watch;
	struct buf known; /* of struct imap_known, by id */

	pthread_mutex_t lock;
	struct buf changed; /* uint32_t: ids */
};

/* Tell what has happened in other mailboxes since. Waits. */
void imap_notify_tell(struct imap *im);
/* Behind the EXISTS of new messages in the selected one: what MessageNew asks for. */
void imap_notify_fetch(struct imap *im, uint32_t from);
void imap_notify_free(struct imap *im);

#endif
