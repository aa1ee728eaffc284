/* reply.h - what another SMTP server answers (RFC 5321 4.2): read line by line, bounded */
#ifndef PROTOCOLS_RELAY_REPLY_H
#define PROTOCOLS_RELAY_REPLY_H

#include <stdbool.h>

#include "core/buf.h"

enum { REPLY_LINES_MAX = 200, REPLY_TEXT_MAX = 16 * 1024, REPLY_SHORT_MAX = 500 };

struct reply {
	unsigned code;	 /* 220 to 599; 0: none yet */
	unsigned lines;	 /* so far */
	struct buf text; /* of each line behind the code, each ended by LF; cut when long */
};

enum reply_part { REPLY_MORE, REPLY_DONE, REPLY_BAD };

void reply_clear(struct reply *reply);
void reply_done(struct reply *reply);

/* One line without its end. REPLY_BAD: no reply, or one without end. */
enum reply_part reply_take(struct reply *reply, struct slice line);

/* The whole in one line, "550 5.1.1 No such user", printable, REPLY_SHORT_MAX
   bytes at most; appended. */
void reply_short(const struct reply *reply, struct buf *out);

/* The enhanced status code (RFC 3463) of "550 5.1.1 No such user" or "4.4.1
   Cannot connect"; what is missing or contradicts the code is made up of it.
   failed: 5 or 4 when there is no code at all. out holds 12 bytes. Returns out. */
char *reply_status(struct slice text, bool failed, char out[12]);

/* What a reply in one line means for whom it is about: a recipient, or all of them. */
enum reply_means {
	REPLY_TAKEN,
	REPLY_LATER,
	REPLY_NEVER,
	REPLY_TOO_MANY, /* recipients at once: this one may be taken in the next transaction */
};
enum reply_means reply_means(struct slice text, bool of_rcpt);

/* "550" of it, or 0 when the text is no server's. */
unsigned reply_code(struct slice text);

#endif
