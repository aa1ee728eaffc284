/* forward.h - mail handed on to others' servers: its sender rewritten (core/srs.h), under keys of
 * ours
 *
 * The keys are stored sealed and turn by themselves; old ones still open what they made
 * for as long as that is good. Operations: `srs show`, `srs rotate`. */
#ifndef STORAGE_FORWARD_H
#define STORAGE_FORWARD_H

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"

struct source_sealer;

/* With the store open, before threads. A store that has no key gets one. */
int forward_start(const struct source_sealer *sealer, struct err *err);
void forward_stop(void);

/* The reverse-path with which a message leaves that came to `by`, an address here, and goes
   on elsewhere: rewritten, or as it is: it is empty, of a domain of ours, or the setting
   forward.srs says so. From pool, or sender itself. Any thread but a loop's. */
struct slice forward_sender(struct slice sender, struct slice by, struct pool *pool);

/* Is that local part of an address here, as it came, one that was rewritten? Then where it
   leads, from pool; empty: nowhere, it is forged or old. False: it is none. From memory:
   any thread. */
bool forward_back(struct slice local, struct pool *pool, struct slice *out);

#endif
