/* metadata.h - notes of mailboxes (RFC 5464), as commands share them */
#ifndef PROTOCOLS_IMAP_METADATA_H
#define PROTOCOLS_IMAP_METADATA_H

#include "protocols/imap/imap.h"

#define IMAP_METADATA_ROOM "metadata" /* of the records (acct_record.h) */

enum {
	IMAP_METADATA_ENTRIES = 50, /* that one command may name */
	IMAP_METADATA_BOX = 4,	    /* a key is the mailbox's id and the name in lower case */
};

struct imap_metadata {
	struct slice mailbox;
	uint32_t box; /* 0: the account itself */
	struct acct *acct;
	const char *who; /* before private notes: "" for the owner's */
	bool changes;
	struct slice entries[IMAP_METADATA_ENTRIES], values[IMAP_METADATA_ENTRIES];
	size_t n;
	uint64_t max_size; /* MAXSIZE */
	unsigned depth;
	/* The answer. */
	struct buf out;
	size_t at; /* the entry at hand */
	uint64_t longest;
};

/* entry: "/private/..." or "/shared/..." (§3.2), or one of these roots, in lower case. */
bool imap_metadata_entry(struct pool *pool, struct slice *in, struct slice *out);
/* One, or several in brackets. */
bool imap_metadata_entries(struct pool *pool, struct slice *in, struct imap_metadata *m);
/* Find the mailbox; "" is the account's. IMAP_OK, or what to answer. */
enum imap_done imap_metadata_find(struct imap *im, struct imap_metadata *m);
/* The key of an entry's record. */
struct slice imap_metadata_key(
    struct pool *pool, const struct imap_metadata *m, struct slice entry);
/* "* METADATA name (entry value ...)" of what there is of the entries, into the output.
   0 or -1. */
int imap_metadata_put(struct imap *im, struct imap_metadata *m);

#endif
