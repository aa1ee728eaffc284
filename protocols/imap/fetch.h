/* fetch.h - FETCH: its items, each one a row, and how a message is answered item by item
 *
 * An item is read once into a struct imap_att and then written for each
 * message. What it needs of the store it says by bits, so that FETCH FLAGS
 * touches nothing but the snapshot and FETCH ENVELOPE opens no body. What is
 * large is not written but promised: put() sets `at` and `left`, and those
 * bytes of the body follow as the output drains. */
#ifndef PROTOCOLS_IMAP_FETCH_H
#define PROTOCOLS_IMAP_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"
#include "core/table.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "storage/kv_ahead.h"

enum imap_needs {
	IMAP_NEEDS_SUMMARY = 1,
	IMAP_NEEDS_PARTS = 2,  /* with the summary */
	IMAP_NEEDS_FIELDS = 4, /* with the summary; the body when they are not complete */
	IMAP_NEEDS_BODY = 8,   /* opened */
	IMAP_NEEDS_WHOLE = 16, /* in memory */
};

/* What of a part: RFC 9051 §6.4.5.1. */
enum imap_text { IMAP_ALL, IMAP_HEADER, IMAP_FIELDS, IMAP_FIELDS_NOT, IMAP_TEXT, IMAP_MIME };

struct imap_section {
	const uint32_t *path; /* part numbers */
	size_t depth;
	enum imap_text text;
	const struct slice *fields; /* names */
	size_t n_fields;
	bool partial;
	uint32_t from, count;
};

static inline bool imap_section_is_fields(const struct imap_section *section)
{
	return section->text == IMAP_FIELDS || section->text == IMAP_FIELDS_NOT;
}

/* One item as asked for. */
struct imap_att {
	const struct imap_fetch_item *item;
	unsigned needs;
	bool marks; /* sets \Seen */
	struct imap_section section;
	struct imap_att *next;
};

/* A FETCH that runs: the message in hand. */
struct imap_fetch {
	struct imap *im;
	const struct imap_att *atts;
	unsigned needs;
	bool marks, tells_flags;
	bool unasked; /* of new messages, between commands */
	struct imap_set set;
	struct imap_walk walk;
	bool changes;		     /* CHANGEDSINCE was asked for: */
	uint64_t since;		     /* only messages with a MODSEQ above it (RFC 7162 §3.1.4) */
	struct imap_page page;	     /* or zeroes */
	struct imap_holes *vanished; /* UIDs to be told as gone first, or NULL */

	uint32_t seq; /* 0: none in hand */
	const struct box_entry *entry;
	const struct imap_att *next; /* to be written */
	struct pool pool;
	struct buf header, scratch;
	struct kv_ahead ahead; /* of summaries */
	struct summary summary;
	struct body *body;
	struct slice whole;
	const struct msg_part *parts; /* of it, once somebody needed them */
	uint64_t at, left;	      /* promised bytes of the body */

	uint32_t *seen; /* UIDs to be marked \Seen */
	size_t n_seen;
	struct imap_told told;
	bool some_gone, some_failed, unknown_encoding;
};

struct imap_fetch_item {
	const char *name;    /* upper case */
	const char *expands; /* a macro: it stands for these */
	unsigned needs;	     /* enum imap_needs, or-ed */
	bool marks;
	/* Read what follows the name: NULL when nothing does. */
	bool (*parse)(struct pool *pool, struct slice *in, struct imap_att *att);
	/* Append name and value, or promise, or imap_fetch_break(). */
	void (*put)(struct imap_fetch *fetch, const struct imap_att *att, struct buf *out);
};

#define IMAP_FETCH_ITEM(id) TABLE_ROW(imap_fetch_item, id)
TABLE_DECLARE(imap_fetch_item);

extern const struct imap_fetch_item imap_fetch_item_flags, imap_fetch_item_uid,
    imap_fetch_item_modseq;

/* "ALL", "FLAGS" or "(FLAGS BODY[])". NULL: not understood. */
struct imap_att *imap_fetch_parse(struct pool *pool, struct slice *in);

bool imap_fetch_asks(const struct imap_att *atts, const struct imap_fetch_item *item);
/* With this one in front, unless it is among them. */
struct imap_att *imap_fetch_with(
    struct pool *pool, struct imap_att *atts, const struct imap_fetch_item *item);

/* UID FETCH uids FLAGS (CHANGEDSINCE since VANISHED), as the rest of another
   command (RFC 7162 §3.2.5); up to the UID `there` none is gone. */
enum imap_done imap_fetch_since(
    struct imap *im, const struct imap_set *uids, uint32_t there, uint64_t since);

/* Of these messages, a resolved set, what the list of items says, as far as the
   output takes it: for who has asked to be told of new ones. Waits. */
void imap_fetch_new(struct imap *im, const struct imap_set *set, struct slice items);

/* The body cannot be read there, and what was begun cannot be ended: no more is said in
   this session. */
void imap_fetch_break(struct imap_fetch *fetch, uint64_t at);

/* Flags as they will be when this FETCH is done. */
uint64_t imap_fetch_flags(const struct imap_fetch *fetch);

/* --- modifiers (fetch_modifier.c) --- */

/* [SP "(" modifier *(SP modifier) ")"] */
bool imap_fetch_modifiers(struct imap_fetch *fetch, struct slice *in);
/* Leave those of the resolved set of which is told. False: the reply is set, to go
   with IMAP_NO. */
bool imap_fetch_choose(struct imap_fetch *fetch);

/* --- sections (fetch_section.c) --- */

/* "[1.2.HEADER.FIELDS (DATE)]<0.100>" */
bool imap_section_parse(struct pool *pool, struct slice *in, struct imap_section *out);
/* The same as it is written in the answer. */
void imap_section_put(const struct imap_section *section, struct buf *out);

/* Where it lies in the message. False: there is no such part. */
bool imap_section_find(const struct imap_section *section, const struct summary *summary,
    uint64_t size, uint64_t *from, uint64_t *end);

/* The part whose body begins there, of all that msg_parse() found, or NULL. */
const struct msg_part *imap_section_part(const struct msg_part *part, uint64_t body);

/* Of a header block, the fields asked for and an empty line, appended. */
void imap_section_fields(const struct imap_section *section, struct slice header, struct buf *out);

#endif
