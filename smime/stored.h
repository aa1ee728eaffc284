/* stored.h - a message of a mailbox, as a whole */
#ifndef SMIME_STORED_H
#define SMIME_STORED_H

#include "core/buf.h"
#include "core/err.h"
#include "storage/dir.h"

/* Append the message; *when, which may be NULL: it came then. ERR_ABSENT: no such mailbox or
   message; ERR_LIMIT: it is larger than what is decrypted in memory. Any thread but a loop's. */
int smime_stored_message(const struct dir_account *account, const char *mailbox, uint32_t uid,
    struct buf *out, int64_t *when, struct err *err);

#endif
