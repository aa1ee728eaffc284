/* search_keys.c - keys of SEARCH that the snapshot answers: flags, numbers, sizes, dates */
#include <string.h>

#include "core/msg.h"
#include "protocols/imap/search.h"

/* --- flags --- */

static bool match_all(struct imap_candidate *c, const struct imap_term *term)
{
	(void)c;
	return term->key->want;
}

static bool match_flag(struct imap_candidate *c, const struct imap_term *term)
{
	return ((c->entry->flags & term->num) != 0) == term->key->want;
}

#define FLAG(flag, is_set) .num = (flag), .want = (is_set), .match = match_flag

IMAP_SEARCH_KEY(all) = { .name = "ALL", .want = true, .match = match_all };
IMAP_SEARCH_KEY(answered) = { .name = "ANSWERED", FLAG(BOX_ANSWERED, true) };
IMAP_SEARCH_KEY(deleted) = { .name = "DELETED", FLAG(BOX_DELETED, true) };
IMAP_SEARCH_KEY(draft) = { .name = "DRAFT", FLAG(BOX_DRAFT, true) };
IMAP_SEARCH_KEY(flagged) = { .name = "FLAGGED", FLAG(BOX_FLAGGED, true) };
IMAP_SEARCH_KEY(seen) = { .name = "SEEN", FLAG(BOX_SEEN, true) };
IMAP_SEARCH_KEY(unanswered) = { .name = "UNANSWERED", FLAG(BOX_ANSWERED, false) };
IMAP_SEARCH_KEY(undeleted) = { .name = "UNDELETED", FLAG(BOX_DELETED, false) };
IMAP_SEARCH_KEY(undraft) = { .name = "UNDRAFT", FLAG(BOX_DRAFT, false) };
IMAP_SEARCH_KEY(unflagged) = { .name = "UNFLAGGED", FLAG(BOX_FLAGGED, false) };
IMAP_SEARCH_KEY(unseen) = { .name = "UNSEEN", FLAG(BOX_SEEN, false) };

/* No message is \Recent here. */
IMAP_SEARCH_KEY(new) = { .name = "NEW", .match = match_all };
IMAP_SEARCH_KEY(old) = { .name = "OLD", .want = true, .match = match_all };
IMAP_SEARCH_KEY(recent) = { .name = "RECENT", .match = match_all };

static bool parse_keyword(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	(void)query;
	return imap_take(in, ' ') && imap_atom(in, &term->text);
}

static void prepare_keyword(struct imap_term *term, const struct imap_view *view)
{
	term->num = imap_keyword_bit(view->snap, term->text);
}

#define KEYWORD(is_set)                                                                            \
	.want = (is_set), .parse = parse_keyword, .prepare = prepare_keyword, .match = match_flag

IMAP_SEARCH_KEY(keyword) = { .name = "KEYWORD", KEYWORD(true) };
IMAP_SEARCH_KEY(unkeyword) = { .name = "UNKEYWORD", KEYWORD(false) };

/* --- numbers --- */

static bool parse_set(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	if (!imap_set(query->pool, in, &term->given))
		return false;
	query->by_number |= !term->key->want && !term->given.saved;
	return true;
}

static bool parse_uid(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	return imap_take(in, ' ') && parse_set(query, term, in);
}

/* In each mailbox they are others. */
static void prepare_set(struct imap_term *term, const struct imap_view *view)
{
	struct imap_range *ranges = term->set.ranges;

	if (!ranges)
		ranges = pool_get(view->pool, (term->given.n + 1) * sizeof *ranges);
	if (term->given.n > 0)
		memcpy(ranges, term->given.ranges, term->given.n * sizeof *ranges);
	term->set = term->given;
	term->set.ranges = ranges;
	imap_set_resolve(&term->set, view, term->key->want);
}

static bool match_set(struct imap_candidate *c, const struct imap_term *term)
{
	return imap_set_has(&term->set, c->seq);
}

IMAP_SEARCH_KEY(set) = {
	.name = "*",
	.parse = parse_set,
	.prepare = prepare_set,
	.match = match_set,
};

IMAP_SEARCH_KEY(uid) = {
	.name = "UID",
	.want = true,
	.parse = parse_uid,
	.prepare = prepare_set,
	.match = match_set,
};

static bool parse_one(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	uint32_t uid;

	if (!imap_take(in, ' ') || !imap_nz_number(in, &uid))
		return false;
	term->given.ranges = pool_get(query->pool, sizeof *term->given.ranges);
	*term->given.ranges = (struct imap_range){ uid, uid };
	return true;
}

/* RFC 9738 §3.2: "UIDAFTER 7" is like "UID 8:*", but never the last message below. */
static bool parse_uid_after(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	if (!parse_one(query, term, in))
		return false;
	term->given.n = term->given.ranges->to < UINT32_MAX;
	term->given.ranges->from++;
	term->given.ranges->to = UINT32_MAX;
	return true;
}

static bool parse_uid_before(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	if (!parse_one(query, term, in))
		return false;
	term->given.n = term->given.ranges->from > 1;
	term->given.ranges->from = 1;
	term->given.ranges->to--;
	return true;
}

#define UIDS(how) .want = true, .parse = (how), .prepare = prepare_set, .match = match_set

IMAP_SEARCH_KEY(uidafter) = { .name = "UIDAFTER", UIDS(parse_uid_after) };
IMAP_SEARCH_KEY(uidbefore) = { .name = "UIDBEFORE", UIDS(parse_uid_before) };

bool imap_term_allows(const struct imap_term *term, uint32_t seq)
{
	return term->key->prepare != prepare_set || imap_set_has(&term->set, seq);
}

/* As UIDs: between those of messages that follow each other nothing new can come. */
static void pin(struct imap_term *term, const struct imap_view *view)
{
	const struct imap_set *set = &term->set;
	struct imap_set uids = { .n = set->n };

	uids.ranges = pool_get(view->pool, (set->n + 1) * sizeof *uids.ranges);
	for (size_t i = 0; i < set->n; i++)
		uids.ranges[i] = (struct imap_range){
			box_snap_nth(view->snap, set->ranges[i].from)->uid,
			box_snap_nth(view->snap, set->ranges[i].to)->uid,
		};
	term->given = uids;
	term->set.ranges = NULL;
	term->key = &imap_search_key_uid;
}

void imap_terms_pin(struct imap_term *term, const struct imap_view *view)
{
	for (; term; term = term->next) {
		if (term->key->prepare == prepare_set && (!term->key->want || term->given.saved))
			pin(term, view);
		imap_terms_pin(term->a, view);
		imap_terms_pin(term->b, view);
	}
}

/* --- sizes and dates --- */

static bool parse_number(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	(void)query;
	return imap_take(in, ' ') && imap_number64(in, &term->num);
}

static bool match_larger(struct imap_candidate *c, const struct imap_term *term)
{
	return c->entry->size > term->num;
}

static bool match_smaller(struct imap_candidate *c, const struct imap_term *term)
{
	return c->entry->size < term->num;
}

IMAP_SEARCH_KEY(larger) = { .name = "LARGER", .parse = parse_number, .match = match_larger };
IMAP_SEARCH_KEY(smaller) = { .name = "SMALLER", .parse = parse_number, .match = match_smaller };

/* RFC 7162 §3.1.5: [entry-name SP entry-type SP] mod-sequence-valzer. Of an
   entry there is no MODSEQ of its own here. */
static bool parse_modseq(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	struct slice entry, type;

	query->tells_modseq = true;
	if (!imap_take(in, ' '))
		return false;
	if (in->n > 0 && *in->p == '"' &&
	    (!imap_string(query->pool, in, &entry) || !imap_take(in, ' ') ||
		!imap_word(in, &type) || !imap_take(in, ' ')))
		return false;
	return imap_number64(in, &term->num);
}

static bool match_modseq(struct imap_candidate *c, const struct imap_term *term)
{
	return c->entry->modseq >= term->num;
}

IMAP_SEARCH_KEY(modseq) = { .name = "MODSEQ", .parse = parse_modseq, .match = match_modseq };

/* RFC 5032: older or younger than so many seconds. */
static bool match_age(struct imap_candidate *c, const struct imap_term *term)
{
	uint64_t age = c->now > c->entry->internal_date
	    ? (uint64_t)c->now - (uint64_t)c->entry->internal_date
	    : 0;

	return term->key->want ? age >= term->num : age <= term->num;
}

IMAP_SEARCH_KEY(older) = {
	.name = "OLDER",
	.want = true,
	.parse = parse_number,
	.match = match_age,
};
IMAP_SEARCH_KEY(younger) = { .name = "YOUNGER", .parse = parse_number, .match = match_age };

bool imap_term_parse_day(struct imap_query *query, struct imap_term *term, struct slice *in)
{
	(void)query;
	return imap_take(in, ' ') && imap_date(in, &term->day);
}

bool imap_term_match_day(int64_t day, const struct imap_term *term)
{
	switch (term->key->num) {
	case IMAP_BEFORE:
		return day < term->day;
	case IMAP_ON:
		return day == term->day;
	default:
		return day >= term->day;
	}
}

/* INTERNALDATE is shown in UTC, so its days are those of UTC. */
static bool match_date(struct imap_candidate *c, const struct imap_term *term)
{
	int64_t t = c->entry->internal_date;

	return imap_term_match_day(t / 86400 - (t % 86400 < 0), term);
}

static bool match_sent(struct imap_candidate *c, const struct imap_term *term)
{
	int64_t day;

	return imap_candidate_sent(c, &day) && imap_term_match_day(day, term);
}

#define DATE(when) .num = (when), .parse = imap_term_parse_day, .match = match_date
#define SENT(when)                                                                                 \
	.num = (when), .cost = IMAP_COST_SUMMARY, .parse = imap_term_parse_day, .match = match_sent

IMAP_SEARCH_KEY(before) = { .name = "BEFORE", DATE(IMAP_BEFORE) };
IMAP_SEARCH_KEY(on) = { .name = "ON", DATE(IMAP_ON) };
IMAP_SEARCH_KEY(since) = { .name = "SINCE", DATE(IMAP_SINCE) };
IMAP_SEARCH_KEY(sentbefore) = { .name = "SENTBEFORE", SENT(IMAP_BEFORE) };
IMAP_SEARCH_KEY(senton) = { .name = "SENTON", SENT(IMAP_ON) };
IMAP_SEARCH_KEY(sentsince) = { .name = "SENTSINCE", SENT(IMAP_SINCE) };
