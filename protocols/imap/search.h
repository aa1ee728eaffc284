/* search.h - SEARCH: its keys, each one a row, and the query that they make
 *
 * A query is a tree of terms. Each term knows what it costs to ask, and of
 * terms that must all be true the cheap ones are asked first: most messages
 * are ruled out by flags, size or date, and of these nothing is read. */
#ifndef PROTOCOLS_IMAP_SEARCH_H
#define PROTOCOLS_IMAP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/pool.h"
#include "core/table.h"
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "storage/box.h"
#include "storage/find.h"

struct imap_order;

/* What must be read for it. */
enum imap_cost { IMAP_COST_SNAP, IMAP_COST_SUMMARY, IMAP_COST_BODY };

struct imap_term {
	const struct imap_search_key *key;
	struct imap_term *next;	 /* AND */
	struct imap_term *a, *b; /* terms within: of NOT, OR and brackets */
	enum imap_cost cost;
	struct slice field; /* name of a header field */
	struct slice text;  /* to be found, folded */
	uint64_t num;	    /* bits of flags, a size, seconds */
	int64_t day;
	struct imap_set given;		/* numbers as they were said */
	struct imap_set set;		/* what they are in the mailbox that is searched */
	struct find_answer *found;	/* what the index says of it, or NULL */
	bool asked;			/* the index was */
	const struct imap_fuzzy *fuzzy; /* for text, within FUZZY, or NULL */
	struct imap_likeness *like;	/* what the index says of that, or NULL */
};

/* A query while it is read. */
struct imap_query {
	struct pool *pool;
	struct slice charset;
	bool charset_unknown; /* why it was not understood */
	unsigned n_terms, n_texts, depth;
	struct imap_term *first;
	bool by_number;	   /* some term is a set of message numbers */
	bool fuzzy;	   /* FUZZY is among the keys */
	bool tells_modseq; /* the answer has the MODSEQ of what was found */
};

/* The keys of SEARCH, behind CHARSET if there is one. False: BAD, or the
   charset is unknown. */
bool imap_query_parse(struct imap_query *query, struct slice *in);
/* The same where the charset must be named, without the word (RFC 5256 §3). */
bool imap_query_parse_behind_charset(struct imap_query *query, struct slice *in);
/* Answer to what was not understood. */
enum imap_done imap_query_refused(struct imap *im, const struct imap_query *query);

/* One term or a list of them in brackets. NULL: BAD. */
struct imap_term *imap_term_parse(struct imap_query *query, struct slice *in);
/* A string to be looked for: to UTF-8, folded. */
bool imap_needle_parse(struct imap_query *query, struct slice *in, struct slice *out);

/* The message that is looked at, and what has been read of it so far. */
struct imap_candidate {
	struct box *box;
	const struct box_snap *snap;
	int64_t now; /* Unix seconds */

	uint32_t seq;
	const struct box_entry *entry;
	struct pool pool;
	struct buf record, header, fields, text;
	struct summary summary;
	bool has_summary, has_header, has_text;
	bool failed;		   /* something could not be read */
	unsigned scores, n_scores; /* of terms within FUZZY that matched: their sum */
	struct body *body;
	struct slice whole;
	struct find_view *find; /* while terms are asked about, or NULL */
};

struct imap_search_key {
	const char *name; /* upper case */
	enum imap_cost cost;
	uint64_t num; /* for parse and match */
	bool want;
	const char *field;
	/* Read what follows the name: NULL when nothing does. */
	bool (*parse)(struct imap_query *query, struct imap_term *term, struct slice *in);
	/* Before the search begins: numbers and names to what they are in this
	   mailbox. May be NULL. */
	void (*prepare)(struct imap_term *term, const struct imap_view *view);
	bool (*match)(struct imap_candidate *c, const struct imap_term *term);
	/* Looks for term->text (and term->field), and there. */
	bool in_index;
	enum find_where where;
};

#define IMAP_SEARCH_KEY(id) TABLE_ROW(imap_search_key, id)
TABLE_DECLARE(imap_search_key);

/* Terms that must all be true. */
bool imap_terms_match(struct imap_candidate *c, const struct imap_term *term);
void imap_terms_prepare(struct imap_term *term, const struct imap_view *view);

/* Numbers go on to mean the messages that they mean now (RFC 5267 §4.3). Behind
   imap_terms_prepare with the same view. */
void imap_terms_pin(struct imap_term *term, const struct imap_view *view);

/* --- the search index (search_find.c) --- */

/* Open it for the candidate's mailbox and snapshot; who: the address of who asks, for
   settings. Not on a loop's thread. What it said before is forgotten; the last begin has
   its end. */
void imap_find_begin(struct imap_candidate *c, struct imap_term *first, const char *who);
/* Ask it about one more term: false when there is none left. */
bool imap_find_ask(struct imap_candidate *c, struct imap_term *first);
void imap_find_end(struct imap_term *first);
/* The first message from seq on that it does not rule out; may be behind the last. */
uint32_t imap_find_next(const struct imap_term *first, uint32_t seq);
/* Does a term that is a set of numbers have this one? Of any other term true. */
bool imap_term_allows(const struct imap_term *term, uint32_t seq);
/* Does one term match? The index is asked before anything is read. */
bool imap_term_match(struct imap_candidate *c, const struct imap_term *term);

/* Keys that compare a date with days: how is their row's num, one of these. */
enum imap_when { IMAP_BEFORE, IMAP_ON, IMAP_SINCE };
/* .parse of such a key: the date behind it, in days since 1970 into term->day. */
bool imap_term_parse_day(struct imap_query *query, struct imap_term *term, struct slice *in);
/* Is that day as the key asks for? */
bool imap_term_match_day(int64_t day, const struct imap_term *term);

/* Of a term within FUZZY, for the call above (search_fuzzy.c). */
void imap_fuzzy_ask(struct find_view *view, struct imap_term *term);
void imap_fuzzy_forget(struct imap_term *term);

/* --- a search that runs (search_run.c) --- */

/* What was found, as sequence numbers in the order of the answer. */
struct imap_found {
	struct buf runs;   /* of struct imap_range, each rising */
	struct buf scores; /* unsigned char, one each, if there is one */
	uint32_t n;
};
/* score: its relevancy (RFC 6203), or 0: there is none. */
void imap_found_add(struct imap_found *found, uint32_t seq, unsigned score);
void imap_found_clear(struct imap_found *found);
/* Of the nth, counted from 0; 0: it has none. */
unsigned char imap_found_score(const struct imap_found *found, uint32_t nth);

struct imap_found_walk {
	const struct imap_found *found;
	size_t run;
	uint32_t next; /* in the run, counted from its first */
};
uint32_t imap_found_next(struct imap_found_walk *walk); /* 0 at the end */
/* From the nth on, counted from 0. */
struct imap_found_walk imap_found_from(const struct imap_found *found, uint32_t nth);

/* RETURN (RFC 4731, RFC 5182, RFC 9394). */
enum imap_return {
	IMAP_RETURN_MIN = 1,
	IMAP_RETURN_MAX = 2,
	IMAP_RETURN_ALL = 4,
	IMAP_RETURN_COUNT = 8,
	IMAP_RETURN_SAVE = 16,
	IMAP_RETURN_PARTIAL = 32,
	IMAP_RETURN_RELEVANCY = 64,
	IMAP_RETURN_UPDATE = 128,  /* RFC 5267 §4.3 */
	IMAP_RETURN_CONTEXT = 256, /* RFC 5267 §4.2: a hint that is not needed */
	/* Of these one must be; RELEVANCY and the like only add to it. */
	IMAP_RETURN_RESULTS = IMAP_RETURN_MIN | IMAP_RETURN_MAX | IMAP_RETURN_ALL |
	    IMAP_RETURN_COUNT | IMAP_RETURN_SAVE | IMAP_RETURN_PARTIAL,
};
struct imap_returns {
	bool asked;
	unsigned what; /* enum imap_return, or-ed */
	struct imap_page partial;
	struct slice fetch; /* of UPDATE (RFC 5465 §7): "(UID FLAGS)", or empty */
};

/* SEARCH, SORT and THREAD begin with it. */
struct imap_search {
	struct imap_returns returns;
	struct slice keys;		/* as they came */
	const struct imap_order *order; /* of SORT, or NULL */
	struct imap_query query;
	struct imap_candidate candidate;
	struct imap_found found;
	uint32_t next;		     /* sequence number */
	uint64_t before;	     /* messages of mailboxes that were searched before */
	bool failed;		     /* something there could not be read */
	bool whole;		     /* nothing is answered rather than of some (RFC 9738) */
	const struct imap_place *in; /* to be named in the answer, or NULL: the selected one */
	struct imap_found_walk walk; /* for what comes behind the search */
	enum imap_done (*then)(struct imap *im);
	void (*release)(struct imap *im); /* of what comes behind this struct, or NULL */
};

/* What all of them look at before they begin. IMAP_OK: go on. */
enum imap_done imap_search_check(struct imap *im, const struct imap_search *search);
/* Search that mailbox as it is in snap, then do the rest, on a worker. The caller
   sees to it that both stay until im->work is released. */
enum imap_done imap_search_in(
    struct imap *im, struct imap_search *search, struct box *box, const struct box_snap *snap);
/* The selected one. */
enum imap_done imap_search_run(struct imap *im, struct imap_search *search);
/* The tagged answer: NO when something could not be read. */
enum imap_done imap_search_done(struct imap *im);

/* --- RETURN (search_return.c) --- */

/* For qsort and bsearch: uint32_t, rising. */
int imap_by_number(const void *a, const void *b);

/* ["RETURN" SP "(" [option *(SP option)] ")" SP]; none means ALL. */
bool imap_returns_parse(struct slice *in, struct imap_returns *out);
/* What a message is called in the answer: by its UID behind UID. */
uint32_t imap_number_of(const struct imap *im, uint32_t seq);
/* Answer with what im->work has found: as RETURN says, else all numbers behind
   "* SEARCH" or "* SORT". */
enum imap_done imap_returns_answer(struct imap *im, const char *name);

/* --- what is read of a candidate (search_read.c); false: nothing there --- */

bool imap_candidate_summary(struct imap_candidate *c);
/* The header in which the fields of that name are. */
bool imap_candidate_fields(struct imap_candidate *c, struct slice name, struct slice *header);
/* Is the text in the fields of that name? An empty text: is there one? */
bool imap_candidate_has(struct imap_candidate *c, struct slice field, struct slice text);
/* In the header, or in the text of the parts. */
bool imap_candidate_header(struct imap_candidate *c, struct slice text);
bool imap_candidate_text(struct imap_candidate *c, struct slice text);
/* The day of its Date field, as its author's clock had it. */
bool imap_candidate_sent(struct imap_candidate *c, int64_t *day);
/* How well it matched: 1 to 100 (RFC 6203 §4). */
unsigned imap_candidate_relevancy(const struct imap_candidate *c);
/* On to another. */
void imap_candidate_next(struct imap_candidate *c, uint32_t seq);
void imap_candidate_done(struct imap_candidate *c);

#endif
