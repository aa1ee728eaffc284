/* search_text.c - keys of SEARCH that look for text in fields and bodies */
#include "protocols/imap/search.h"

/* --- fields --- */

static bool parse_text(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	return imap_take(in, ' ') && imap_needle_parse(query, in, &term->text);
}

static bool parse_field(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	term->field = slice_str(term->key->field);
	return parse_text(query, term, in);
}

/* What is not among the cached fields must be read from the body. */
static bool parse_header(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	if (!imap_take(in, ' ') || !imap_astring(query->pool, in, &term->field))
		return false;
	if (!summary_has_field(term->field))
		term->cost = IMAP_COST_BODY;
	return parse_text(query, term, in);
}

static bool match_field(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_candidate_has(c, term->field, term->text);
}

#define FIELD(name)                                                                                \
	.field = (name), .cost = IMAP_COST_SUMMARY, .parse = parse_field, .match = match_field,    \
	.in_index = true, .where = FIND_IN_FIELD

IMAP_SEARCH_KEY(bcc) = { .name = "BCC", FIELD("Bcc") };
IMAP_SEARCH_KEY(cc) = { .name = "CC", FIELD("Cc") };
IMAP_SEARCH_KEY(from) = { .name = "FROM", FIELD("From") };
IMAP_SEARCH_KEY(subject) = { .name = "SUBJECT", FIELD("Subject") };
IMAP_SEARCH_KEY(to) = { .name = "TO", FIELD("To") };
IMAP_SEARCH_KEY(header) = {
	.name = "HEADER",
	.cost = IMAP_COST_SUMMARY,
	.parse = parse_header,
	.match = match_field,
	.in_index = true,
	.where = FIND_IN_FIELD,
};

/* --- bodies --- */

static bool match_body(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_candidate_text(c, term->text);
}

static bool match_text(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_candidate_header(c, term->text) || imap_candidate_text(c, term->text);
}

IMAP_SEARCH_KEY(body) = {
	.name = "BODY",
	.cost = IMAP_COST_BODY,
	.parse = parse_text,
	.match = match_body,
	.in_index = true,
	.where = FIND_IN_BODY,
};

IMAP_SEARCH_KEY(text) = {
	.name = "TEXT",
	.cost = IMAP_COST_BODY,
	.parse = parse_text,
	.match = match_text,
	.in_index = true,
	.where = FIND_IN_TEXT,
};
