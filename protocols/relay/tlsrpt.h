/* tlsrpt.h - what domains are told of TLS towards them: reports of a day (RFC 8460)
 *
 *	tlsrpt.c	collects, a tally (storage/tally.h) for each domain and kind of policy
 *	tlsrpt_json.c	writes the report of a domain's day
 *	tlsrpt_send.c	sends it by mail or HTTPS once the day is over; operations
 *
 * Only domains that ask for reports (a TXT record at _smtp._tls.DOMAIN) have records. */
#ifndef PROTOCOLS_RELAY_TLSRPT_H
#define PROTOCOLS_RELAY_TLSRPT_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "storage/notice.h"
#include "storage/tally.h"

enum { TLSRPT_FAILURES_MAX = 50 };

/* --- tlsrpt.c --- */

struct attempt;

/* A connection with TLS, or one that failed for why. Waits for the DNS and the disk. */
void tlsrpt_good(const struct attempt *a);
void tlsrpt_bad(const struct attempt *a, const char *why);

/* A line of failures that are alike. */
struct tlsrpt_failure {
	struct slice type, host, address;
	uint64_t n;
};

/* What was seen of one kind of policy on one day. */
struct tlsrpt_seen {
	struct slice kind; /* "sts", "tlsa", "no-policy-found" */
	uint64_t good, bad;
	struct slice policy; /* its lines, LF between them */
	struct tlsrpt_failure failures[TLSRPT_FAILURES_MAX];
	size_t n;
};

/* Slices point into the tally. Out is large. */
void tlsrpt_read(const struct tally *tally, struct tlsrpt_seen *out);

extern const char tlsrpt_room[];

/* Which of RFC 8460 4.3 a reason of ours is. */
const char *tlsrpt_type(const char *why);

/* Where reports go: "mailto:..." and "https:..." parted by commas. From pool. False: it wants
   none. */
bool tlsrpt_wanted(struct slice domain, struct pool *pool, struct slice *rua);

/* --- tlsrpt_json.c --- */

/* The report about all records of that day and domain; appended. 0, or -1: they cannot be
   read. */
int tlsrpt_json(const struct notice_head *head, struct buf *out);

#endif
