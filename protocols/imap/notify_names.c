/* notify_names.c - MailboxName and SubscriptionChange (RFC 5465 §5.4, §5.5)
 *
 * The names that the client knows are compared with those that there are: both are in the same
 * order. A mailbox keeps its id when it is renamed. */
#include <stdlib.h>

#include "protocols/imap/list.h"
#include "protocols/imap/notify.h"

struct named {
	struct imap_name is; /* without the form on the wire */
	uint32_t box;	     /* 0: a name that is no mailbox */
};

struct imap_named {
	struct pool pool;
	struct buf rows; /* of struct named */
};

void imap_named_free(struct imap_named **names)
{
	if (!*names)
		return;
	pool_done(&(*names)->pool);
	buf_done(&(*names)->rows);
	free(*names);
	*names = NULL;
}

static size_t count(const struct imap_named *names)
{
	return names->rows.n / sizeof(struct named);
}

static const struct named *nth(const struct imap_named *names, size_t i)
{
	return (const struct named *)(const void *)names->rows.p + i;
}

static bool add(void *arg, const struct box_info *info)
{
	struct imap_named *names = arg;
	struct named row = {
		.is = { .name = pool_slice(&names->pool, slice_str(info->name)),
		    .use = info->use,
		    .exists = info->exists,
		    .subscribed = info->subscribed,
		    .children = info->children },
		.box = info->exists ? info->id : 0,
	};

	buf_add(&names->rows, &row, sizeof row);
	return true;
}

static const struct named *with_box(const struct imap_named *names, uint32_t box)
{
	for (size_t i = 0; box && i < count(names); i++)
		if (nth(names, i)->box == box)
			return nth(names, i);
	return NULL;
}

static const struct named *with_name(const struct imap_named *names, struct slice name)
{
	for (size_t i = 0; i < count(names); i++)
		if (slice_eq(nth(names, i)->is.name, name))
			return nth(names, i);
	return NULL;
}

/* --- what the session did itself --- */

void imap_notify_own(struct imap *im, struct slice name)
{
	if (!im->notify)
		return;
	buf_adds(&im->notify->own, name);
	buf_addc(&im->notify->own, '\0');
}

/* With all that is below it. */
static bool is_own(const struct imap_notify *notify, struct slice name)
{
	struct slice rest = buf_slice(&notify->own);

	while (rest.n > 0) {
		struct slice own = slice_cut(&rest, '\0');
		if (slice_starts(name, own) && (name.n == own.n || name.p[own.n] == '/'))
			return true;
	}
	return false;
}

/* --- telling --- */

struct comparing {
	struct imap *im;
	const struct imap_named *old, *now;
};

/* The name above, empty at the top. */
static struct slice above(struct slice name)
{
	ptrdiff_t at = slice_rchr(name, '/');

	return slice_head(name, at < 0 ? 0 : (size_t)at);
}

/* §5.4: of the children of what was renamed nothing is told. */
static bool came_along(const struct comparing *c, struct slice from, struct slice to)
{
	struct slice top = above(from), new_top = above(to);

	if (top.n == 0 || new_top.n == 0 ||
	    !slice_eq(slice_from(from, top.n), slice_from(to, new_top.n)))
		return false;
	const struct named *old = with_name(c->old, top), *now = with_name(c->now, new_top);
	return old && now && old->box && old->box == now->box;
}

static void put(struct imap *im, const struct imap_name *name, struct slice old_name)
{
	struct buf *out = sess_out(im->sess);

	imap_put_list(im, name, (struct imap_list_as){ .nonexistent = true, .subscribed = true });
	if (old_name.n > 0) {
		buf_addz(out, " (\"OLDNAME\" (");
		imap_put_name(im, old_name);
		buf_addz(out, "))");
	}
	buf_addz(out, "\r\n");
}

/* As the name is now, be it or not. */
static void tell(const struct comparing *c, struct slice name, struct slice old_name)
{
	const struct named *now = with_name(c->now, name);
	const struct imap_name absent = { .name = name };

	put(c->im, now ? &now->is : &absent, old_name);
}

/* §5.4: what was made or removed changes the one above, too. */
static void tell_with_parent(const struct comparing *c, struct slice name)
{
	tell(c, name, (struct slice){ 0 });
	if (above(name).n > 0)
		tell(c, above(name), (struct slice){ 0 });
}

/* One name: as it was, and as it is; one of them may be NULL. */
static void compare_one(const struct comparing *c, const struct named *old, const struct named *now)
{
	const struct imap_notify *notify = c->im->notify;
	struct slice name = now ? now->is.name : old->is.name;
	bool was = old && old->is.subscribed, is = now && now->is.subscribed;
	uint32_t left = old ? old->box : 0, came = now ? now->box : 0;
	const struct named *from = came != left ? with_box(c->old, came) : NULL;
	unsigned wanted = imap_notify_events(notify, name, was || is);

	if (from)
		wanted |= imap_notify_events(notify, from->is.name, from->is.subscribed);
	if (is_own(notify, name) || (from && is_own(notify, from->is.name)))
		return;
	bool renamed = from && !came_along(c, from->is.name, name);
	/* §5.4: when INBOX is renamed, of the new one nothing is told. */
	bool made = came && came != left && !from && !slice_eq(name, SLICE("INBOX"));
	bool removed = left && !came && !with_box(c->now, left);
	if (renamed && (wanted & IMAP_EVENT_NAME))
		tell(c, name, from->is.name);
	else if ((made || removed) && (wanted & IMAP_EVENT_NAME))
		tell_with_parent(c, name);
	else if (was != is && (wanted & IMAP_EVENT_SUBSCRIPTION))
		tell(c, name, (struct slice){ 0 });
}

static void compare(const struct comparing *c)
{
	size_t i = 0, j = 0;

	while (i < count(c->old) || j < count(c->now)) {
		const struct named *old = i < count(c->old) ? nth(c->old, i) : NULL;
		const struct named *now = j < count(c->now) ? nth(c->now, j) : NULL;
		int order = !old ? 1 : !now ? -1 : imap_name_order(&old->is, &now->is);

		if (order < 0)
			now = NULL;
		else if (order > 0)
			old = NULL;
		i += old != NULL;
		j += now != NULL;
		compare_one(c, old, now);
	}
}

void imap_notify_names(struct imap *im, bool silent)
{
	struct imap_notify *notify = im->notify;
	struct imap_named *now = mem_get(sizeof *now);

	if (box_list(im->acct, add, now) != 0) {
		imap_named_free(&now); /* the next time then */
		return;
	}
	if (!silent)
		compare(&(struct comparing){ im, notify->names, now });
	imap_named_free(&notify->names);
	notify->names = now;
}
