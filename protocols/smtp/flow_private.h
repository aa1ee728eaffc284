/* flow_private.h - what the files of flow*.c share; no one else includes it */
#ifndef PROTOCOLS_SMTP_FLOW_PRIVATE_H
#define PROTOCOLS_SMTP_FLOW_PRIVATE_H

#include <stdatomic.h>

#include "core/pool.h"
#include "core/range.h"
#include "protocols/smtp/flow.h"

/* --- flow_entry.c: what an entry may be --- */

enum flow_kind {
	FLOW_BY_ADDRESS,
	FLOW_BY_HOST,	     /* "mx.example.org", ".example.org" */
	FLOW_BY_CERTIFICATE, /* "fingerprint:", "subject:", "issuer:" */
	FLOW_BY_DNSBL,	     /* "dnsbl:zen.example.org", "dnsbl-score:3" */
	FLOW_BY_ALL,
};

/* The one way to write it, appended to *out; *range is set for an address. -1 with the
   reason: it is nothing of that. */
int flow_entry_read(
    struct slice text, enum flow_kind *kind, struct range *range, struct buf *out, struct err *err);

/* --- flow_dnsbl.c --- */

/* The number of "dnsbl-score:3". False: it is none. */
bool dnsbl_score(struct slice text, int *at);

/* --- flow.c: as of one moment --- */

struct flow_entry {
	const char *text, *about;
	const struct flow_group *group;
};

/* A name or a key of a certificate, and the first entry that has it. */
struct flow_name {
	const char *key;
	uint32_t rank;
};

/* The groups of a listener. Entries are ranked by their groups; those of groups that
   are passed over stand in no table. */
struct flow_list {
	const char *listener;
	struct flow_group *groups;
	size_t n_groups;
	struct flow_entry *entries;
	size_t n_entries;
	struct range_table *ranges;
	struct flow_name *names; /* sorted */
	size_t n_names;
	/* Ranks; RANGE_NOWHERE: there is none. */
	uint32_t first_host, first_dnsbl, all;
	bool certificates;
};

struct flow {
	atomic_uint refs;
	struct pool pool;
	struct flow_policy *policies;
	size_t n_policies;
	struct flow_list *lists;
	size_t n_lists;
};

void flow_free(struct flow *flow);
const struct flow_list *flow_list(const struct flow *flow, const char *listener); /* or NULL */

/* --- flow_read.c: from the directory's records --- */

struct flow *flow_read(struct err *err); /* NULL: it failed */

/* --- flow_record.c: keys and records --- */

extern const char flow_room[];
enum flow_record { FLOW_POLICY = 'p', FLOW_GROUP = 'g', FLOW_ENTRY = 'e', FLOW_MADE = 'm' };

/* Parts follow each other behind a NUL; NULL ends them. */
void flow_key(struct buf *out, enum flow_record kind, const char *const *parts);
void flow_put_policy(struct buf *out, const struct flow_policy *policy);
void flow_put_group(struct buf *out, const struct flow_group *group); /* its policy by name */
void flow_put_entry(struct buf *out, const char *about);

/* False: malformed, or of a later version. */
bool flow_take_policy(struct slice value, struct pool *pool, struct flow_policy *out);
bool flow_take_group(
    struct slice value, struct pool *pool, struct flow_group *out, const char **policy);
bool flow_take_entry(struct slice value, struct pool *pool, const char **about);

/* --- flow_change.c --- */

int flow_reload(struct err *err);

/* A change: what was, and records to be written. One at a time, from begin to end. */
struct flow_change {
	struct flow *flow; /* as it is before */
	struct pool pool;
	struct buf records; /* struct store_record */
};

void flow_begin(struct flow_change *c);
/* A record that the change writes; value NULL: removes. */
void flow_put(struct flow_change *c, enum flow_record kind, const char *const *parts,
    const struct buf *value);
/* Write all in one transaction and read anew, unless rc says that it came to nothing. */
int flow_end(struct flow_change *c, int rc, struct err *err);

int flow_check_name(const char *name, const char *what, struct err *err);
/* NULL, and the reason. */
const struct flow_policy *flow_need_policy(
    const struct flow_change *c, const char *name, struct err *err);
const struct flow_group *flow_need_group(
    const struct flow_change *c, const char *listener, const char *name, struct err *err);

#endif
