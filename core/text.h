/* text.h - small codecs: base64, hex, addresses, host names in both forms, UTF-8, dates */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/buf.h"
#include "core/pool.h"

/* RFC 4648 §4; decoding refuses blanks, wrong padding and trailing bits. */
void base64_put(struct buf *out, struct slice data);
bool base64_get(struct buf *out, struct slice text);
void hex_put(struct buf *out, struct slice data);
/* What the digit is worth, in either case; -1: it is none. */
int hex_digit(char c);

/* Valid UTF-8: no overlong forms, surrogates, or values over 10FFFF. */
bool utf8_valid(struct slice s);

/* Length of the enhanced status code (RFC 3463 §2) that the text begins with, "5.1.1", and
   that ends it or stands before a blank; or 0. */
size_t text_status(struct slice s);

/* Names of mailboxes in modified UTF-7 (RFC 3501 §5.1.3). Decoding refuses what is
   not in its one right form. */
bool text_utf7_decode(struct pool *pool, struct slice wire, struct slice *utf8);
void text_utf7_encode(struct buf *out, struct slice utf8);

/* Append text without difference of case: of all letters with `unicode`, else of
   ASCII letters only, which is many times faster. True: it is not all ASCII. */
bool text_fold(struct buf *out, struct slice utf8, bool unicode);

/* A domain name in A-labels, lower case, checked (IDNA2008, RFC 5890 to 5893),
   or NULL. Takes both forms. No trailing dot. */
char *domain_ascii(struct pool *pool, struct slice name);
/* The same for people to read; never NULL for a name that domain_ascii made. */
char *domain_unicode(struct pool *pool, struct slice ascii);

/* An address: the last @ parts it. local is in canonical form: unquoted, ASCII
   letters in lower case; domain as domain_ascii, or an address literal (RFC 5321 4.1.3). */
struct address {
	struct slice local;
	struct slice domain;
};
bool address_parse(struct pool *pool, struct slice text, struct address *out);
/* "ann+lists" -> "ann", detail "lists". */
void address_detail(struct slice local, char separator, struct slice *base, struct slice *detail);

/* RFC 5322 §3.3, in UTC offset form "Sat, 21 Nov 2026 04:00:00 +0000"; out
   holds 40 bytes. Returns out. */
char *date_rfc5322(time_t t, char out[40]);
/* RFC 5322 dates as found in the wild; false when there is none. */
bool date_parse(struct slice text, int64_t *unix_seconds, int *zone_minutes);

/* RFC 3339, "2030-01-31T12:00:00Z" in UTC; out holds 40 bytes. Returns out. */
char *date_rfc3339(time_t t, char out[40]);
/* Any year, with any zone, parts of a second cut off; the whole text, else false. Before
   1970 the number is negative. */
bool date_parse_rfc3339(struct slice text, int64_t *unix_seconds);

#endif
