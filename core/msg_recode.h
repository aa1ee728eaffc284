/* msg_recode.h - private to core/msg_*.c: a message in another form, part by part
 *
 * What is fine stays as it is, byte by byte; what is not is put right, or its body is
 * encoded. Memory does not grow with the message when what is made is taken away. */
#ifndef CORE_MSG_RECODE_H
#define CORE_MSG_RECODE_H

#include "core/msg.h"

struct recode;

struct recode_rules {
	/* It may stay. */
	bool (*fine)(struct slice text);
	/* Put a field, an empty line, and what stands between parts. */
	void (*field)(struct recode *r, struct slice raw);
	void (*between)(struct recode *r, struct slice text);
	/* Put a part whose body is not fine, and that holds no others, its header too. */
	void (*leaf)(struct recode *r, const struct msg_part *part);
	/* The transfer encoding that parts get which hold others. */
	const char *container;
};

struct recode {
	const struct recode_rules *rules;
	struct slice whole;
	struct buf *out;
	msg_take *take; /* may be NULL: all stays in out */
	void *arg;
	int rc; /* of take */
};

/* The part, and all that is in it. */
void recode_part(struct recode *r, const struct msg_part *part);

/* The header as it is put right, with its empty line. encoding: what its transfer encoding
   shall be, NULL: what it was. */
void recode_header(struct recode *r, struct slice header, const char *encoding);

/* In lines of 76 characters, after which out may have been taken. */
void recode_base64(struct recode *r, struct slice bytes);

/* What was put into r->out is complete: it may be taken away when it is much. */
void recode_spill(struct recode *r);

/* Is it as a whole what is in it? RFC 6532 §3.7: message/global alone may be encoded. */
bool recode_holds_others(const struct msg_part *part);

/* A body in an encoding whose characters are all that matters. */
bool recode_is_encoded(const struct msg_part *part);

#endif
