/* script.h - Sieve scripts of the server, of domains and of accounts: kept by name, one active each
 *
 * A script is stored only when it compiles. Active scripts are kept compiled in
 * a bounded cache, and so is that an owner has none: after the first message a
 * delivery costs a lookup in memory. Scripts of an account lie in its shard and
 * go with it; those of the server and of domains lie in the directory.
 *
 * Any thread but a loop's. */
#ifndef STORAGE_SCRIPT_H
#define STORAGE_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/sieve.h"

enum script_scope {
	SCRIPT_SERVER,
	SCRIPT_DOMAIN,
	SCRIPT_ACCOUNT,
	SCRIPT_FORMS, /* an account's, made of what its owner said in forms (storage/forms.h) */
};

/* Whose scripts; borrowed for the call. */
struct script_owner {
	enum script_scope scope;
	struct slice domain; /* of SCRIPT_DOMAIN: A-labels, not an alias */
	uint64_t account;    /* of SCRIPT_ACCOUNT, SCRIPT_FORMS */
	uint32_t shard;
};

static inline struct script_owner script_of_server(void)
{
	return (struct script_owner){ .scope = SCRIPT_SERVER };
}

static inline struct script_owner script_of_domain(struct slice domain)
{
	return (struct script_owner){ .scope = SCRIPT_DOMAIN, .domain = domain };
}

static inline struct script_owner script_of_account(uint64_t account, uint32_t shard)
{
	return (struct script_owner){ .scope = SCRIPT_ACCOUNT, .account = account, .shard = shard };
}

static inline struct script_owner script_of_forms(uint64_t account, uint32_t shard)
{
	return (struct script_owner){ .scope = SCRIPT_FORMS, .account = account, .shard = shard };
}

/* --- for delivery --- */

/* The owner's active script: 1 and a reference, 0 none, -1 it cannot be read
   now. A stored script that does not compile any more counts as none, and is
   told in the log. */
struct script;
int script_active(const struct script_owner *owner, struct script **script);
const struct sieve_script *script_compiled(const struct script *script);
/* Name of the script, for log lines. */
const char *script_name(const struct script *script);
void script_release(struct script **script); /* any thread; NULL is fine */

/* --- for their owners --- */

enum { SCRIPT_NAME_MAX = 512 }; /* bytes; RFC 5804 1.6 wants 128 characters */

/* Names are UTF-8 without control characters, not empty (RFC 5804 1.6).
   All changes are durable on return, and the next delivery follows them. */

/* Visit all in order of name; text is valid during the call, which must not
   change scripts. 0 or -1. */
struct script_info {
	struct slice name, text;
	bool active;
};
int script_list(const struct script_owner *owner,
    bool (*visit)(void *arg, const struct script_info *info), void *arg);

/* 1 and its text, 0 absent, -1. What was in *text is overwritten. */
int script_get(const struct script_owner *owner, struct slice name, struct buf *text);
/* The name of the active one; empty when there is none. 0 or -1. */
int script_get_active(const struct script_owner *owner, struct buf *name);

/* Would a script of that name and size be taken? 0, or -1 as script_put. */
int script_room(
    const struct script_owner *owner, struct slice name, uint64_t size, struct err *err);

/* Compile, then store, in place of one of that name. warnings may be NULL; see
   sieve_check. ERR_INPUT: line and reason; ERR_LIMIT: too large, or too many. */
int script_put(const struct script_owner *owner, struct slice name, struct slice text,
    struct buf *warnings, struct err *err);

/* Read, decide and write as one change: edit() sees the active script (an empty
   name: none is) and appends what shall be in its place to *out; where none is,
   `name` is made and becomes active. When it appends nothing but blanks, `name`
   is removed if that was the active one. edit() waits for nothing, and changes
   no scripts. */
int script_edit(const struct script_owner *owner, struct slice name,
    void (*edit)(void *arg, struct slice text, struct buf *out), void *arg, struct err *err);

/* Make it the active one; an empty name: none is. ERR_ABSENT. */
int script_activate(const struct script_owner *owner, struct slice name, struct err *err);

/* ERR_ABSENT; ERR_DENIED: it is the active one (RFC 5804 2.10). */
int script_remove(const struct script_owner *owner, struct slice name, struct err *err);

/* An active one stays active. ERR_ABSENT; ERR_EXISTS (RFC 5804 2.11.1). */
int script_rename(
    const struct script_owner *owner, struct slice from, struct slice to, struct err *err);

#endif
