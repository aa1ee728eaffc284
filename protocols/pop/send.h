/* send.h - a message on its way out: lines in CRLF, dots stuffed, piece by piece */
#ifndef PROTOCOLS_POP_SEND_H
#define PROTOCOLS_POP_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

struct body;

/* What was seen of the message so far. Zero-initialised: at its beginning. */
struct pop_lines {
	bool inside; /* of a line */
	bool cr;     /* the last byte was a CR */
	bool in_body;
	bool limited; /* TOP: stop behind `left` lines of the body */
	uint64_t left;
	uint64_t length; /* of this line so far */
};

/* Append the next piece of a message as POP3 sends it. False: TOP has enough. */
bool pop_lines_add(struct pop_lines *lines, struct slice piece, struct buf *out);

/* The end: complete the last line, and write the final dot. */
void pop_lines_end(struct pop_lines *lines, struct buf *out);

struct pop_send {
	uint32_t seq;
	struct body *body;
	uint64_t offset;
	struct pop_lines lines;
};

#endif
