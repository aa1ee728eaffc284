/* script_private.h - private to storage/script*.c */
#ifndef STORAGE_SCRIPT_PRIVATE_H
#define STORAGE_SCRIPT_PRIVATE_H

#include <stdatomic.h>

#include "storage/script.h"

/* An active script, compiled. */
struct script {
	atomic_uint users;
	struct sieve_script *sieve;
	char name[];
};

static inline bool script_is_of_account(const struct script_owner *owner)
{
	return owner->scope == SCRIPT_ACCOUNT || owner->scope == SCRIPT_FORMS;
}

/* Bytes by which an owner is told from all others. */
void script_owner_key(const struct script_owner *owner, struct buf *out);

/* With the store: be told of domains; forget all. */
void script_start(void);
void script_stop(void);

/* --- script_record.c: an owner's records --- */

/* Texts are kept by name; beside them the name of the active one. */
enum script_kind { SCRIPT_TEXT = 't', SCRIPT_ACTIVE = 'a' };

struct script_record {
	enum script_kind kind;
	struct slice name;  /* "" of SCRIPT_ACTIVE */
	struct slice value; /* p NULL: remove */
};

/* 1, 0, -1; *value is overwritten. */
int script_record_get(
    const struct script_owner *owner, enum script_kind kind, struct slice name, struct buf *value);

/* Durable on return. All or none; of the server and of domains one after
   another. */
int script_record_put(const struct script_owner *owner, const struct script_record *records,
    size_t n, struct err *err);

/* Visit the texts in order of name. 0 or -1. */
int script_record_each(const struct script_owner *owner,
    bool (*visit)(void *arg, struct slice name, struct slice text), void *arg);

/* --- script_cache.c: compiled active scripts, and who has none; bounded --- */

/* A reader takes a ticket before it asks the database, so that what it read
   before a change is not put into the cache after it. */
uint64_t script_cache_ticket(struct slice key);
/* True: known, and *script is a reference, or NULL for none. */
bool script_cache_get(struct slice key, struct script **script);
/* Takes a reference of its own. */
void script_cache_put(struct slice key, struct script *script, uint64_t ticket);
void script_cache_drop(struct slice key);
void script_cache_clear(void);

#endif
