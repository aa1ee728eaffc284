/* import_imap.h - mail of an account on another IMAP server */
#ifndef STORAGE_IMPORT_IMAP_H
#define STORAGE_IMPORT_IMAP_H

#include "storage/imap_client.h"
#include "storage/import.h"

struct import_imap {
	struct imap_client_spec server;
	const char *user;
	struct slice password;
	const char *below; /* mailbox below which all of it goes, or "" */
	uint64_t *failed;  /* mailboxes that the server lists and does not open */
};

/* All mailboxes with flags and dates. What is here already is not fetched again. 0,
   or -1; what came before it is here. */
int import_imap(struct import *import, const struct import_imap *from,
    const struct import_progress *progress, struct err *err);

#endif
