/* notify.h - what a client wants to hear of mailboxes that it has not selected (RFC 5465), and of
 * notes (RFC 5464 §4.4.2)
 *
 * Of each committed change in the account the session hears which mailbox it
 * was in (acct_watch). Between commands, or at the end of one, it looks what
 * has become of those, and tells what the client asked for. */
#ifndef PROTOCOLS_IMAP_NOTIFY_H
#define PROTOCOLS_IMAP_NOTIFY_H

#include <pthread.h>

#include "protocols/imap/filter.h"
#include "protocols/imap/imap.h"

enum imap_event {
	IMAP_EVENT_NEW = 1,
	IMAP_EVENT_EXPUNGE = 2,
	IMAP_EVENT_FLAGS = 4,
	IMAP_EVENT_NAME = 8,
	IMAP_EVENT_SUBSCRIPTION = 16,
	IMAP_EVENT_METADATA = 32,
	IMAP_EVENT_SERVER_METADATA = 64,
	IMAP_EVENT_MESSAGES = IMAP_EVENT_NEW | IMAP_EVENT_EXPUNGE | IMAP_EVENT_FLAGS,
};

struct imap_event_group {
	struct imap_filter filter;
	unsigned events;    /* enum imap_event, or-ed; 0: none */
	struct slice fetch; /* of MessageNew: "(UID FLAGS)", or empty */
	struct imap_event_group *next;
};

/* What the arguments of NOTIFY say, from pool; utf8: names are in that. */
struct imap_wishes {
	bool none, status;
	bool unknown; /* an event that is not told here: AnnotationChange */
	struct imap_event_group *groups;
};
bool imap_wishes_parse(struct pool *pool, bool utf8, struct slice in, struct imap_wishes *out);

struct imap_notify {
	struct imap *im;
	struct pool pool; /* of the groups */
	struct imap_wishes wishes;
	struct imap_event_group *selected; /* or NULL */
	struct acct_watch watch;
	struct buf known;	  /* of struct imap_known, by id */
	struct imap_named *names; /* mailboxes as the client knows them, or NULL */
	struct buf own;		  /* names that its own commands changed, NUL behind each */

	pthread_mutex_t lock;
	struct buf changed; /* uint32_t: ids; 0: names */
	struct buf notes;   /* that were changed: struct imap_noted */
	bool overflow;	    /* more notes than are kept */
};

/* Begin to listen, if it was not done yet; and hear no more of what NOTIFY asked for. */
void imap_notify_listen(struct imap *im);
void imap_notify_none(struct imap *im);
/* What the client wants to hear of that mailbox: enum imap_event, or-ed. */
unsigned imap_notify_events(const struct imap_notify *notify, struct slice name, bool subscribed);

/* Tell what has happened in other mailboxes since. False: on a loop's thread, and it
   would wait. */
bool imap_notify_tell(struct imap *im);
/* Does MessageNew ask for something of new messages in the selected one? */
bool imap_notify_fetches(const struct imap *im);
/* Behind the EXISTS of new messages in the selected one: what MessageNew asks for. */
void imap_notify_fetch(struct imap *im, uint32_t from);
void imap_notify_free(struct imap *im);

/* --- names (notify_names.c) --- */

/* Tell what has become of names since the last time; `silent`: only look. Waits. */
void imap_notify_names(struct imap *im, bool silent);
/* The session's own command changed that name: it need not be told (§5). */
void imap_notify_own(struct imap *im, struct slice name);
void imap_named_free(struct imap_named **names);

/* --- notes (notify_notes.c) --- */

/* The session has changed notes: tell other sessions. */
struct imap_metadata;
void imap_notify_noted(struct imap *im, const struct imap_metadata *m);
/* Of acct_watch. */
void imap_notify_hear_note(void *arg, uint32_t box, struct slice note);
/* Tell what others have changed. Waits. */
void imap_notify_notes(struct imap *im);

#endif
