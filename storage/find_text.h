/* find_text.h - the text of a message as it is searched
 *
 * A search that reads a message and the index make it by the same functions, so
 * that both find the same: values of fields decoded (RFC 2047), texts of parts as
 * UTF-8, HTML without tags, names of attachments, all of it without difference of
 * case (text_fold). Time and memory grow with the message, no faster. Any thread. */
#ifndef STORAGE_FIND_TEXT_H
#define STORAGE_FIND_TEXT_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/msg.h"
#include "core/pool.h"

/* Append the value of a field and a line's end. */
void find_text_value(struct pool *pool, struct slice value, struct buf *out);

/* Append the values of the fields of that name; false: there is none. The header ends at
   its empty line, whatever follows. */
bool find_text_field(struct pool *pool, struct slice header, struct slice name, struct buf *out);

/* Append the fields, each as "name: value" and a line's end; and the same of the parts of the
   message, of messages in it too: "including MIME header fields" (RFC 9051 6.4.4). */
void find_text_header(struct pool *pool, struct slice whole, struct buf *out);
void find_text_parts(struct pool *pool, struct slice whole, struct buf *out); /* these alone */

/* Append the name of a field as SEARCH TEXT sees it, without its colon. */
void find_text_name(struct slice name, struct buf *out);

/* Append the texts of all parts, of reports too, and the names of attachments; of a message in
   the message also the fields. */
void find_text_body(struct pool *pool, struct slice whole, struct buf *out);

#endif
