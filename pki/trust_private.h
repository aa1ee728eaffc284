/* trust_private.h - what the files about stored trust share; no one else includes it */
#ifndef PKI_TRUST_PRIVATE_H
#define PKI_TRUST_PRIVATE_H

#include <pthread.h>

#include "pki/trust.h"

/* Over reading and changing what is stored and what is kept in memory. */
extern pthread_mutex_t trust_lock;

/* --- trust_builtin.c, with the lock held --- */

/* As the files are now; a reference. */
struct trust_set *builtin_now(void);
void builtin_stop(void);

/* --- trust_record.c --- */

enum trust_kind { TRUST_CERTIFICATES = 'c', TRUST_LISTS = 'v' };

/* DER one behind another; empty when there is none. -1: it cannot be read. */
int trust_read(enum trust_kind kind, struct slice scope, struct buf *der);
int trust_write(enum trust_kind kind, struct slice scope, struct slice der, struct err *err);

/* --- trust_store.c, with the lock held --- */

struct trust_set *stored_now(struct slice scope);
/* What is stored has changed. */
void stored_forget(struct slice scope);

#endif
