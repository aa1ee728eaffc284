/* queue.c - stanzas on their way to a client */
#include "protocols/xmpp/queue.h"

#include <stdlib.h>
#include <time.h>

struct xmpp_stanza *xmpp_stanza_new(enum xmpp_kind kind, struct slice text)
{
	struct xmpp_stanza *stanza = mem_get(sizeof(*stanza) + text.n);
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	stanza->born = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	stanza->refs = 1;
	stanza->kind = (uint8_t)kind;
	stanza->n = text.n;
	memcpy(stanza->p, text.p, text.n);
	return stanza;
}

struct xmpp_stanza *xmpp_stanza_ref(struct xmpp_stanza *stanza)
{
	atomic_fetch_add(&stanza->refs, 1);
	return stanza;
}

void xmpp_stanza_unref(struct xmpp_stanza **stanza)
{
	if (*stanza && atomic_fetch_sub(&(*stanza)->refs, 1) == 1)
		free(*stanza);
	*stanza = NULL;
}

static void grow(struct xmpp_queue *q)
{
	uint32_t cap = q->cap ? q->cap * 2 : 4;
	struct xmpp_stanza **at = mem_get(cap * sizeof(*at));

	for (uint32_t i = 0; i < q->n; i++)
		at[i] = xmpp_queue_nth(q, i);
	free(q->at);
	q->at = at;
	q->cap = cap;
	q->first = 0;
}

void xmpp_queue_put(struct xmpp_queue *q, struct xmpp_stanza *stanza)
{
	if (q->n == q->cap)
		grow(q);
	q->at[(q->first + q->n++) % q->cap] = xmpp_stanza_ref(stanza);
	q->bytes += stanza->n;
}

struct xmpp_stanza *xmpp_queue_take(struct xmpp_queue *q)
{
	if (q->n == 0)
		return NULL;
	struct xmpp_stanza *stanza = q->at[q->first];
	q->first = (q->first + 1) % q->cap;
	q->bytes -= stanza->n;
	if (--q->n == 0) { /* idle sessions hold nothing */
		free(q->at);
		*q = (struct xmpp_queue){ 0 };
	}
	return stanza;
}

struct xmpp_stanza *xmpp_queue_nth(const struct xmpp_queue *q, uint32_t n)
{
	return q->at[(q->first + n) % q->cap];
}

void xmpp_queue_done(struct xmpp_queue *q)
{
	struct xmpp_stanza *stanza;

	while ((stanza = xmpp_queue_take(q)))
		xmpp_stanza_unref(&stanza);
}
