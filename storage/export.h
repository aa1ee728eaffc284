/* export.h - all mail of an account, into a folder
 *
 * Any thread but a loop's. */
#ifndef STORAGE_EXPORT_H
#define STORAGE_EXPORT_H

#include "storage/import.h"

/* Make a folder, or empty one that a broken export has left. What is returned holds it
   for export_end, or is closed; -1: it is not ours, or in use. */
int export_begin(const char *path, struct err *err);
/* It is whole: give it its name. 0 or -1. */
int export_end(const char *path, const char *name, int held, struct err *err);

/* All mailboxes as mbox files (RFC 4155, "mboxrd"), Work/2026.mbox beside Work.mbox,
   into an empty folder. */
int export_mbox(struct acct *acct, const char *path, const struct import_progress *progress,
    uint64_t *messages, struct err *err);

/* All mailboxes as a Maildir++, into an empty folder. */
int export_maildir(struct acct *acct, const char *path, const struct import_progress *progress,
    uint64_t *messages, struct err *err);

#endif
