/* talk.h - a connection to another mail server: greeted, secured, ready for messages */
#ifndef PROTOCOLS_RELAY_TALK_H
#define PROTOCOLS_RELAY_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/client.h"
#include "core/conf.h"
#include "core/pool.h"
#include "protocols/relay/level.h"
#include "protocols/relay/reply.h"
#include "protocols/relay/route.h"

/* What the other side offers. */
enum talk_word {
	TALK_ESMTP = 1, /* EHLO was answered */
	TALK_PIPELINING = 2,
	TALK_SIZE = 4,
	TALK_8BITMIME = 8,
	TALK_SMTPUTF8 = 16,
	TALK_DSN = 32,
	TALK_STARTTLS = 64,
	TALK_AUTH_PLAIN = 128,
	TALK_REQUIRETLS = 256,
	TALK_PRIORITY = 512,
	TALK_CHUNKING = 1024,
};

struct talk {
	struct client *client;
	uint64_t dcid;	    /* number of this connection in the log */
	struct buf way;	    /* that it was opened for; its owner's */
	struct buf host;    /* "mx.partner.test[192.0.2.1]:25" */
	unsigned words;	    /* enum talk_word, or-ed */
	uint64_t size;	    /* the largest message that it takes, 0: it did not say */
	unsigned messages;  /* that it took */
	unsigned offers;    /* of messages, taken or not */
	bool met;	    /* it was greeted, and we said who we are */
	bool broken;	    /* of no more use */
	bool unfinished;    /* a transaction was begun and came to nothing: RSET first */
	struct reply reply; /* the last one */
	struct err err;	    /* why it broke */
};

/* Connect to the best host of at->destination that can be had, for a sender in at->domain
   and a message that wishes so. NULL: *why says "4.4.1 ..." or what the server answered,
   from pool, and *verdict whether it is for good. */
struct talk *talk_open(const struct conf_at *at, enum level_wish wish, struct pool *pool,
    enum route_verdict *verdict, struct slice *why);

/* QUIT when it is not broken, close. */
void talk_close(struct talk **talk);

/* Write a command, CRLF is added; talk_read() reads one reply. 0, or -1: broken. */
int talk_write(struct talk *talk, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int talk_read(struct talk *talk, const struct conf_key *timeout);

/* Both: the reply's code, or 0: broken. */
unsigned talk_ask(struct talk *talk, const struct conf_key *timeout, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What the last reply, to EHLO, offers: words, and size (RFC 5321 4.1.1.1). */
void talk_words_read(struct talk *talk);

/* The last reply, or why the connection broke, in one line from pool. */
struct slice talk_why(const struct talk *talk, struct pool *pool);

/* login.c: the name and password that are set for a host, when there are; the
   password is wiped with `out`. 1, 0, -1 with the reason. */
int relay_login(struct slice host, struct buf *name, struct buf *password, struct err *err);

/* The name that we go by towards other servers. From pool. */
struct slice relay_own_name(struct pool *pool);

extern const struct conf_key conf_key_relay_timeout_command;

#endif
