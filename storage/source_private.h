/* source_private.h - what storage/source*.c and op_ldap.c share */
#ifndef STORAGE_SOURCE_PRIVATE_H
#define STORAGE_SOURCE_PRIVATE_H

#include <pthread.h>

#include "core/ldap.h"
#include "storage/source.h"

/* --- what is set for a domain; texts are never NULL --- */

struct source_spec {
	const char *url;
	const char *base;	/* DN; %u, %d and %a stand for user, domain, address */
	const char *filter;	/* likewise */
	const char *bind_dn;	/* "": ask as nobody */
	const char *attributes; /* that `ldap test` shows, parted by blanks */
	struct slice sealed;	/* password of bind_dn; empty: none */
};

/* 1 from pool, 0, -1 */
int source_get(struct slice domain, struct pool *pool, struct source_spec *out);
int source_put(struct slice domain, const struct source_spec *spec, struct err *err);
int source_drop(struct slice domain, struct err *err);
int source_each(
    bool (*visit)(void *arg, struct slice domain, const struct source_spec *spec), void *arg);

/* What its password is sealed as. */
const char *source_purpose(struct slice domain, struct pool *pool);
int source_seal(struct slice domain, struct slice plain, struct buf *sealed, struct err *err);

/* The base or filter for a user, from pool. */
const char *source_base(
    const char *base, struct slice domain, struct slice local, struct pool *pool);
const char *source_filter(
    const char *filter, struct slice domain, struct slice local, struct pool *pool);

/* --- a directory in use --- */

enum { SOURCE_CALLS_MAX = 8, SOURCE_KNOWN = 1024 };

/* What it said of a user; dn NULL: it has none such. */
struct source_known {
	char *local, *dn;
	uint64_t until; /* loop_now() */
};

struct source {
	struct source *next;
	unsigned refs; /* under the list's lock */
	char *domain;
	uint64_t mark;
	struct pool pool; /* of the spec; wiped */
	struct source_spec spec;
	struct ldapc_spec link; /* its password is opened when first needed */

	/* source_room.c, under its lock */
	unsigned calls;			      /* threads that ask */
	struct ldapc *idle[SOURCE_CALLS_MAX]; /* links that nobody uses */
	uint64_t idle_since[SOURCE_CALLS_MAX];
	unsigned n_idle;
	bool doubted;	     /* its last call failed: one at a time may try */
	uint64_t rest_until; /* nobody asks before */
	uint64_t moved;	     /* when a call ended last */

	/* source_ask.c */
	pthread_mutex_t lock;
	bool opened; /* the password */
	struct source_known known[SOURCE_KNOWN];
};

/* What is set for a domain changed: use it from now on. */
void source_look(struct slice domain);

/* A reference, or NULL. */
struct source *source_of(struct slice domain);
void source_unref(struct source **source);

/* A new one, of what is set: for the list, or to try it. NULL with the reason. */
struct source *source_new(struct slice domain, const struct source_spec *spec, struct err *err);

/* A link of its own for whoever tries it. */
struct ldapc *source_link(struct source *source, struct err *err);

/* --- source_room.c: few at a time --- */

/* May this thread ask? It waits a moment for room. 0, and *link is one that was used
   before, or NULL: open one; or -1 with the reason. */
int source_enter(struct source *source, struct ldapc **link, struct err *err);

/* The end of what source_enter began. A link that is good is kept for the next.
   failed: the directory gave no answer. */
void source_leave(struct source *source, struct ldapc *link, bool failed);

/* Close links that wait; they would show an old certificate. */
void source_close_idle(struct source *source);

#endif
