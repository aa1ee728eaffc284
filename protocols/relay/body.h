/* body.h - the text of a message on its way out: its lines, and where it begins */
#ifndef PROTOCOLS_RELAY_BODY_H
#define PROTOCOLS_RELAY_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "storage/body.h"

/* Dots are put while the text passes in pieces of any size. */
struct dots {
	bool in_line; /* not at the beginning of a line */
	bool cr;      /* the last byte was a CR */
	bool none;    /* BDAT (RFC 3030 2) needs none: line ends alone are put right */
};

/* Append a piece as DATA has it (RFC 5321 4.5.2): a dot more before a dot that
   begins a line, and each line end CRLF. */
void dots_add(struct dots *dots, struct slice piece, struct buf *out);
/* Append the end: CRLF when the last line has none, and the line of one dot. With `none`
   just the former. */
void dots_end(struct dots *dots, struct buf *out);

/* Bytes before the message as it should leave: the Return-Path line that we put
   there (RFC 5321 4.4: final delivery only). -1: it cannot be read. */
int64_t body_start(struct body *body);

/* Does its header, or all of it, hold other bytes than ASCII? 1, 0, -1. */
int body_is_8bit(struct body *body, uint64_t from, bool header_only);

#endif
