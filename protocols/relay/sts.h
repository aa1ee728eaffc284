/* sts.h - what a domain says of TLS to its mail servers over HTTPS: MTA-STS (RFC 8461) */
#ifndef PROTOCOLS_RELAY_STS_H
#define PROTOCOLS_RELAY_STS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/dns.h"
#include "core/pool.h"

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };
extern const char *const sts_mode_names[]; /* "none", "testing", "enforce" */

enum { STS_POLICY_MAX = 64 * 1024, STS_AGE_MAX = 31557600 /* a year; RFC 8461 3.2 */ };

struct sts_policy {
	enum sts_mode mode;
	int64_t max_age; /* seconds */
	struct slice mx; /* patterns, each ended by a blank */
	struct slice text;
};

/* --- sts_policy.c --- */

/* A policy's text (RFC 8461 3.2); slices point into it or come from pool. False: it is none. */
bool sts_policy_read(struct slice text, struct pool *pool, struct sts_policy *out);

/* May mail go to that host (RFC 8461 4.1)? A pattern "*.x" stands for one label. */
bool sts_policy_names(const struct sts_policy *policy, struct slice host);

/* The id of a record "v=STSv1; id=..." (RFC 8461 3.1); false: it is none. */
bool sts_record_id(struct slice text, struct slice *id);

/* --- sts.c --- */

/* Why a policy that was announced could not be had (RFC 8460 4.3.2.1). */
enum sts_fault { STS_FINE, STS_NOT_FETCHED, STS_INVALID, STS_UNTRUSTED };

/* The policy in force for a domain, of the store, or fetched when the DNS says that there is a
   new one. False: none. From pool. May wait for the network: a thread of the relay's own. */
bool sts_find(
    struct slice domain, struct pool *pool, struct sts_policy *out, enum sts_fault *fault);

#endif
