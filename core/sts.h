/* sts.h - the texts of MTA-STS (RFC 8461): a domain's policy, and the record that announces it */
#ifndef CORE_STS_H
#define CORE_STS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
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

/* A policy's text (RFC 8461 3.2); slices point into it or come from pool. False: it is none. */
bool sts_policy_read(struct slice text, struct pool *pool, struct sts_policy *out);

/* May mail go to that host (RFC 8461 4.1)? A pattern "*.x" stands for one label. */
bool sts_policy_names(const struct sts_policy *policy, struct slice host);

/* The id of a record "v=STSv1; id=..." (RFC 8461 3.1); false: it is none. */
bool sts_record_id(struct slice text, struct slice *id);

#endif
