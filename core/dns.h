/* dns.h - questions to the DNS, with DNSSEC when a trust anchor is set
 *
 * dns.servers names the servers to ask; else those of /etc/resolv.conf are
 * asked; when it names none, the root's servers. Answers are kept by the
 * resolver as long as they live. A question waits on the thread that asks: any
 * thread but a loop's. */
#ifndef CORE_DNS_H
#define CORE_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

enum dns_type {
	DNS_A = 1,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_FOUND,
	DNS_EMPTY,  /* the name is there and has no such record */
	DNS_ABSENT, /* there is no such name */
	DNS_FAILED, /* no answer, or one that cannot be trusted: ask later */
};

struct dns_answer {
	bool secure;		/* proved by DNSSEC, also that there is none */
	struct slice name;	/* where CNAMEs led, without the last dot */
	const struct slice *rr; /* data of the records, as in RFC 1035, names not compressed */
	size_t n;		/* DNS_RECORDS_MAX at most */
};

enum { DNS_RECORDS_MAX = 100 };

/* name in A-labels. Filled from pool. DNS_FAILED: err says why. */
enum dns_status dns_ask(struct slice name, enum dns_type type, struct pool *pool,
    struct dns_answer *out, struct err *err);

/* The answer that was had before and lives still; false: there is none. Waits for nothing. */
bool dns_known(struct slice name, enum dns_type type, struct pool *pool, struct dns_answer *out,
    enum dns_status *status);

/* Several questions at the same time: all are answered within ms milliseconds, or
   their status is DNS_FAILED. Filled from pool. */
struct dns_question {
	struct slice name; /* in A-labels */
	enum dns_type type;
	enum dns_status status;
	struct dns_answer answer;
};
void dns_ask_all(struct dns_question *questions, size_t n, uint64_t ms, struct pool *pool);

/* The one TXT record of a name that begins so; from pool. Asked for as DNS_TXT. False:
   there is none, there are several, or the DNS does not tell (*failed, if not NULL). */
bool dns_text_of(
    struct slice name, struct slice begin, struct pool *pool, struct slice *out, bool *failed);

/* The host name of an address: one that its reverse record has and that leads back to
   it. In lower case, from pool; empty unless DNS_FOUND. Waits as dns_ask does. */
struct sockaddr;
enum dns_status dns_name_of(
    const struct sockaddr *address, struct pool *pool, struct slice *name, struct err *err);

/* --- data of records: false when it is malformed --- */

/* "mx.example.org", or "." for the root; letters in lower case. Names with other
   bytes than printable ASCII, blanks, or dots inside labels are refused. */
bool dns_read_name(struct slice *rest, struct pool *pool, struct slice *out);

struct dns_mx {
	unsigned preference;
	struct slice host;
};
bool dns_read_mx(struct slice rr, struct pool *pool, struct dns_mx *out);

struct dns_srv {
	unsigned priority, weight, port;
	struct slice host;
};
bool dns_read_srv(struct slice rr, struct pool *pool, struct dns_srv *out);

/* The strings of a TXT record, one behind another with nothing between them (RFC 7208
   3.3, RFC 6376 3.6.2.2, RFC 8461 3.1). */
bool dns_read_text(struct slice rr, struct pool *pool, struct slice *out);

/* The address of an A or AAAA record as text. */
bool dns_read_address(struct slice rr, enum dns_type type, struct pool *pool, struct slice *out);

/* Let go of the resolver: after threads_stop. */
void dns_stop(void);

#endif
