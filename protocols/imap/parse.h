/* parse.h - what commands are made of (RFC 9051 §9)
 *
 * Each function takes its thing off the front of *in. False: it is not there,
 * and the command is BAD. Slices point into the command's text; they come from
 * the pool only where quoting had to be removed. Nothing here knows a session,
 * so that a fuzzer can call all of it. */
#ifndef PROTOCOLS_IMAP_PARSE_H
#define PROTOCOLS_IMAP_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"
#include "storage/box.h"

/* Exactly this character. */
bool imap_take(struct slice *in, char c);

/* Is that all? Blanks at the end of a line are forgiven. */
bool imap_end(struct slice in);

/* May c stand in an atom? */
bool imap_atom_char(char c);

/* 1*ATOM-CHAR. */
bool imap_atom(struct slice *in, struct slice *out);

/* A word of the protocol: letters, digits, '.' and '-', as in "RFC822.SIZE".
   imap_is_word: this one, in any case. */
bool imap_word(struct slice *in, struct slice *out);
bool imap_is_word(struct slice *in, const char *word);

/* Quoted or literal. Quoted may hold UTF-8, as RFC 9051 §4.3 allows and as
   clients do in passwords; a literal holds no NUL. */
bool imap_string(struct pool *pool, struct slice *in, struct slice *out);

/* An atom, which may have ']' in it, or a string. */
bool imap_astring(struct pool *pool, struct slice *in, struct slice *out);

/* As astring, but the wildcards % and * are taken. */
bool imap_pattern(struct pool *pool, struct slice *in, struct slice *out);

/* A mailbox name: an astring in modified UTF-7, or in UTF-8 when the client has
   said so (RFC 6855 §3); *out is UTF-8. */
bool imap_mailbox(struct pool *pool, struct slice *in, bool utf8, struct slice *out);

bool imap_number(struct slice *in, uint32_t *out);
bool imap_nz_number(struct slice *in, uint32_t *out);
bool imap_number64(struct slice *in, uint64_t *out);

/* "{n}" CRLF or "{n+}" CRLF, whose bytes are elsewhere. */
bool imap_literal_size(struct slice *in, uint64_t *out);

/* dates.c: a date as days since 1970, with or without quotes; a date and time
   as Unix seconds; the latter written. */
bool imap_date(struct slice *in, int64_t *days);
bool imap_date_time(struct slice *in, int64_t *seconds);
void imap_put_date_time(struct buf *out, int64_t seconds);

/* match.c: does the name match, where '*' is anything and '%' anything within
   a level? INBOX is that in any case. Both in their form on the wire. */
bool imap_match(struct slice pattern, struct slice name, struct buf *scratch);

/* --- flags.c --- */

struct imap_flags {
	uint64_t system;
	struct slice *keywords;
	size_t n_keywords;
};
/* "(\Seen $Forwarded)", or without the brackets when they may be missing. */
bool imap_flag_list(struct pool *pool, struct slice *in, bool brackets, struct imap_flags *out);
/* Bit of a keyword that the mailbox has, or 0. */
uint64_t imap_keyword_bit(const struct box_snap *snap, struct slice name);
/* "(\Seen $Forwarded)" */
void imap_put_flags(struct buf *out, uint64_t flags, const char *const *keywords);

/* --- set.c --- */

/* Numbers: in the order given, then, resolved, rising and apart. */
struct imap_range {
	uint32_t from, to; /* 0: '*' */
};
struct imap_set {
	struct imap_range *ranges;
	size_t n;
	bool saved; /* '$': what the last search saved (RFC 5182) */
};
bool imap_set(struct pool *pool, struct slice *in, struct imap_set *out);

/* PARTIAL (RFC 9394 §4): " 1:500", or " -1:-500" from the last one. */
struct imap_page {
	bool backwards;
	uint32_t from, to; /* from <= to; 0: there is none */
	struct slice said; /* "-100:-1", as the client wrote it */
};
bool imap_page_parse(struct slice *in, struct imap_page *out);

/* Some that stand beside each other; the first of all is 0. */
struct imap_span {
	uint32_t first, n;
};
/* Which of `all` are on the page. */
struct imap_span imap_page_span(const struct imap_page *page, uint32_t all);

/* What numbers mean now. */
struct imap_view {
	struct pool *pool;
	const struct box_snap *snap;
	struct imap_set saved; /* UIDs, rising and apart */
};

/* What of it is in the snapshot, as sequence numbers; in place. False: it names
   a sequence number that is not there (the numbers are then cut). */
bool imap_set_resolve(struct imap_set *set, const struct imap_view *view, bool uid);

/* Of a set of UIDs, in the order given, those above one that are not in the
   snapshot, as runs that rise. '*' is the highest UID that there was. */
struct imap_holes {
	struct imap_set uids;
	const struct box_snap *snap;
	size_t at;
	uint32_t next, seq;
};
struct imap_holes *imap_holes(
    struct pool *pool, const struct imap_set *uids, const struct box_snap *snap, uint32_t above);
bool imap_holes_next(struct imap_holes *holes, struct imap_range *out);

/* In a resolved set? */
bool imap_set_has(const struct imap_set *set, uint32_t seq);
size_t imap_set_count(const struct imap_set *set);
/* The nth of a resolved set, counted from 1; it has as many. */
uint32_t imap_set_nth(const struct imap_set *set, uint32_t n);
/* Of a resolved set, leave what is not below one and not above the other. */
void imap_set_cut(struct imap_set *set, uint32_t from, uint32_t to);
/* The UIDs of a resolved set; imap_set_count of them. */
uint32_t *imap_set_uids(struct pool *pool, const struct imap_set *set, const struct box_snap *snap);

/* Walk a resolved set: 0 at its end. */
struct imap_walk {
	const struct imap_range *at, *end;
	uint32_t next;
};
struct imap_walk imap_set_walk(const struct imap_set *set);
uint32_t imap_walk_next(struct imap_walk *walk);

#endif
