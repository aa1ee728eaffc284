/* offline.h - the store of messages for accounts that are not there; worker only */
#ifndef PROTOCOLS_XMPP_OFFLINE_H
#define PROTOCOLS_XMPP_OFFLINE_H

#include "core/err.h"
#include "protocols/xmpp/user.h"

/* Give a message to whoever has come meanwhile, or keep it; durable on return. el:
   the same as a tree. 0, or -1: ERR_LIMIT: as many wait as may; ERR_TEMP. */
int xmpp_offline_put(
    struct xmpp_user *user, const struct xml *el, struct xmpp_stanza *stanza, struct err *err);

/* Take the oldest out, at most so many, and see each; how many there were, or -1:
   what was seen may come again. */
int xmpp_offline_take(struct xmpp_user *user, size_t most,
    void (*see)(void *arg, struct slice text, int64_t born), void *arg);

#endif
