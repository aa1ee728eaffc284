/* milter_wire.h - the milter protocol, version 6, as bytes
 *
 * There is no standard: this is what libmilter of sendmail 8.14 and its successors
 * speaks. A packet is a length in 4 bytes, a command, and data; texts end in NUL.
 * Reading takes nothing for granted: what a filter sends is checked like anything
 * from outside. */
#ifndef PROTOCOLS_SMTP_MILTER_WIRE_H
#define PROTOCOLS_SMTP_MILTER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"

enum {
	MILTER_VERSION = 6,
	MILTER_VERSION_MIN = 2,
	MILTER_CHUNK = 65535,		     /* most of a body in one packet */
	MILTER_PACKET_MAX = 1 + 65535 + 512, /* most that a filter may send in one */
	MILTER_LINES_MAX = 32,		     /* of a reply */
};

/* What we say. */
enum milter_command {
	MILTER_ABORT = 'A',
	MILTER_BODY = 'B',
	MILTER_CONNECT = 'C',
	MILTER_MACRO = 'D',
	MILTER_END = 'E',
	MILTER_HELO = 'H',
	MILTER_HEADER = 'L',
	MILTER_MAIL = 'M',
	MILTER_HEADERS_END = 'N',
	MILTER_OPTIONS = 'O',
	MILTER_QUIT = 'Q',
	MILTER_RCPT = 'R',
	MILTER_DATA = 'T',
};

/* What a filter says: an answer, or, before its last one, a change. */
enum milter_reply {
	MILTER_ADD_RCPT = '+',
	MILTER_DEL_RCPT = '-',
	MILTER_ADD_RCPT_ARGS = '2',
	MILTER_SHUTDOWN = '4',
	MILTER_ACCEPT = 'a',
	MILTER_REPLACE_BODY = 'b',
	MILTER_CONTINUE = 'c',
	MILTER_DISCARD = 'd',
	MILTER_CHANGE_FROM = 'e',
	MILTER_CONN_FAIL = 'f',
	MILTER_ADD_HEADER = 'h',
	MILTER_INSERT_HEADER = 'i',
	MILTER_CHANGE_HEADER = 'm',
	MILTER_PROGRESS = 'p',
	MILTER_QUARANTINE = 'q',
	MILTER_REJECT = 'r',
	MILTER_SKIP = 's',
	MILTER_TEMPFAIL = 't',
	MILTER_REPLY_CODE = 'y',
};

/* Changes that a filter may ask for (SMFIF_). */
enum milter_action {
	MILTER_MAY_ADD_HEADERS = 0x1, /* insert, too */
	MILTER_MAY_CHANGE_BODY = 0x2,
	MILTER_MAY_ADD_RCPT = 0x4,
	MILTER_MAY_DEL_RCPT = 0x8,
	MILTER_MAY_CHANGE_HEADERS = 0x10,
	MILTER_MAY_QUARANTINE = 0x20,
	MILTER_MAY_CHANGE_FROM = 0x40,
	MILTER_MAY_ADD_RCPT_ARGS = 0x80,
	MILTER_MAY_NAME_MACROS = 0x100,
	MILTER_ACTIONS = 0x1ff,
};

/* What is left out, or not answered (SMFIP_). */
enum milter_step {
	MILTER_NO_CONNECT = 0x1,
	MILTER_NO_HELO = 0x2,
	MILTER_NO_MAIL = 0x4,
	MILTER_NO_RCPT = 0x8,
	MILTER_NO_BODY = 0x10,
	MILTER_NO_HEADERS = 0x20,
	MILTER_NO_HEADERS_END = 0x40,
	MILTER_MUTE_HEADER = 0x80,
	MILTER_NO_UNKNOWN = 0x100,
	MILTER_NO_DATA = 0x200,
	MILTER_CAN_SKIP = 0x400,
	MILTER_REFUSED_RCPT = 0x800, /* refused recipients are told of, too */
	MILTER_MUTE_CONNECT = 0x1000,
	MILTER_MUTE_HELO = 0x2000,
	MILTER_MUTE_MAIL = 0x4000,
	MILTER_MUTE_RCPT = 0x8000,
	MILTER_MUTE_DATA = 0x10000,
	MILTER_MUTE_UNKNOWN = 0x20000,
	MILTER_MUTE_HEADERS_END = 0x40000,
	MILTER_MUTE_BODY = 0x80000,
	MILTER_LEADING_SPACE = 0x100000, /* values come with the blank behind the colon */
	MILTER_STEPS = 0x1fffff,
};

/* --- packets --- */

struct milter_packet {
	char command;
	struct slice data;
};

/* Begin a packet in *out; returns what milter_packet_end wants to know. */
size_t milter_packet_begin(struct buf *out, char command);
void milter_packet_end(struct buf *out, size_t begin);
void milter_put(struct buf *out, char command, struct slice data);
void milter_put_text(struct buf *out, struct slice text); /* with a NUL; cut at one inside */
void milter_put_32(struct buf *out, uint32_t n);

/* The first packet of *in: 1, taken off; 0, it is not all there; -1, it is none. */
int milter_take(struct slice *in, struct milter_packet *out);

/* --- what is in them; false: malformed --- */

enum milter_stage { /* as filters number them, when they name macros */
	MILTER_AT_CONNECT,
	MILTER_AT_HELO,
	MILTER_AT_MAIL,
	MILTER_AT_RCPT,
	MILTER_AT_DATA,
	MILTER_AT_END,
	MILTER_AT_HEADERS_END,
	MILTER_STAGES,
};

struct milter_options {
	uint32_t version, actions, steps;
	struct slice macros[MILTER_STAGES]; /* names, parted by blanks; p NULL: as usual */
};
void milter_put_options(struct buf *out);
/* An answer that takes more than we offered is malformed. */
bool milter_read_options(struct slice data, struct milter_options *out);

/* The next text, without its NUL. */
bool milter_take_text(struct slice *data, struct slice *out);

/* One text, and nothing behind it. */
bool milter_read_text(struct slice data, struct slice *out);

struct milter_header {
	uint32_t index;
	struct slice name, value;
};
/* indexed: of an insertion or a change. The name is one (RFC 5322 3.6.8). */
bool milter_read_header(struct slice data, bool indexed, struct milter_header *out);

/* "550 5.7.1 No", in several lines where it has them: as an SMTP reply without the last
   line end, in pool. NULL: it is none that refuses. */
const char *milter_read_reply(struct slice data, struct pool *pool);

#endif
