/* domain_dns.h - what a domain should publish in the DNS, and whether it does */
#ifndef PKI_DOMAIN_DNS_H
#define PKI_DOMAIN_DNS_H

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

/* Kinds of records, and how what is found is compared. */
enum record_kind {
	RECORD_HOST, /* the address of a host: any */
	RECORD_MX,
	RECORD_SPF,
	RECORD_DKIM,  /* the same key, however it is written */
	RECORD_DMARC, /* any that is valid: the policy is the owner's */
	RECORD_NOTE,  /* TXT for which its beginning is enough */
	RECORD_TLSA,
	RECORD_SRV,
	RECORD_CNAME, /* or addresses of its own */
	RECORD_STS,   /* the very same: it changes with the policy */
	RECORD_NAMED, /* no record: a name that the certificate must have; its value: it has */
};

struct record {
	enum record_kind kind;
	const char *name;  /* without the last dot */
	const char *value; /* as in a zone, but TXT without quotes; of a host: empty */
	const char *about; /* what it is for; static */
	struct record *next;
};

/* All of them, in the order in which people set them up; from pool. Not on a loop. */
int domain_records(struct slice domain, struct pool *pool, struct record **out, struct err *err);

/* Append them in the form of a zone file (RFC 1035 5), with comments. */
void domain_records_write(struct slice domain, const struct record *records, struct buf *out);
/* "TXT" */
const char *record_type(const struct record *record);

enum record_state { RECORD_RIGHT, RECORD_MISSING, RECORD_DIFFERS, RECORD_UNKNOWN };
extern const char *const record_state_names[]; /* "right", "missing", ... */

/* Ask the DNS. *found is what is there, from pool; of RECORD_UNKNOWN why nobody knows.
   Waits for the network. */
enum record_state record_check(const struct record *record, struct pool *pool, struct slice *found);

#endif
