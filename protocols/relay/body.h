/* body.h - the text of a message on its way out: streamed, with dots */
#ifndef PROTOCOLS_RELAY_BODY_H
#define PROTOCOLS_RELAY_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/client.h"
#include "storage/body.h"

/* Dots are put while the text passes in pieces of any size. */
struct dots {
	bool in_line; /* not at the beginning of a line */
	bool cr;      /* the last byte was a CR */
};

/* Append a piece as DATA has it (RFC 5321 4.5.2): a dot more before a dot that
   begins a line, and each line end CRLF. */
void dots_add(struct dots *dots, struct slice piece, struct buf *out);
/* Append the end: CRLF when the last line has none, and the line of one dot. */
void dots_end(struct dots *dots, struct buf *out);

/* Bytes before the message as it should leave: the Return-Path line that we put
   there (RFC 5321 4.4: final delivery only). -1: it cannot be read. */
int64_t body_start(struct body *body);

/* Does its header, or all of it, hold other bytes than ASCII? 1, 0, -1. */
int body_is_8bit(struct body *body, uint64_t from, bool header_only);

/* Milliseconds for each block, and for all of it. */
struct body_times {
	uint64_t block, whole;
};

/* All of it from there on, with the line of one dot. */
int body_send(struct body *body, uint64_t from, struct client *client,
    const struct body_times *times, struct err *err);

#endif
