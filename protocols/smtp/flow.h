/* flow.h - who may connect and under which policy: sender groups, mail flow policies
 *
 * A listener has sender groups in an order. A client belongs to the first that has an
 * entry for it: its address, its confirmed host name, its certificate, or ALL. The group
 * names a mail flow policy: what is done with the connection, and, by the settings that
 * have a value for that policy, everything else. A client that belongs to no group is
 * served as the listener's and the server's settings say.
 *
 * All of it lies in records of the directory and, as of one moment, in a struct flow,
 * which never changes: who holds a reference reads it without a lock. A change makes a
 * new one; connections keep theirs. */
#ifndef PROTOCOLS_SMTP_FLOW_H
#define PROTOCOLS_SMTP_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/err.h"

enum flow_behaviour {
	FLOW_ACCEPT,	/* take mail for domains of this server */
	FLOW_RELAY,	/* and for all others */
	FLOW_REJECT,	/* refuse by the greeting */
	FLOW_TCPREFUSE, /* close without a word */
	FLOW_CONTINUE,	/* as if the group were not there: look at the next one */
};
extern const char *const flow_behaviours[]; /* "accept", ..., NULL */

struct flow_policy {
	const char *name, *about;
	enum flow_behaviour behaviour;
};

struct flow_group {
	const char *listener, *name, *about;
	const struct flow_policy *policy;
	uint32_t order; /* of its listener's groups */
};

struct flow;

/* Read all from the directory; at the first start make what every server begins with.
   Not on a loop. flow_stop: when no session is left. */
int flow_start(struct err *err);
void flow_stop(void);

/* What holds now: a reference, NULL before flow_start. Any thread, waits for nothing. */
struct flow *flow_take(void);
void flow_give(struct flow **flow);

/* --- which group? --- */

struct flow_who {
	const struct sockaddr *address;
	bool host_known;   /* the DNS was asked: host, which may be empty, is the answer */
	struct slice host; /* lower case, A-labels */
	/* Keys of its certificate as entries have them, "fingerprint:...", each ending
	   with a NUL; empty: it showed none. */
	struct slice certificate;
	/* The DNS lists were asked: texts of the entries that hold, likewise
	   (flow_ask_lists). */
	bool listed_known;
	struct slice listed;
};

struct flow_match {
	const struct flow_group *group;
	const char *entry, *about; /* that has it, and what was noted beside it */
};

/* FLOW_HOST, FLOW_DNSBL: an entry for host names, or for DNS lists, comes before all that
   match, so the answer lies in the DNS. Waits for nothing; *match lives as long as the
   flow. */
enum flow_found { FLOW_NOBODY, FLOW_FOUND, FLOW_HOST, FLOW_DNSBL };
enum flow_found flow_find(const struct flow *flow, const char *listener, const struct flow_who *who,
    struct flow_match *match);

/* Which entries for DNS lists hold for an address; each text ends with a NUL. A list that
   does not answer has no say. Waits for the network. */
void flow_ask_lists(
    const struct flow *flow, const char *listener, const struct sockaddr *address, struct buf *out);

/* Does an entry of that listener look at certificates? */
bool flow_wants_certificate(const struct flow *flow, const char *listener);

/* --- looking through it --- */

const struct flow_policy *flow_policy(const struct flow *flow, const char *name); /* or NULL */
const struct flow_group *flow_group(
    const struct flow *flow, const char *listener, const char *name);
void flow_each_policy(
    const struct flow *flow, void (*visit)(void *arg, const struct flow_policy *policy), void *arg);
/* In their order; listener NULL: of all. */
void flow_each_group(const struct flow *flow, const char *listener,
    void (*visit)(void *arg, const struct flow_group *group), void *arg);
void flow_each_entry(const struct flow *flow, const struct flow_group *group,
    void (*visit)(void *arg, const char *entry, const char *about), void *arg);

/* --- changing: 0, or -1 with the reason; not on a loop. What is NULL stays as it is --- */

int flow_policy_add(
    const char *name, enum flow_behaviour behaviour, const char *about, struct err *err);
int flow_policy_change(
    const char *name, const enum flow_behaviour *behaviour, const char *about, struct err *err);
int flow_policy_remove(const char *name, struct err *err); /* and its settings */

enum { FLOW_LAST = 0xffffffff };
int flow_group_add(const char *listener, const char *name, const char *policy, const char *about,
    uint32_t at, struct err *err);
int flow_group_change(
    const char *listener, const char *name, const char *policy, const char *about, struct err *err);
int flow_group_move(const char *listener, const char *name, uint32_t to, struct err *err);
int flow_group_remove(const char *listener, const char *name, struct err *err);

/* All or none. Those that are there already keep their note when about is NULL; *fresh, which
   may be NULL: how many were not. */
int flow_entries_add(const char *listener, const char *group, const char *const *entries, size_t n,
    const char *about, size_t *fresh, struct err *err);
/* ERR_ABSENT: one of them is not there, and all stay. */
int flow_entries_remove(
    const char *listener, const char *group, const char *const *entries, size_t n, struct err *err);

#endif
