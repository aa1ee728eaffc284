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
	bool hidden; /* another account's, known only by a subscription */
	bool above;  /* a subscribed name is below it */
};

/* All names, those of `spaces` among them, parents before their children, INBOX first; with those
   that are only subscribed, and the parents of these. From the command's pool. */
struct imap_names {
	struct imap_name *names;
	size_t n;
};
int imap_names(struct imap *im, unsigned spaces, struct imap_names *out);
/* Their order, for qsort. */
int imap_name_order(const void *x, const void *y);

/* "* LIST (\HasNoChildren) "/" "Work"", without the end of the line. */
struct imap_list_as {
	bool nonexistent; /* the client knows \NonExistent, not only \Noselect */
	bool subscribed;  /* tell \Subscribed */
	bool noselect;	  /* it exists, but not for this */
};
void imap_put_list(struct imap *im, const struct imap_name *name, struct imap_list_as as);
/* The name of the place in the form in which it is kept (NFC), from the command's pool. Is it
   what the client said? */
struct imap_place;
struct slice imap_kept(struct imap *im, const struct imap_place *place);
bool imap_is_kept(struct imap *im, const struct imap_place *place);
/* For a client of IMAP4rev2, where it is not: "* LIST (attributes) "/" kept ("OLDNAME" (old))"
   (RFC 9051 §6.3.9.7). */
void imap_put_kept(
    struct imap *im, const struct imap_place *place, const char *attributes, struct slice old);

/* Namespaces beside the user's own (list_foreign.c). */
enum imap_space {
	IMAP_SPACE_OTHERS = 1,	/* ~jim/ */
	IMAP_SPACE_SPELLED = 2, /* Other Users/jim/ */
	IMAP_SPACE_SHARED = 4,	/* Shared/ */
};
/* In which of them a pattern may find something: enum imap_space, or-ed. */
unsigned imap_list_spaces(struct slice pattern);
/* Append what the user may see in them, struct imap_name. 0, -1. */
int imap_names_foreign(struct imap *im, unsigned spaces, struct buf *names);
/* "~jim/", or with the domain when it is another, where begin is "~"; NULL: it cannot
   be said. From the command's pool. */
const char *imap_prefix_of(struct imap *im, const char *owner, const char *begin);

/* Reference and pattern of LIST or LSUB as one pattern. False: the command is
   BAD. Matching takes time for each of its bytes, so it must not be long. */
bool imap_list_pattern(
    struct pool *pool, struct slice reference, struct slice *in, struct slice *out);

#endif
