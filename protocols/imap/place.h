/* place.h - whose mailbox a name means, and what the user may do there (RFC 2342, RFC 4314)
 *
 *	INBOX, Work/2026        the user's own
 *	~jim/INBOX              jim's, of the same domain; ~cy@beta.test/INBOX of another
 *	Other Users/jim/INBOX   the same
 *	Shared/News             of the account that the domain has set aside (sharing.account)
 *
 * Every command that takes a name comes by here, so this is where rights are
 * asked. What may not be seen is answered as what is not there. */
#ifndef PROTOCOLS_IMAP_PLACE_H
#define PROTOCOLS_IMAP_PLACE_H

#include "protocols/imap/imap.h"
#include "storage/share.h"

struct imap_place {
	struct acct *acct;
	struct slice name;  /* within the account */
	struct slice shown; /* as the client calls it */
	const char *owner;  /* canonical address */
	unsigned rights;    /* enum right, or-ed */
	uint32_t box; /* id of a mailbox of another account, of a new one its parent's; or 0 */
	bool foreign; /* then acct is the place's, else the session's */
	struct imap_place *next;
};

/* Does the name lead to another account? Any thread. */
bool imap_is_foreign(struct imap *im, struct slice name);

/* The mailbox, in which the user has all the rights of `need`. It lives as long
   as the command. NULL: *err says why. Of the user's own nothing is looked up:
   whether it is there is found out with what is done to it. */
struct imap_place *imap_find(struct imap *im, struct slice name, unsigned need, struct err *err);
/* The same for a name that is to be made: RIGHT_CREATE in the nearest mailbox
   above it. */
struct imap_place *imap_find_new(struct imap *im, struct slice name, struct err *err);
/* The account alone: for lists. NULL: there is none, or it is of a domain that
   shows nothing. */
struct imap_place *imap_find_owner(struct imap *im, const char *owner, struct err *err);

void imap_places_free(struct imap *im);

/* For the selected mailbox; NULL for one of the user's own. */
struct imap_place *imap_place_keep(const struct imap_place *place);
void imap_place_free(struct imap_place **place);

/* Ask anew what may be done with the selected mailbox; false: no longer even
   read. Waits, but not for the user's own. */
bool imap_still_allowed(struct imap *im);

/* The account of the domain's shared mailboxes, or NULL. Any thread. */
const char *imap_shared_account(struct imap *im);

/* "* MYRIGHTS name lrs" */
void imap_put_rights(struct imap *im, struct slice name, unsigned rights);

/* Flags that may be changed with these rights. */
uint64_t imap_flags_allowed(unsigned rights);

#endif
