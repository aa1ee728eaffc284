/* send.h - one mail transaction with another server */
#ifndef PROTOCOLS_RELAY_SEND_H
#define PROTOCOLS_RELAY_SEND_H

#include "protocols/relay/talk.h"
#include "storage/queue.h"

enum sent {
	SENT_NOT_YET,
	SENT_OK,
	SENT_LATER, /* refused for now, or the connection broke */
	SENT_NEVER, /* refused for good */
};

struct send_rcpt {
	size_t index; /* in the entry */
	enum sent sent;
	struct slice reply; /* "250 2.0.0 Taken", or "4.4.2 ..." of ours */
	unsigned note;	    /* job_settle.c: that of storage/queue_heard.h */
};

struct sending {
	struct talk *talk;
	const struct queue_entry *entry;
	struct body *body;
	uint64_t from; /* where in the body the message begins */
	struct send_rcpt *rcpts;
	size_t n;
	struct pool *pool; /* of the replies */
	bool chunks;	   /* by BDAT where it is offered */
	bool seven;	   /* its text is made into 7 bits: send_message() says so */
};

/* Offer the message to the recipients. Afterwards each has an outcome, and the
   connection may be broken. False: the other side had hung up before it heard
   of this message; nothing has an outcome, and a new connection may do better. */
bool send_message(struct sending *s);

extern const struct conf_key conf_key_relay_chunking;

#endif
