/* url.h - imap:// addresses of messages and their parts (RFC 5092, RFC 4467) */
#ifndef PROTOCOLS_IMAP_URL_H
#define PROTOCOLS_IMAP_URL_H

#include "protocols/imap/imap.h"

enum { IMAP_URLS_MAX = 50 }; /* with one command */

struct imap_url {
	struct slice user;    /* decoded; empty: not said */
	struct slice host;    /* with the port; empty: it begins with the path */
	struct slice mailbox; /* UTF-8; empty: the selected one */
	uint32_t uidvalidity; /* 0: not said */
	uint32_t uid;
	struct slice section; /* decoded: "1.2.MIME" */
	bool partial;
	uint32_t from, count; /* count 0: to the end */
	int64_t expire;	      /* Unix seconds; 0: never */
	struct slice access;  /* of URLAUTH: "user+ann"; empty: there is none */
	struct slice rump;    /* up to and with access */
	struct slice mech, token;
};

/* From pool; knows no session, so that a fuzzer can call it. False: it is no
   address of a message. */
bool imap_url_parse(struct pool *pool, struct slice text, struct imap_url *out);

/* The canonical address of a user of it; "ann" is of the domain of `beside`. From
   pool; "": there can be no such user. */
const char *imap_url_user(struct pool *pool, struct slice name, const char *beside);

/* What is wanted of it, and what came of that. */
struct imap_url_text {
	uint64_t most;	       /* bytes */
	bool binary;	       /* without its transfer encoding (RFC 5524) */
	struct buf *out;       /* appended to */
	struct buf *structure; /* BODYSTRUCTURE of the part; NULL: not wanted */
	bool undecoded;	       /* it can't be: nothing was appended */
};

/* Append what a message of the user's mailboxes, or a part of it, is. NULL, or why
   not. */
const char *imap_url_read(struct imap *im, struct slice url, struct imap_url_text *text);
/* The same for one that is parsed, of the mailbox `name` of an account. */
const char *imap_url_take(
    const struct imap_url *url, struct acct *acct, struct slice name, struct imap_url_text *text);

/* The token of URLAUTH for an address, up to and with its access, that leads into this
   mailbox: hex, from pool. NULL: its owner gave none away (cmd_genurlauth.c). */
const char *imap_url_token(struct pool *pool, struct acct *acct, uint32_t box, struct slice rump);

#endif
