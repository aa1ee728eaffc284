/* audit_private.h - private to audit*.c: the tree "audit" of the directory
 *
 *	class ID                   -> version, role, when, texts with their lengths before them
 *	'd' class DOMAIN NUL ID    -> nothing: the events of a domain
 *	'b' ID                     -> as an event: begun, and its outcome not known
 *
 * The ID is that of the event with all bits turned, so that the newest comes first. */
#ifndef STORAGE_AUDIT_PRIVATE_H
#define STORAGE_AUDIT_PRIVATE_H

#include <stdatomic.h>

#include "core/pool.h"
#include "storage/audit.h"

#define AUDIT_CLASSES "ao" /* what admins changed; all else */

enum { AUDIT_ID = 8 };

/* How many came since it was tidied. */
extern atomic_uint audit_came;

void audit_write(struct buf *out, const struct op_event *event, int64_t when);
bool audit_read(struct slice value, struct pool *pool, struct audit_entry *out);

void audit_key(struct buf *out, char class, uint64_t id);
void audit_domain_prefix(struct buf *out, char class, const char *domain);
void audit_put_id(struct buf *out, uint64_t id);
/* Of the end of a key; 0: malformed. */
uint64_t audit_key_id(struct slice key);

#endif
