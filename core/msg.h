/* msg.h - the message reader: header fields, addresses, MIME tree, text
 *
 * Every input is hostile and much of it is broken: nothing here fails. What
 * can't be understood is read as text/plain or left out, as the most careful
 * servers do. All of it takes time in proportion to the input, and is bounded:
 * MSG_DEPTH_MAX nested parts, MSG_PARTS_MAX parts, MSG_ADDRESSES_MAX addresses
 * in one field, MSG_PARAMS_MAX parameters, MSG_TEXT_MAX bytes of a part read as
 * text. */
#ifndef CORE_MSG_H
#define CORE_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"

enum {
	MSG_DEPTH_MAX = 50,
	MSG_PARTS_MAX = 2000,
	MSG_ADDRESSES_MAX = 4000,
	MSG_PARAMS_MAX = 100,
	MSG_TEXT_MAX = 4 << 20,
};

/* --- header fields --- */

/* One header field. raw: name to the end of its last folded line, with line
   ends; value: behind the colon, folded as it came, without the last line
   end. */
struct msg_field {
	struct slice name, value, raw;
};

/* Walk the fields of a header block: false at its end. *rest is what remains;
   when false is returned it begins behind the empty line. Lines end in LF or
   CRLF. A line that is no field is given with an empty name. */
bool msg_field_next(struct slice *rest, struct msg_field *field);

/* First field of that name in a header block. */
bool msg_field_find(struct slice header, struct slice name, struct msg_field *field);

/* Is there a field of that name with that value? In any case of letters. */
bool msg_has_field(struct slice header, struct slice name, struct slice value);

/* Without line ends (RFC 5322 §2.2.3), trimmed; from pool when it was folded,
   else a part of value. */
struct slice msg_unfold(struct pool *pool, struct slice value);

/* Text as people read it: RFC 2047 words decoded to UTF-8, unfolded. */
struct slice msg_decode_text(struct pool *pool, struct slice value);

/* --- addresses --- */

/* An address list (RFC 5322 §3.4 with the obsolete forms). A group is told by
   an entry with its name as the mailbox, its end by one with nothing; every
   group has an end, and groups do not nest. Quoting is removed from name and
   mailbox, RFC 2047 words stay. A lone word is a mailbox with an empty host;
   several words without an address are a name alone. */
enum msg_address_kind { MSG_MAILBOX, MSG_GROUP, MSG_GROUP_END };
struct msg_address {
	enum msg_address_kind kind;
	struct slice name, route, mailbox, host;
	struct msg_address *next;
};
struct msg_address *msg_addresses(struct pool *pool, struct slice value);

/* --- parameters --- */

struct msg_param {
	struct slice name, value; /* RFC 2231 continuations joined, not decoded */
	struct msg_param *next;
};

/* "text/plain; charset=utf-8" or "attachment; filename=x". Lower-cases the
   words before the first ';', without blanks and comments; what can't be read
   is left out. */
struct slice msg_params(struct pool *pool, struct slice value, struct msg_param **params);

/* The first parameter of that name, in any case; or the empty slice. */
struct slice msg_param(const struct msg_param *params, struct slice name);

/* --- MIME --- */

/* A MIME part. Offsets count from the first byte of the message. */
struct msg_part {
	struct slice type, subtype; /* lower case; never empty */
	struct msg_param *params;
	struct slice id, description, encoding; /* encoding in lower case, "7bit" when absent */
	struct slice md5, disposition, location;
	struct slice language; /* the whole field value: a list */
	struct msg_param *disposition_params;
	uint64_t header, body, end; /* [header, body) with its empty line, [body, end) */
	uint64_t lines;		    /* of the body */
	struct msg_part *children;  /* of multipart/, message/rfc822 and message/global */
	struct msg_part *next;
	struct msg_part *parent;
};

/* Read the whole message; the tree and its slices point into `whole` and
   pool. A multipart without a boundary is text/plain, and one without parts has
   an empty part; a message/rfc822 has exactly one child. Containers beyond the
   limits are application/octet-stream. */
struct msg_part *msg_parse(struct pool *pool, struct slice whole);

static inline bool msg_is_multipart(const struct msg_part *part)
{
	return part->children && slice_eq(part->type, SLICE("multipart"));
}

static inline bool msg_is_message(const struct msg_part *part)
{
	return part->children && !msg_is_multipart(part);
}

/* The header block of a part. */
struct slice msg_header(const struct msg_part *part, struct slice whole);

/* Its body, still in its transfer encoding. */
struct slice msg_body(const struct msg_part *part, struct slice whole);

/* --- lines --- */

/* Does each line end in CR LF, with no CR, LF or NUL anywhere else? */
bool msg_is_lines(struct slice text);

/* Append a message whose bytes may be any (RFC 3030 §3) as one of lines: parts in which
   there is anything else become base64. */
void msg_make_lines(struct slice whole, struct buf *out);

/* --- seven bits --- */

/* Takes away what a long message has become so far: empties out. Other than 0: no more. */
typedef int msg_take(void *arg, struct buf *out);
enum { MSG_TAKE_BYTES = 32 * 1024 };

/* Why a message, of lines, cannot be told in ASCII (RFC 6152 §3, RFC 2045 §6.4): "it is
   signed", or NULL: it can. */
const char *msg_seven_bars(struct slice whole);

/* Tell it in ASCII: bodies with other bytes become quoted-printable or base64, header fields
   get RFC 2047 words. take is given it in pieces that hold lines or more; the last of it
   remains in out. 0, or what take said. */
int msg_make_seven(struct slice whole, struct buf *out, msg_take *take, void *arg);

/* Append a header field, with its line ends, in ASCII; what is no UTF-8 is said to be
   unknown (RFC 1428). */
void msg_field_ascii(struct slice raw, struct buf *out);

/* Append text as RFC 2047 words, each in a line of its own. */
void msg_put_words(struct buf *out, const char *charset, struct slice text);

/* --- text --- */

/* Undo a transfer encoding (lower case), appending to out; forgiving, as
   readers of mail are. False: none that is known, and nothing appended. */
bool msg_decode(struct slice encoding, struct slice body, struct buf *out);
/* A body of that part, or its beginning, without the transfer encoding; as it is where that
   is not known (RFC 2045 §6.4 knows no better either). */
void msg_content(const struct msg_part *part, struct slice body, struct buf *out);

/* The two encodings alone (RFC 2045 §6.7, §6.8). msg_qp with `word` is the "Q"
   of RFC 2047 §4.2, where '_' is a blank. */
void msg_base64(struct buf *out, struct slice text);
void msg_qp(struct buf *out, struct slice text, bool word);

/* Append text in that charset as UTF-8, with U+FFFD for what it does not have.
   False: the charset is not known; then the text is taken for UTF-8 when it is
   valid as such, else for windows-1252. */
bool msg_utf8(struct buf *out, struct slice charset, struct slice text);
bool msg_charset_known(struct slice charset);

/* Append HTML (in UTF-8) as plain words: no tags, no scripts, entities as
   characters. Good for searching, not for showing. */
void msg_html(struct buf *out, struct slice html);

/* Append the text of a text/ part as UTF-8, decoded, HTML without tags; of other
   parts nothing. No more than MSG_TEXT_MAX bytes of the body are read. */
void msg_text(const struct msg_part *part, struct slice whole, struct buf *out);

#endif
