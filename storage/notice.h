/* notice.h - mail of the server's own: to postmasters, to who is alerted, reports to others */
#ifndef STORAGE_NOTICE_H
#define STORAGE_NOTICE_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

/* A plain text from postmaster@domain (NULL: the main domain) to an address, here or
   elsewhere; lines end in LF. 0; 1: nobody is there to be told; -1: try later. Any thread but
   a loop's. */
int notice_text(
    const char *domain, struct slice to, const char *subject, struct slice text, struct err *err);

/* The same of a whole message with its header and CRLF; mid: its number in the log (log_id).
   from: the reverse-path, empty: none. It is signed in the name of the domain in From. */
int notice_message(
    struct slice from, struct slice to, struct slice message, uint64_t mid, struct err *err);

/* Somebody's message, sent on by the rules of the account `by`, which answers for it: its
   reverse-path. It carries the field by which deliveries know it again, and is not signed,
   since nobody here vouches for its text. As notice_text. */
int notice_redirect(struct slice by, struct slice to, struct slice message, struct err *err);

#endif
