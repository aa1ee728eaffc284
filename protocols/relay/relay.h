/* relay.h - mail to other servers: from the queue to their SMTP ports
 *
 * plan*.c knows what is due and which thread takes it; worker.c and job.c are
 * a thread's way through it; route.c asks where it goes; open.c, talk.c and
 * send.c speak SMTP; report*.c tell senders what became of their mail. */
#ifndef PROTOCOLS_RELAY_RELAY_H
#define PROTOCOLS_RELAY_RELAY_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

/* How secrets are kept; handed in at start by main. Both append to *out and return
   0, or -1. `what` names what it is for. */
struct relay_sealer {
	int (*close)(const char *what, struct slice plain, struct buf *out, struct err *err);
	int (*open)(const char *what, struct slice sealed, struct buf *out, struct err *err);
};

/* With the store open: threads of thread_start. */
int relay_start(const struct relay_sealer *sealer, struct err *err);

/* Begin no more; what is being sent may end in ms milliseconds, then connections
   are cut. Before threads_stop. What was not finished is sent again. */
void relay_drain(uint64_t ms);
void relay_free(void); /* after threads_stop */

#endif
