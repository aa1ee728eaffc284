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

/* A report to another domain with what was counted attached; texts without line ends but
   where said. */
struct notice_report {
	const char *from;
	struct slice to;
	const char *subject;
	const char *fields; /* more of the header, each with CRLF; "": none */
	const char *kind;   /* Content-Type of the whole, without a boundary */
	const char *text;
	const char *type, *file; /* of the attachment */
	struct slice data;
};
/* Append the message; mid as above. */
void notice_report_write(const struct notice_report *report, uint64_t mid, struct buf *out);

/* Somebody's message, sent on by the rules of the account `by`, which answers for it: its
   reverse-path. It carries the field by which deliveries know it again, and is not signed,
   since nobody here vouches for its text. As notice_text. */
int notice_redirect(struct slice by, struct slice to, struct slice message, struct err *err);

#endif
