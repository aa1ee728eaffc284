/* from_files.h - keys and certificates that other programs keep as files
 *
 * Any thread but a loop's. */
#ifndef PKI_FROM_FILES_H
#define PKI_FROM_FILES_H

#include "core/buf.h"
#include "core/err.h"

/* Take the owner's certificates and key from these files, now and whenever they change;
   they may be one. owner: from owner_find. *key_mode: who may read the key. */
int from_files_set(struct slice owner, const char *certificate, const char *key, unsigned *key_mode,
    struct err *err);

/* Look whether any of them changed, and install what did. */
void from_files_look(void);

#endif
