/* list.c - gather the names of mailboxes */
#include "core/text.h"
#include "protocols/imap/list.h"

#include <stdlib.h>

#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

enum { PATTERN_MAX = 1000 };

/* --- special uses --- */

static const struct {
	const char *name;
	enum box_use use;
} uses[] = {
	{ "Archive", BOX_USE_ARCHIVE },
	{ "Drafts", BOX_USE_DRAFTS },
	{ "Junk", BOX_USE_JUNK },
	{ "Sent", BOX_USE_SENT },
	{ "Trash", BOX_USE_TRASH },
};
enum { N_USES = sizeof uses / sizeof *uses };

bool imap_use_find(struct slice name, enum box_use *out)
{
	for (size_t i = 0; i < N_USES; i++) {
		if (slice_ieq(name, slice_str(uses[i].name))) {
			*out = uses[i].use;
			return true;
		}
	}
	return false;
}

const char *imap_use_name(enum box_use use)
{
	for (size_t i = 0; i < N_USES; i++)
		if (uses[i].use == use)
			return uses[i].name;
	return NULL;
}

/* --- names --- */

struct gathering {
	struct imap *im;
	struct pool *pool;
	struct buf names; /* of struct imap_name */
};

static bool on_name(void *arg, const struct box_info *info)
{
	struct gathering *g = arg;
	struct imap_name name = {
		.name = pool_slice(g->pool, slice_str(info->name)),
		.use = info->use,
		.exists = info->exists,
		.subscribed = info->subscribed,
		.children = info->children,
	};

	/* What is not shown to him any more is not told; the subscription stays. */
	if (imap_is_foreign(g->im, name.name)) {
		struct err err;
		name.exists = imap_find(g->im, name.name, RIGHT_LOOKUP, &err) != NULL;
		name.hidden = true;
		if (!name.exists)
			return true;
	}
	buf_add(&g->names, &name, sizeof name);
	return true;
}

static size_t count(const struct gathering *g)
{
	return g->names.n / sizeof(struct imap_name);
}

static struct imap_name *nth(const struct gathering *g, size_t i)
{
	return (struct imap_name *)(void *)g->names.p + i;
}

/* Whatever is above a subscribed name, whether it exists or not. */
static void add_parents(struct gathering *g)
{
	for (size_t i = 0, n = count(g); i < n; i++) {
		struct slice name = nth(g, i)->name;

		if (!nth(g, i)->subscribed)
			continue;
		for (ptrdiff_t at; (at = slice_rchr(name, '/')) > 0;) {
			name = slice_head(name, (size_t)at);
			struct imap_name parent = {
				.name = name, .above = true, .hidden = nth(g, i)->hidden
			};
			buf_add(&g->names, &parent, sizeof parent);
		}
	}
}

/* INBOX before all; '/' before any other byte, so that a family stays together. */
static unsigned rank(const struct imap_name *name, size_t i)
{
	unsigned char c = (unsigned char)name->name.p[i];

	return c == '/' ? 0 : c;
}

static bool is_inbox(const struct imap_name *name)
{
	return slice_eq(name->name, SLICE("INBOX"));
}

int imap_name_order(const void *x, const void *y)
{
	const struct imap_name *a = x, *b = y;

	if (is_inbox(a) != is_inbox(b))
		return is_inbox(a) ? -1 : 1;
	for (size_t i = 0; i < a->name.n && i < b->name.n; i++)
		if (a->name.p[i] != b->name.p[i])
			return rank(a, i) < rank(b, i) ? -1 : 1;
	return (a->name.n > b->name.n) - (a->name.n < b->name.n);
}

/* Entries of one name, which are neighbours now, become one. */
static size_t merge(struct imap_name *names, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct imap_name *last = kept ? &names[kept - 1] : NULL;

		if (!last || !slice_eq(last->name, names[i].name)) {
			names[kept++] = names[i];
			continue;
		}
		last->exists |= names[i].exists;
		last->subscribed |= names[i].subscribed;
		last->children |= names[i].children;
		last->above |= names[i].above;
		last->hidden &= names[i].hidden;
		if (names[i].use != BOX_USE_NONE)
			last->use = names[i].use;
	}
	return kept;
}

static struct slice to_wire(struct imap *im, struct pool *pool, struct slice name)
{
	struct buf wire = { 0 };

	if (im->enabled & IMAP_UTF8)
		return name;
	text_utf7_encode(&wire, name);
	if (!slice_eq(buf_slice(&wire), name))
		name = pool_slice(pool, buf_slice(&wire));
	buf_done(&wire);
	return name;
}

int imap_names(struct imap *im, unsigned spaces, struct imap_names *out)
{
	struct gathering g = { .im = im, .pool = sess_cmd_pool(im->sess) };
	int rc = box_list(im->acct, on_name, &g);

	if (rc == 0)
		rc = imap_names_foreign(im, spaces, &g.names);
	if (rc == 0 && count(&g) > 0) {
		add_parents(&g);
		qsort(g.names.p, count(&g), sizeof(struct imap_name), imap_name_order);
		out->n = merge(nth(&g, 0), count(&g));
		out->names = pool_get(g.pool, out->n * sizeof *out->names);
		memcpy(out->names, g.names.p, out->n * sizeof *out->names);
		for (size_t i = 0; i < out->n; i++)
			out->names[i].wire = to_wire(im, g.pool, out->names[i].name);
	}
	buf_done(&g.names);
	return rc;
}

void imap_put_list(struct imap *im, const struct imap_name *name, struct imap_list_as as)
{
	struct buf *out = sess_out(im->sess);
	const char *use = imap_use_name(name->use);

	buf_addz(out, "* LIST (");
	buf_addz(out, name->children ? "\\HasChildren" : "\\HasNoChildren");
	if (!name->exists)
		buf_addz(out, as.nonexistent ? " \\NonExistent" : " \\Noselect");
	else if (as.noselect)
		buf_addz(out, " \\Noselect");
	if (name->subscribed && as.subscribed)
		buf_addz(out, " \\Subscribed");
	if (use) {
		buf_addz(out, " \\");
		buf_addz(out, use);
	}
	buf_addz(out, ") \"/\" ");
	imap_put_name(im, name->name);
}

struct slice imap_kept(struct imap *im, const struct imap_place *place)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct buf kept = { 0 };
	struct slice before = slice_head(place->shown, place->shown.n - place->name.n);
	struct slice name = place->shown;

	if (box_name_fold(place->name, &kept, NULL) == 0)
		name = slice_str(
		    pool_printf(pool, "%.*s%.*s", SLICE_ARG(before), SLICE_ARG(buf_slice(&kept))));
	buf_done(&kept);
	return name;
}

/* INBOX is that in any case. */
bool imap_is_kept(struct imap *im, const struct imap_place *place)
{
	return slice_ieq(imap_kept(im, place), place->shown);
}

void imap_put_kept(
    struct imap *im, const struct imap_place *place, const char *attributes, struct slice old)
{
	struct buf *out = sess_out(im->sess);

	buf_printf(out, "* LIST (%s) \"/\" ", attributes);
	imap_put_name(im, imap_kept(im, place));
	buf_addz(out, " (\"OLDNAME\" (");
	imap_put_name(im, old);
	buf_addz(out, "))\r\n");
}

bool imap_list_pattern(
    struct pool *pool, struct slice reference, struct slice *in, struct slice *out)
{
	struct slice pattern;

	if (!imap_pattern(pool, in, &pattern) || reference.n + pattern.n > PATTERN_MAX)
		return false;
	*out = slice_str(pool_printf(pool, "%.*s%.*s", SLICE_ARG(reference), SLICE_ARG(pattern)));
	return true;
}
