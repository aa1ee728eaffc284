/* jid.h - addresses of XMPP: local@domain/resource (RFC 7622)
 *
 * In canonical form: the domain as people write it (U-labels), lower case; the
 * local part as the directory keeps it, ASCII letters in lower case; the
 * resource as it is. Equal addresses are then equal bytes. */
#ifndef PROTOCOLS_XMPP_JID_H
#define PROTOCOLS_XMPP_JID_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/pool.h"

struct jid {
	struct slice local, domain, resource; /* empty: absent; only the domain never is */
	struct slice bare;		      /* "local@domain" or "domain" */
};

/* Any form of text into canonical form, from pool. False: no JID. Waits for
   nothing. */
bool jid_parse(struct pool *pool, struct slice text, struct jid *out);

/* Is that a resource? RFC 7622 3.4: UTF-8 without control characters. */
bool jid_is_resource(struct slice text);

#endif
