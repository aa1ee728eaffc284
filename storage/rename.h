/* rename.h - a domain gets another name, and takes along what is kept under the old one
 *
 * Records of other rooms (store.h) need nothing for that where a domain's name, or an
 * address of it, stands in the key by itself: at an end of it, or beside a blank, a NUL
 * or another character that parts words. They are found and moved. A room that has names
 * in values, or keys of another form, has a row that says what becomes of a record. What
 * is sealed (sealed.h) is sealed anew where it is bound to the name. */
#ifndef STORAGE_RENAME_H
#define STORAGE_RENAME_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "core/table.h"

struct rename {
	struct slice old, new; /* A-labels, lower case */
};

struct renamed {
	const char *room;
	bool of_accounts; /* records of accounts (acct_record.h), in whichever domain they are;
			     such a room is not looked at without a row */
	/* Append what key and value become; the same, where nothing of it is named. Inside a
	   change: it waits for nothing. NULL: words of the key, as if there were no row. */
	void (*change)(const struct rename *names, struct slice key, struct slice value,
	    struct buf *new_key, struct buf *new_value);
};

#define RENAMED(id) TABLE_ROW(renamed, id)
TABLE_DECLARE(renamed);

/* For rows. Append the text, with the new name where a word of it is the old one, or an
   address of it (rename_words), or where the whole is (rename_word); of addresses alone
   (rename_addresses). */
void rename_words(const struct rename *names, struct slice text, struct buf *out);
void rename_addresses(const struct rename *names, struct slice text, struct buf *out);
void rename_word(const struct rename *names, struct slice word, struct buf *out);
/* A .change for records in which no name is a domain's of ours. */
void rename_nothing(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value);

/* How what is sealed gets bound to another name: append `value` with the secret in it,
   a part of it, sealed as `to` in place of `from`. 0, or -1. */
struct rename_sealer {
	int (*anew)(struct slice value, struct slice secret, const char *from, const char *to,
	    struct buf *out, struct err *err);
};

/* Rename a hosted domain: all that the directory has of it, in one transaction. The new name
   must be free, or an alias of that domain. With keep_alias the old name stays one. 0, or
   -1 with the reason and nothing changed. Any thread but a loop's. */
int dir_domain_rename(struct slice name, struct slice to, bool keep_alias,
    const struct rename_sealer *sealer, struct err *err);

/* Afterwards: those who watch domains are told that the old name is gone and that the new
   one changed; then what lies elsewhere is renamed. A crash delays that until the next
   start, and until it is done nobody else gets the old name. */
void dir_domain_renamed(struct slice name, struct slice to);

/* The name that a domain has now which was called so before; from pool. 1, 0, -1. */
int dir_domain_former(struct slice name, struct pool *pool, const char **now);

#endif
