/* group.h - distribution lists: addresses that stand for very many others
 *
 * Unlike an alias a group is no record of addresses: each member is a record of its own,
 * here or elsewhere, an account, an alias or a group again. Mail to it becomes one
 * delivery (storage/deliver.h), however many they are. Who may send to it is said with it.
 * Any thread but a loop's, unless said. */
#ifndef STORAGE_GROUP_H
#define STORAGE_GROUP_H

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "storage/dir.h"

enum group_from {
	GROUP_ANYONE,
	GROUP_MEMBERS, /* whoever is one; those here have to have logged in */
	GROUP_DOMAIN,  /* who has logged in as somebody of the group's domain */
};
extern const char *const group_from_names[]; /* "anyone", ..., NULL */

struct group {
	const char *name; /* "staff@alpha.test" */
	enum group_from from;
	const char *owner; /* gets what could not be delivered; NULL: the sender does */
	int64_t created;   /* unix seconds */
};

/* --- changing; durable on return; 0, or -1 with the reason --- */

/* owner empty: none. */
int group_add(struct slice name, enum group_from from, struct slice owner, struct err *err);
int group_change(struct slice name, enum group_from from, struct slice owner, struct err *err);
int group_remove(struct slice name, struct err *err);

/* All or none of them, in one transaction. *n: how many were not there, or were. */
int group_join(
    struct slice name, const struct slice *members, size_t count, size_t *n, struct err *err);
int group_leave(
    struct slice name, const struct slice *members, size_t count, size_t *n, struct err *err);

/* --- reading --- */

/* 1 (from pool), 0, -1 */
int group_find(struct slice name, struct pool *pool, struct group *out);
/* In order of name; of one domain, or of all when it is empty. */
int group_each(struct slice domain, bool (*visit)(void *arg, const struct group *group), void *arg);
/* Members in order of address, behind `after` when it is not empty. */
int group_members(struct slice name, struct slice after,
    bool (*visit)(void *arg, struct slice member), void *arg);
/* 1, 0, -1 */
int group_has(struct slice name, struct slice address);

/* May mail from sender, perhaps of somebody who has logged in (login, else NULL), go to
   the group? 1, 0, -1 */
int group_may_send(const struct group *group, struct slice sender, const char *login);

/* All that a group means: accounts and addresses elsewhere; groups and aliases in it
   followed, each group once, to a bounded depth and number. The same one may come more
   than once. A target is valid during the call. 0; -1: ERR_LIMIT too many, ERR_TEMP later. */
int group_expand(struct slice name, int (*visit)(void *arg, const struct dir_target *target),
    void *arg, struct err *err);

#endif
