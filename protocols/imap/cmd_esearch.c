/* cmd_esearch.c - ESEARCH: search several mailboxes (RFC 7377)
 *
 * First the names, then one mailbox after the other, each by turns as SEARCH
 * does it. A mailbox that may not be read, or is gone by then, is passed over. */
#include "protocols/imap/context.h"
#include "protocols/imap/filter.h"
#include "protocols/imap/list.h"
#include "protocols/imap/place.h"
#include "protocols/imap/search.h"

enum { SOURCES_MAX = 20, MAILBOXES_MAX = 2000 };

struct source {
	struct slice name; /* NULL: the selected one */
};

/* A mailbox that was searched, whatever its name was. */
struct searched {
	const char *owner;
	uint32_t box;
};

struct esearch {
	struct imap_search search; /* first */
	struct imap_filter filters[SOURCES_MAX];
	size_t n_filters;
	bool selected; /* among them */
	struct buf sources, searched;
	size_t at; /* of sources, the next */
	struct box *box;
	struct box_snap *snap;
};

/* --- which mailboxes --- */

static void add(struct esearch *e, struct slice name)
{
	const struct source *known = (const struct source *)(const void *)e->sources.p;

	for (size_t i = 0; i < e->sources.n / sizeof *known; i++)
		if (slice_eq(known[i].name, name))
			return;
	buf_add(&e->sources, &(struct source){ name }, sizeof *known);
}

static bool is_meant(struct imap *im, const struct esearch *e, const struct imap_name *name)
{
	for (size_t i = 0; i < e->n_filters; i++)
		if (imap_filter_means(&e->filters[i], name->name, name->subscribed) &&
		    !(e->filters[i].kind == IMAP_FILTER_PERSONAL &&
			imap_is_foreign(im, name->name)))
			return true;
	return false;
}

/* Where other accounts' mailboxes below a name that was given may be. */
static unsigned spaces_of(const struct esearch *e)
{
	unsigned spaces = 0;

	for (size_t i = 0; i < e->n_filters; i++) {
		const struct imap_filter *filter = &e->filters[i];

		if (filter->kind == IMAP_FILTER_SUBTREE || filter->kind == IMAP_FILTER_SUBTREE_ONE)
			for (size_t j = 0; j < filter->n; j++)
				spaces |= imap_list_spaces(filter->names[j]);
	}
	return spaces;
}

/* In the order of LIST; behind them those that were named and that LIST does not show. */
static bool gather(struct imap *im, struct esearch *e)
{
	struct imap_names names = { 0 };

	if (imap_names(im, spaces_of(e), &names) != 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (names.names[i].exists && is_meant(im, e, &names.names[i]))
			add(e, names.names[i].name);
	for (size_t i = 0; i < e->n_filters; i++)
		for (size_t j = 0; j < e->filters[i].n; j++)
			if (imap_is_foreign(im, e->filters[i].names[j]))
				add(e, e->filters[i].names[j]);
	return true;
}

/* --- one after the other --- */

static void leave(struct esearch *e)
{
	imap_candidate_done(&e->search.candidate);
	e->search.candidate = (struct imap_candidate){ 0 };
	box_snap_free(&e->snap);
	box_close(&e->box);
}

static bool was_searched(struct esearch *e, const struct imap_place *place)
{
	const struct searched *known = (const struct searched *)(const void *)e->searched.p;
	struct searched this = { place->owner, box_id(e->box) };

	for (size_t i = 0; i < e->searched.n / sizeof *known; i++)
		if (known[i].box == this.box && strcmp(known[i].owner, this.owner) == 0)
			return true;
	buf_add(&e->searched, &this, sizeof this);
	return false;
}

/* RFC 7377 §2.2: what may not be read is as if it were not there. */
static struct imap_place *enter(struct imap *im, struct esearch *e, struct slice name)
{
	struct err err;
	struct imap_place *place = imap_find(im, name, RIGHT_READ, &err);

	if (place)
		e->box = box_open(place->acct, place->name, &err);
	if (!e->box || was_searched(e, place))
		return NULL;
	if (place->foreign && box_seen_apart(place->acct, place->box) == 1)
		box_seen_as(e->box, slice_str(im->who));
	e->snap = box_snap(e->box);
	return place;
}

/* The one that the client sees is searched as he sees it. */
static struct imap_place *selected(struct imap *im, struct esearch *e)
{
	struct imap_place *place = pool_get(sess_cmd_pool(im->sess), sizeof *place);
	const char *prefix = im->place ? imap_prefix_of(im, im->place->owner, "~") : "";

	place->shown = slice_str(
	    pool_printf(sess_cmd_pool(im->sess), "%s%s", prefix ? prefix : "", box_name(im->box)));
	struct searched this = { im->place ? im->place->owner : im->who, box_id(im->box) };
	buf_add(&e->searched, &this, sizeof this);
	return place;
}

static enum imap_done next(struct imap *im)
{
	struct esearch *e = im->work;
	const struct source *source;

	if (e->at == e->sources.n / sizeof *source)
		return imap_search_done(im);
	source = (const struct source *)(const void *)e->sources.p + e->at++;
	leave(e);
	e->search.in = source->name.p ? enter(im, e, source->name) : selected(im, e);
	if (!e->search.in)
		return IMAP_LATER;
	if (!source->name.p)
		return imap_search_in(im, &e->search, im->box, im->shown);
	return imap_search_in(im, &e->search, e->box, e->snap);
}

/* A mailbox was searched. RFC 7377 §2.1: without a match it is not spoken of. */
static enum imap_done answer(struct imap *im)
{
	struct esearch *e = im->work;
	struct imap_search *search = &e->search;

	if (search->found.n > 0 || (search->returns.what & IMAP_RETURN_SAVE))
		imap_returns_answer(im, NULL);
	else
		imap_context_start(im, search);
	search->before += box_snap_count(search->candidate.snap);
	search->failed |= search->candidate.failed;
	imap_found_clear(&search->found);
	im->resume = next;
	return IMAP_LATER;
}

static void release(struct imap *im)
{
	struct esearch *e = im->work;

	box_snap_free(&e->snap);
	box_close(&e->box);
	buf_done(&e->sources);
	buf_done(&e->searched);
}

/* --- the command --- */

/* "IN" SP "(" source *(SP source) ")" SP; none means the selected one. There are no
   options of scope. */
static bool read_sources(struct imap *im, struct slice *in, struct esearch *e)
{
	struct pool *pool = sess_cmd_pool(im->sess);

	e->selected = !imap_is_word(in, "IN");
	if (e->selected)
		return true;
	if (!imap_take(in, ' ') || !imap_take(in, '('))
		return false;
	do {
		struct imap_filter *filter = &e->filters[e->n_filters];

		if (e->n_filters++ == SOURCES_MAX ||
		    !imap_filter_parse(pool, im->enabled & IMAP_UTF8, in, filter) ||
		    filter->kind == IMAP_FILTER_DELAYED)
			return false;
		e->selected |= filter->kind == IMAP_FILTER_SELECTED;
	} while (imap_take(in, ' '));
	return imap_take(in, ')') && imap_take(in, ' ');
}

static bool read_command(struct imap *im, struct slice *in, struct esearch *e)
{
	unsigned *what = &e->search.returns.what;

	if (!read_sources(im, in, e) || (e->selected && im->state != IMAP_SELECTED) ||
	    !imap_returns_parse(in, &e->search.returns))
		return false;
	if (!*what)
		*what = IMAP_RETURN_ALL;
	e->search.returns.asked = true;
	/* RFC 7377 §2.2: of the selected one; that is kept alone. */
	if ((*what & IMAP_RETURN_UPDATE) && im->state != IMAP_SELECTED)
		return false;
	return !(*what & IMAP_RETURN_SAVE) || (e->selected && e->n_filters <= 1);
}

static enum imap_done start(struct imap *im, struct esearch *e)
{
	im->work = e;
	im->release = release;
	if (e->selected)
		add(e, (struct slice){ 0 });
	if (e->n_filters > 0 && !gather(im, e))
		return imap_reply(im, IMAP_NO, "[UNAVAILABLE] Cannot list mailboxes now");
	if (e->sources.n / sizeof(struct source) > MAILBOXES_MAX)
		return imap_reply(im, IMAP_NO, "[LIMIT] Too many mailboxes for one search");
	im->resume = next;
	return next(im);
}

static enum imap_done run(struct imap *im, struct slice args)
{
	struct esearch *e = pool_get(sess_cmd_pool(im->sess), sizeof *e);
	struct imap_query *query = &e->search.query;

	query->pool = sess_cmd_pool(im->sess);
	e->search.then = answer;
	e->search.release = release;
	if (!read_command(im, &args, e))
		return IMAP_BAD;
	e->search.keys = args;
	if (!imap_query_parse(query, &args))
		return imap_query_refused(im, query);
	enum imap_done done = imap_search_check(im, &e->search);
	if (done != IMAP_OK)
		return done;
	im->uid = true; /* RFC 7377 §2.1: the answer has UIDs */
	return start(im, e);
}

IMAP_COMMAND(esearch) = {
	.name = "ESEARCH",
	.states = IMAP_KNOWN,
	.capability = "MULTISEARCH",
	.ref = "RFC 7377",
	.uid = true,
	.run = run,
};
