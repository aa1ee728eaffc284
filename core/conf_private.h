/* conf_private.h - what reading settings and changing them share; no one else includes it */
#ifndef CORE_CONF_PRIVATE_H
#define CORE_CONF_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/conf.h"
#include "core/conf_values.h"

/* What is read of a row without a lock. */
struct conf_slot {
	const struct conf_key *key;
	_Atomic int64_t num;	/* server-wide */
	atomic_bool said;	/* some place has a value */
	atomic_bool overridden; /* some other place than the server has one */
};

/* All stored values; looked at and changed with the lock held. */
extern struct conf_values *conf_stored;
extern pthread_rwlock_t conf_stored_lock;

/* The slots are filled and conf_stored is there, after the first of these calls. */
void conf_start_once(void);
struct conf_slot *conf_slot_of(const struct conf_key *key);

int64_t conf_default_num(const struct conf_key *key);

#endif
