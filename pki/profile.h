/* profile.h - named certificate profiles, and where certificates are assigned
 *
 * A profile has a key, a certificate and a chain as a domain has, and belongs to the
 * server. Any thread but a loop's. */
#ifndef PKI_PROFILE_H
#define PKI_PROFILE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/pool.h"
#include "pki/key.h"
#include "pki/subject.h"

/* A new profile with a new key and a certificate that it signs itself. ERR_EXISTS. */
int profile_add(
    struct slice name, enum key_kind kind, const struct subject *subject, struct err *err);

/* Refused, with the places, while it is assigned somewhere: ERR_BUSY. */
int profile_remove(struct slice name, struct err *err);

/* Visit all, also those that are to be, in order of name. */
int profile_each(bool (*visit)(void *arg, struct slice name), void *arg);

/* Where a profile or domain of that name is assigned, or will be: "listener.certificate
   https, relay.certificate"; appended. */
void assign_where(struct slice name, struct buf *where);

#endif
