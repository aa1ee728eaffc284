/* seal.h - secrets at rest: AES-256-GCM under the master key
 *
 * The file DATA/master.key (mode 0600) holds one key a line, as `ID KEY` in
 * hex. The first line's key seals; all open. So a key is changed by putting a
 * new line first and sealing everything anew. */
#ifndef PKI_SEAL_H
#define PKI_SEAL_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

/* Read DATA/master.key. When it is absent it is made if may_make, else that is
   an error: what was sealed under it would be lost. */
int seal_start(const char *data, bool may_make, struct err *err);
void seal_stop(void);

/* Append plain to *out, sealed. `what` names the record that it is for; a
   sealed secret does not open as anything else. */
int seal_close(const char *what, struct slice plain, struct buf *out, struct err *err);

/* Append what was sealed to *out; wipe that. */
int seal_open(const char *what, struct slice sealed, struct buf *out, struct err *err);

#endif
