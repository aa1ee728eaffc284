/* import.h - messages from elsewhere, each of them once
 *
 * Where a message came from is noted in the transaction that stores it. So an
 * import can be stopped, or killed, and run again, and can be repeated for what
 * has come since. Any thread but a loop's; one import is one thread's. */
#ifndef STORAGE_IMPORT_H
#define STORAGE_IMPORT_H

#include "storage/box.h"

#define IMPORT_ROOM "import" /* of the notes (acct_record.h) */

struct import {
	struct acct *acct;
	uint64_t imported, known; /* messages stored now; those that were stored before */
	/* What waits to be stored together, all for one mailbox. */
	struct buf mailbox, data;
	struct buf waiting; /* of struct import_message */
	struct pool pool;
	/* While it runs. */
	bool begun, far;
	struct import *next;
};

/* A message with LF or CRLF at its line ends. */
struct import_message {
	struct slice data;
	uint64_t flags; /* system flags */
	struct slice *keywords;
	size_t n_keywords;
	int64_t date;
	struct slice source; /* its name where it came from: at most 200 octets */
};

/* Zero-initialised but for acct. */
void import_done(struct import *import);

/* Before the first message; far: over the network. ERR_BUSY: mail is imported into that
   account, or too many such imports run. import_end: when it has begun, before it goes. */
int import_begin(struct import *import, bool far, struct err *err);
void import_end(struct import *import);

/* Is it here already? Then it is counted as known. 1, 0, -1. */
int import_knows(struct import *import, struct slice source, struct err *err);
/* Copied; stored with others, or by import_flush. The mailbox is made when it
   is not there. 0, or -1: what came before it may be stored, or not. */
int import_add(struct import *import, struct slice mailbox, const struct import_message *message,
    struct err *err);
int import_flush(struct import *import, struct err *err);
/* Forget where messages came from. */
int import_forget(struct acct *acct, uint64_t *n, struct err *err);

/* Where a message comes from, in front of its name there: different for each
   folder or file. */
void import_source(struct buf *out, struct slice place, struct slice name);

/* --- forms of folders --- */

struct import_progress {
	void (*tell)(void *arg, int64_t done, int64_t total, const char *what);
	void *arg;
};

/* A Maildir++ with all its folders, as Dovecot and Courier keep it; prefix: the
   mailbox below which all of it goes, or empty. Files that can't be read are
   logged and counted in *failed. */
int import_maildir(struct import *import, const char *path, struct slice prefix,
    const struct import_progress *progress, uint64_t *failed, struct err *err);

/* An mbox file (RFC 4155, "mboxrd") into one mailbox. */
int import_mbox(struct import *import, const char *path, struct slice mailbox,
    const struct import_progress *progress, struct err *err);

#endif
