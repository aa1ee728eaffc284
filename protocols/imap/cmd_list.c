/* cmd_list.c - LIST (RFC 3501 §6.3.8) with the options of RFC 5258, 5819 and 6154 */
#include "protocols/imap/imap.h"
#include "protocols/imap/list.h"
#include "protocols/imap/metadata.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"
#include "protocols/imap/status.h"

enum option {
	SUBSCRIBED = 1,
	SPECIAL_USE = 2,
	RECURSIVE = 4,
	STATUS = 8,
	MYRIGHTS = 16,
	METADATA = 32,
	REMOTE = 0,   /* there are none */
	CHILDREN = 0, /* always told */
};

struct option_name {
	const char *name;
	unsigned bit;
};

static const struct option_name select_options[] = {
	{ "SUBSCRIBED", SUBSCRIBED },
	{ "SPECIAL-USE", SPECIAL_USE },
	{ "RECURSIVEMATCH", RECURSIVE },
	{ "REMOTE", REMOTE },
	{ NULL, 0 },
};

static const struct option_name return_options[] = {
	{ "SUBSCRIBED", SUBSCRIBED },
	{ "SPECIAL-USE", SPECIAL_USE },
	{ "CHILDREN", CHILDREN },
	{ "STATUS", STATUS },
	{ "MYRIGHTS", MYRIGHTS },
	{ "METADATA", METADATA },
	{ NULL, 0 },
};

struct list {
	unsigned select, returns;
	bool extended;
	bool asks_separator;	     /* by an empty pattern */
	uint64_t items;		     /* of STATUS */
	struct imap_metadata *notes; /* whose entries are told, or NULL */
	struct slice *patterns;
	size_t n_patterns;
	unsigned spaces;
	struct imap_names names;
	size_t at; /* the next name */
	struct buf scratch;
};

/* --- reading --- */

static bool option(struct slice *in, const struct option_name *known, unsigned *out)
{
	struct slice word;

	if (!imap_word(in, &word))
		return false;
	for (; known->name; known++) {
		if (slice_ieq(word, slice_str(known->name))) {
			*out = known->bit;
			return true;
		}
	}
	return false;
}

/* What stands behind some options of RETURN. */
static bool details(struct pool *pool, struct list *list, struct slice *in, unsigned bit)
{
	if (bit == STATUS)
		return imap_take(in, ' ') && imap_status_items(in, &list->items);
	if (bit != METADATA) /* RFC 9590 */
		return true;
	list->notes = pool_get(pool, sizeof *list->notes);
	list->notes->max_size = UINT64_MAX;
	return imap_take(in, ' ') && imap_metadata_entries(pool, in, list->notes);
}

/* Behind the opening bracket. */
static bool options(struct pool *pool, struct list *list, struct slice *in,
    const struct option_name *known, unsigned *out)
{
	unsigned bit;

	list->extended = true;
	if (imap_take(in, ')'))
		return true;
	do {
		if (!option(in, known, &bit))
			return false;
		if (known == return_options && !details(pool, list, in, bit))
			return false;
		*out |= bit;
	} while (imap_take(in, ' '));
	return imap_take(in, ')');
}

static size_t count_blanks(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ' ';
	return n;
}

/* One pattern, or several in brackets; together no longer than one may be. */
static bool patterns(struct pool *pool, struct list *list, struct slice reference, struct slice *in)
{
	bool many = imap_take(in, '(');
	size_t total = 0, max = many ? count_blanks(*in) + 1 : 1;

	list->extended |= many;
	list->patterns = pool_get(pool, max * sizeof *list->patterns);
	do {
		struct slice *pattern = &list->patterns[list->n_patterns];

		if (list->n_patterns == max || !imap_list_pattern(pool, reference, in, pattern))
			return false;
		list->n_patterns++;
		list->spaces |= imap_list_spaces(*pattern);
		total += pattern->n;
	} while (many && imap_take(in, ' '));
	list->asks_separator = !list->extended && total == reference.n;
	return total <= 1000 && (!many || imap_take(in, ')'));
}

static bool parse(struct pool *pool, struct list *list, struct slice in)
{
	struct slice reference;

	if (imap_take(&in, '(') &&
	    (!options(pool, list, &in, select_options, &list->select) || !imap_take(&in, ' ')))
		return false;
	/* RFC 5258 §3: RECURSIVEMATCH needs something to match. */
	if ((list->select & RECURSIVE) && !(list->select & (SUBSCRIBED | SPECIAL_USE)))
		return false;
	if (!imap_astring(pool, &in, &reference) || !imap_take(&in, ' ') ||
	    !patterns(pool, list, reference, &in))
		return false;
	if (imap_take(&in, ' ') &&
	    (!imap_is_word(&in, "RETURN") || !imap_take(&in, ' ') || !imap_take(&in, '(') ||
		!options(pool, list, &in, return_options, &list->returns)))
		return false;
	return imap_end(in);
}

/* --- choosing --- */

static bool is_selected(const struct list *list, const struct imap_name *name)
{
	bool known = (name->exists || name->children) && !name->hidden;

	if (list->select & SUBSCRIBED)
		known = name->subscribed || ((list->select & RECURSIVE) && name->above);
	if ((list->select & SPECIAL_USE) && name->use == BOX_USE_NONE)
		known = false;
	return known;
}

static bool is_matched(struct list *list, const struct imap_name *name)
{
	for (size_t i = 0; i < list->n_patterns; i++)
		if (imap_match(list->patterns[i], name->wire, &list->scratch))
			return true;
	return false;
}

/* --- writing --- */

/* RFC 9051 §6.3.9.2: of what STATUS may not be told of it is said that it can't be selected. */
static bool is_closed(struct imap *im, const struct list *list, const struct imap_name *name)
{
	struct err err;

	return (list->returns & STATUS) && name->exists && imap_is_foreign(im, name->name) &&
	    !imap_find(im, name->name, RIGHT_READ, &err);
}

static void put_name(struct imap *im, const struct list *list, const struct imap_name *name)
{
	struct buf *out = sess_out(im->sess);
	const struct imap_list_as as = {
		/* RFC 9051 §6.3.9: \Noselect, where no option is asked for */
		.nonexistent = list->extended,
		.noselect = is_closed(im, list, name),
		.subscribed = (list->select | list->returns) & SUBSCRIBED,
	};

	imap_put_list(im, name, as);
	if ((list->select & RECURSIVE) && (list->select & SUBSCRIBED) && name->above)
		buf_addz(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	buf_addz(out, "\r\n");
}

/* RFC 5819 §2: none for what can't be selected, and no error for what has gone
   meanwhile. */
static void put_status(struct imap *im, const struct list *list, const struct imap_name *name)
{
	struct box_status status;
	struct err err;
	struct imap_place *place = imap_find(im, name->name, RIGHT_READ, &err);

	if (place && imap_status(im, place, list->items, &status, &err) == 0)
		imap_put_status(im, name->name, list->items, &status);
}

/* RFC 8440 §4 */
static void put_rights(struct imap *im, const struct imap_name *name)
{
	struct err err;
	struct imap_place *place = imap_find(im, name->name, 0, &err);

	if (place)
		imap_put_rights(im, name->name, place->rights);
}

/* RFC 9590 §3: what can't be told now is left out. */
static void put_notes(struct imap *im, struct imap_metadata *notes, const struct imap_name *name)
{
	notes->mailbox = name->name;
	if (imap_metadata_find(im, notes) == IMAP_OK)
		imap_metadata_put(im, notes);
	im->reply = NULL;
}

static enum imap_done go_on(struct imap *im)
{
	struct list *list = im->work;

	while (list->at < list->names.n) {
		const struct imap_name *name = &list->names.names[list->at];

		if (sess_full(im->sess))
			return IMAP_LATER;
		list->at++;
		if (!is_selected(list, name) || !is_matched(list, name))
			continue;
		put_name(im, list, name);
		if ((list->returns & MYRIGHTS) && name->exists)
			put_rights(im, name);
		if ((list->returns & STATUS) && name->exists)
			put_status(im, list, name);
		if (list->notes && name->exists)
			put_notes(im, list->notes, name);
	}
	return IMAP_OK;
}

static void release(struct imap *im)
{
	struct list *list = im->work;

	buf_done(&list->scratch);
	if (list->notes)
		buf_done(&list->notes->out);
}

/* --- the command --- */

static enum imap_done run(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct list *list = pool_get(pool, sizeof *list);

	if (!parse(pool, list, args))
		return IMAP_BAD;
	if (list->asks_separator) {
		buf_addz(sess_out(im->sess), "* LIST (\\Noselect) \"/\" \"\"\r\n");
		return IMAP_OK;
	}
	if (imap_names(im, list->spaces, &list->names) != 0)
		return imap_reply(im, IMAP_NO, "[UNAVAILABLE] Cannot list mailboxes now");
	im->work = list;
	im->resume = go_on;
	im->release = release;
	return go_on(im);
}

IMAP_COMMAND(list) = {
	.name = "LIST",
	.states = IMAP_KNOWN,
	.capability = "CHILDREN LIST-EXTENDED LIST-METADATA LIST-MYRIGHTS LIST-STATUS SPECIAL-USE",
	.ref = "RFC 3501 6.3.8, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590",
	.run = run,
};
