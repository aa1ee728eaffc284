/* stage.h - changes of profiles and assignments that wait until they are committed
 *
 * Any thread but a loop's. */
#ifndef PKI_STAGE_H
#define PKI_STAGE_H

#include "core/conf.h"
#include "pki/pki_private.h"

/* Is there a change of the owner that waits? Is one made now to wait? */
bool stage_has(struct slice owner);
bool stage_wanted(struct slice owner);

/* What the owner is to be: as it waits, else as it is in force. As record_get. */
int stage_newest(struct slice owner, struct buf *bytes, struct domain_record *out);

/* Set a setting now, or when it is committed; an empty value resets. */
int stage_setting(const struct conf_key *key, enum conf_scope scope, struct slice place,
    struct slice value, struct err *err);

/* The value that waits for exactly that place; false: none does. */
bool stage_setting_get(
    const struct conf_key *key, enum conf_scope scope, struct slice place, struct buf *value);

struct staged_setting {
	const struct conf_key *key;
	enum conf_scope scope;
	struct slice place, value;
};
void stage_each_setting(void (*visit)(void *arg, const struct staged_setting *setting), void *arg);

/* Put all in force, or forget it; *done counts. For change_all. */
int stage_commit(size_t *done, struct err *err);
int stage_discard(size_t *done, struct err *err);

#endif
