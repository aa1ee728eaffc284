/* notice.h - mail of the server's own: to postmasters, to who is alerted, reports to others */
#ifndef STORAGE_NOTICE_H
#define STORAGE_NOTICE_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

/* A plain text from postmaster@domain (NULL: the main domain) to an address, here or
   elsewhere; lines end in LF. 0; 1: nobody is there to be told; -1: try later. Any thread but
   a loop's. */
int notice_text(
    const char *domain, struct slice to, const char *subject, struct slice text, struct err *err);

/* The same of a whole message with its header and CRLF; mid: its number in the log (log_id).
   from: the reverse-path, empty: none. It is signed in the name of the domain in From. */
int notice_message(
    struct slice from, struct slice to, struct slice message, uint64_t mid, struct err *err);

/* A report to another domain on one of its days. */
struct notice_head {
	const char *own;     /* who reports */
	const char *contact; /* address */
	const char *id;
	struct slice domain;
	int64_t day; /* its beginning, unix seconds */
};
/* own: this server's name. From pool, but for the domain. */
struct notice_head notice_head(
    struct slice own, struct slice domain, int64_t day, struct pool *pool);

/* The report as a message, with what was counted attached; texts without line ends but where
   said. Its subject and the attachment's name are those of RFC 8460 5.1 and 5.3, RFC 7489
   7.2.1.1. */
struct notice_report {
	const struct notice_head *head;
	const char *fields; /* more of the header, each with CRLF; "": none */
	const char *kind;   /* Content-Type of the whole, without a boundary */
	const char *text;
	const char *type, *ending; /* of the attachment, and of its name: "xml.gz" */
	struct slice data;
};
/* To an address, here or elsewhere. 0, or -1. Any thread but a loop's. */
int notice_report_send(const struct notice_report *report, struct slice to, struct err *err);

/* Somebody's message, sent on by the rules of the account `by`, which answers for it: its
   reverse-path. It carries the field by which deliveries know it again, and is not signed,
   since nobody here vouches for its text. As notice_text. */
int notice_redirect(struct slice by, struct slice to, struct slice message, struct err *err);

#endif
