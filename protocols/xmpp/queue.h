/* queue.h - stanzas on their way to a client, and queues of them
 *
 * A stanza that is on its way is bytes, counted, so that one may wait for many
 * resources. */
#ifndef PROTOCOLS_XMPP_QUEUE_H
#define PROTOCOLS_XMPP_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

enum xmpp_kind { XMPP_MESSAGE, XMPP_PRESENCE, XMPP_IQ };

struct xmpp_stanza {
	_Atomic unsigned refs;
	uint8_t kind; /* enum xmpp_kind */
	int64_t born; /* unix milliseconds */
	size_t n;
	char p[];
};

/* text is copied. The caller has the one reference. */
struct xmpp_stanza *xmpp_stanza_new(enum xmpp_kind kind, struct slice text);
struct xmpp_stanza *xmpp_stanza_ref(struct xmpp_stanza *stanza);
void xmpp_stanza_unref(struct xmpp_stanza **stanza);

static inline struct slice xmpp_stanza_text(const struct xmpp_stanza *stanza)
{
	return (struct slice){ stanza->p, stanza->n };
}

/* First in, first out; zero-initialised: empty, and costs nothing. Not locked. */
struct xmpp_queue {
	struct xmpp_stanza **at;
	uint32_t first, n, cap;
	size_t bytes;
};

void xmpp_queue_put(struct xmpp_queue *q, struct xmpp_stanza *stanza); /* takes a reference */
/* The oldest, with the queue's reference; NULL when it is empty. */
struct xmpp_stanza *xmpp_queue_take(struct xmpp_queue *q);
/* The nth from the oldest, borrowed. */
struct xmpp_stanza *xmpp_queue_nth(const struct xmpp_queue *q, uint32_t n);
void xmpp_queue_done(struct xmpp_queue *q);

#endif
