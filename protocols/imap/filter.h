/* filter.h - a choice of mailboxes, as NOTIFY (RFC 5465 §6) and ESEARCH (RFC 7377 §2.2) name them
 */
#ifndef PROTOCOLS_IMAP_FILTER_H
#define PROTOCOLS_IMAP_FILTER_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/pool.h"

enum imap_filter_kind {
	IMAP_FILTER_SELECTED,
	IMAP_FILTER_DELAYED,
	IMAP_FILTER_INBOXES,
	IMAP_FILTER_PERSONAL,
	IMAP_FILTER_SUBSCRIBED,
	IMAP_FILTER_SUBTREE,
	IMAP_FILTER_SUBTREE_ONE, /* of ESEARCH alone */
	IMAP_FILTER_MAILBOXES,
};

struct imap_filter {
	enum imap_filter_kind kind;
	struct slice *names; /* of the last three kinds; UTF-8 */
	size_t n;
};

/* Take one off the front of *in, into memory of pool; utf8: names are in that.
   False: there is none. */
bool imap_filter_parse(struct pool *pool, bool utf8, struct slice *in, struct imap_filter *out);

/* Does it mean the mailbox of that name? Of the selected one: false. */
bool imap_filter_means(const struct imap_filter *filter, struct slice name, bool subscribed);

#endif
