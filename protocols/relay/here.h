/* here.h - recipients of the queue who have a mailbox on this server */
#ifndef PROTOCOLS_RELAY_HERE_H
#define PROTOCOLS_RELAY_HERE_H

#include "protocols/relay/send.h"

/* Is it a domain of this server? */
bool here_is(struct slice domain);

/* Deliver to each: fills in sent and reply, from pool. */
void here_deliver(const struct queue_entry *entry, struct send_rcpt *rcpts, size_t n,
    struct body *body, struct pool *pool);

#endif
