/* list.h - the names of an account's mailboxes, as LIST and LSUB look at them */
#ifndef PROTOCOLS_IMAP_LIST_H
#define PROTOCOLS_IMAP_LIST_H

#include "core/buf.h"
#include "protocols/imap/imap.h"

/* Special uses (RFC 6154), without the backslash. */
bool imap_use_find(struct slice name, enum box_use *out);
const char *imap_use_name(enum box_use use); /* NULL: none */

struct imap_name {
	struct slice name; /* UTF-8 */
	struct slice wire; /* as the client writes it: modified UTF-7, or UTF-8 */
	enum box_use use;
	bool exists, subscribed, children;
	bool above; /* a subscribed name is below it */
};

/* All names, parents before their children, INBOX first; with those that are
   only subscribed, and the parents of these. From the command's pool. */
struct imap_names {
	struct imap_name *names;
	size_t n;
};
int imap_names(struct imap *im, struct imap_names *out);

/* Reference and pattern of LIST or LSUB as one pattern. False: the command is
   BAD. Matching takes time for each of its bytes, so it must not be long. */
bool imap_list_pattern(
    struct pool *pool, struct slice reference, struct slice *in, struct slice *out);

#endif
