/* dir.h - the directory: domains, accounts, aliases, and where an address leads
 *
 * Small, read often: routes and accounts are answered from a bounded cache in
 * memory, which a change empties where it must. Names in records are canonical
 * (core/text.h). */
#ifndef STORAGE_DIR_H
#define STORAGE_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct dir_domain {
	uint64_t id;
	const char *name;      /* A-labels */
	bool main;	       /* the first one added, until another is chosen */
	const char *catch_all; /* address, or NULL */
	const char *addresses; /* local IP addresses given to it, parted by blanks; or NULL */
	int64_t created;       /* unix seconds */
};

struct dir_account {
	uint64_t id;
	uint32_t shard;
	const char *name;	/* "ann@alpha.test" */
	const char *secrets[4]; /* SCRAM secrets, NULL-ended; not in lists */
	bool suspended;		/* takes mail, lets nobody in */
	uint64_t quota;		/* bytes, 0: none */
	int role;		/* enum op_role */
	int64_t created;
};

/* Read. 1 found (filled from pool), 0 absent, -1. Names come in any form; the
   alias of a domain gives the domain. */
int dir_domain(struct slice name, struct pool *pool, struct dir_domain *out);
int dir_account(struct slice address, struct pool *pool, struct dir_account *out);
int dir_main_domain(struct pool *pool, struct dir_domain *out);

bool dir_is_domain(struct slice name); /* a hosted domain, or the alias of one */

/* Visit all, in order of name; accounts and aliases of one domain, or of all
   when it is empty. The record is valid during the call. */
int dir_domains(bool (*visit)(void *arg, const struct dir_domain *domain), void *arg);
int dir_domain_aliases(
    struct slice domain, bool (*visit)(void *arg, const struct dir_domain *alias), void *arg);
int dir_accounts(
    struct slice domain, bool (*visit)(void *arg, const struct dir_account *account), void *arg);
struct dir_alias {
	const char *name;   /* "sales@alpha.test" */
	const char *target; /* addresses, parted by blanks */
};
int dir_aliases(
    struct slice domain, bool (*visit)(void *arg, const struct dir_alias *alias), void *arg);

/* Change. Durable on return; 0, or -1 with the reason. */
int dir_domain_add(struct slice name, struct err *err);
int dir_domain_remove(struct slice name, struct err *err); /* refused while it has accounts */
int dir_domain_main(struct slice name, struct err *err);
int dir_domain_catch_all(struct slice name, struct slice address, struct err *err);
int dir_domain_addresses(struct slice name, struct slice addresses, struct err *err);
/* Another name for a hosted domain, with all its addresses. */
int dir_domain_alias_add(struct slice name, struct slice domain, struct err *err);
int dir_domain_alias_remove(struct slice name, struct err *err);
int dir_account_add(struct slice address, const char *const secrets[], struct err *err);
int dir_account_remove(struct slice address, struct err *err); /* and its mail */
int dir_account_secrets(struct slice address, const char *const secrets[], struct err *err);
int dir_account_suspend(struct slice address, bool on, struct err *err);
int dir_account_quota(struct slice address, uint64_t bytes, struct err *err);
int dir_account_role(struct slice address, int role, struct err *err);
int dir_alias_add(struct slice name, struct slice targets, struct err *err);
int dir_alias_remove(struct slice name, struct err *err);

/* Told after a domain was added, changed or removed, in the thread that did
   it: PKI makes keys, contexts are dropped. Registered at start. */
struct dir_watch {
	void (*domain)(void *arg, struct slice name, bool removed);
	void *arg;
	struct dir_watch *next;
};
void dir_watch(struct dir_watch *watch);

/* Where a recipient leads: aliases and catch-all followed (bounded depth),
   subaddresses cut; each account and each remote address once. Postmaster of a
   hosted domain always leads somewhere if the server has an admin (RFC 5321
   §4.5.1). */
enum dir_route {
	DIR_LOCAL,   /* accounts, groups and remote addresses in *out; else that is NULL */
	DIR_REMOTE,  /* not a hosted domain */
	DIR_UNKNOWN, /* hosted domain, no such user */
	DIR_FAILED,  /* try later */
	DIR_LATER,   /* not in memory, and this is a loop's thread: ask on a worker */
};

struct dir_target {
	uint64_t account; /* 0: a remote address */
	uint32_t shard;
	const char *address; /* canonical */
	const char *detail;  /* of ann+detail@, or NULL */
	uint64_t quota;	     /* of the account; 0: none */
	bool group;	     /* the address is a group's (storage/group.h); account is 0 */
	struct dir_target *next;
};

enum dir_route dir_route(struct slice address, struct pool *pool, struct dir_target **out);

#endif
