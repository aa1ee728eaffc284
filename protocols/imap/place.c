/* place.c - names to accounts and mailboxes, with what the user may do there */
#include "protocols/imap/place.h"

#include <stdlib.h>

#include "core/text.h"
#include "storage/dir.h"

uint64_t imap_flags_allowed(unsigned rights)
{
	uint64_t flags = 0;

	if (rights & RIGHT_WRITE)
		flags |= ~(uint64_t)(BOX_SEEN | BOX_DELETED);
	if (rights & RIGHT_SEEN)
		flags |= BOX_SEEN;
	if (rights & RIGHT_MARK)
		flags |= BOX_DELETED;
	return flags;
}

/* --- names --- */

static struct slice domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return slice_str(at ? at + 1 : "");
}

/* "~jim/Work" to "jim" and "Work". */
static bool split(struct slice name, struct slice *owner, struct slice *rest)
{
	static const struct slice spelled = { "Other Users/", 12 };

	if (slice_istarts(name, spelled))
		name = slice_from(name, spelled.n);
	else if (name.n > 0 && *name.p == '~')
		name = slice_from(name, 1);
	else
		return false;
	*rest = name;
	*owner = slice_cut(rest, '/');
	return true;
}

static const char *address_of(struct imap *im, struct slice owner)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct address address;

	if (owner.n == 0)
		return im->who;
	if (slice_chr(owner, '@') < 0)
		owner = slice_str(pool_printf(
		    pool, "%.*s@%.*s", SLICE_ARG(owner), SLICE_ARG(domain_of(im->who))));
	if (!address_parse(pool, owner, &address))
		return "";
	return pool_printf(pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
}

const char *imap_shared_account(struct imap *im)
{
	return share_account(sess_cmd_pool(im->sess), domain_of(im->who));
}

/* Owner and name within his account; the user's own when it says nothing else. */
static const char *owner_of(struct imap *im, struct slice name, struct slice *rest)
{
	static const struct slice shared = { "Shared/", 7 };
	struct slice who;

	if (split(name, &who, rest))
		return address_of(im, who);
	*rest = name;
	if (!slice_istarts(name, shared))
		return im->who;
	const char *owner = imap_shared_account(im);
	if (!owner)
		return im->who;
	*rest = slice_from(name, shared.n);
	return owner;
}

bool imap_is_foreign(struct imap *im, struct slice name)
{
	struct slice rest;

	return strcmp(owner_of(im, name, &rest), im->who) != 0;
}

/* --- finding --- */

static struct imap_place *no_such(struct err *err)
{
	err_set(err, ERR_ABSENT, "the mailbox does not exist");
	return NULL;
}

static struct imap_place *new_place(struct imap *im, const char *owner)
{
	struct imap_place *place = pool_get(sess_cmd_pool(im->sess), sizeof *place);

	place->owner = owner;
	place->acct = im->acct;
	place->rights = RIGHT_ALL;
	place->foreign = strcmp(owner, im->who) != 0;
	return place;
}

struct imap_place *imap_find_owner(struct imap *im, const char *owner, struct err *err)
{
	struct imap_place *place = new_place(im, owner);
	struct dir_account account;

	if (!place->foreign)
		return place;
	if (dir_account(slice_str(owner), sess_cmd_pool(im->sess), &account) != 1)
		return no_such(err);
	place->owner = account.name;
	place->acct = acct_open(account.id, account.shard);
	if (!place->acct) {
		err_set(err, ERR_TEMP, "the shard of %s is not open here", account.name);
		return NULL;
	}
	place->next = im->places;
	im->places = place;
	return place;
}

static struct imap_place *begin(struct imap *im, struct slice name, struct err *err)
{
	struct slice rest;
	const char *owner = owner_of(im, name, &rest);
	struct imap_place *place = imap_find_owner(im, owner, err);

	if (!place)
		return NULL;
	place->name = rest;
	place->shown = name;
	return place;
}

/* What the user may do with a mailbox of that name; 0, -1. */
static int ask(struct imap *im, struct imap_place *place, struct slice name, struct err *err)
{
	struct box_status status;

	place->rights = 0;
	if (box_status(place->acct, name, &status, err) != 0)
		return -1;
	place->box = status.id;
	if (share_rights(place->acct, slice_str(place->owner), place->box, slice_str(im->who),
		&place->rights) != 0)
		return err_set(err, ERR_TEMP, "the rights cannot be read");
	return 0;
}

/* RFC 4314 §6: who may do nothing with it is not told that it is there. */
static struct imap_place *judge(struct imap_place *place, unsigned need, struct err *err)
{
	if (place->rights == 0)
		return no_such(err);
	if ((place->rights & need) == need)
		return place;
	err_set(err, ERR_DENIED, "you may not do that with this mailbox");
	return NULL;
}

struct imap_place *imap_find(struct imap *im, struct slice name, unsigned need, struct err *err)
{
	struct imap_place *place = begin(im, name, err);

	if (!place || !place->foreign)
		return place;
	if (ask(im, place, place->name, err) != 0)
		return err->kind == ERR_TEMP ? NULL : no_such(err);
	return judge(place, need, err);
}

/* In the same words, whether there is no such account, no mailbox above, or one that is
   not shown to him. */
static struct imap_place *not_there(struct err *err)
{
	err_set(err, ERR_DENIED, "you may make no mailbox there");
	return NULL;
}

struct imap_place *imap_find_new(struct imap *im, struct slice name, struct err *err)
{
	struct imap_place *place = begin(im, name, err);
	struct slice parent;
	ptrdiff_t at;

	if (!place)
		return err->kind == ERR_TEMP ? NULL : not_there(err);
	if (!place->foreign)
		return place;
	for (parent = place->name; (at = slice_rchr(parent, '/')) > 0;) {
		parent = slice_head(parent, (size_t)at);
		if (ask(im, place, parent, err) == 0)
			return place->rights ? judge(place, RIGHT_CREATE, err) : not_there(err);
		if (err->kind == ERR_TEMP)
			return NULL;
	}
	return not_there(err);
}

void imap_places_free(struct imap *im)
{
	for (; im->places; im->places = im->places->next)
		acct_close(&im->places->acct);
}

/* --- the selected mailbox --- */

struct imap_place *imap_place_keep(const struct imap_place *place)
{
	if (!place->foreign)
		return NULL;
	struct imap_place *kept = mem_get(sizeof *kept);
	*kept = (struct imap_place){
		.acct = acct_same(place->acct),
		.owner = mem_str(slice_str(place->owner)),
		.box = place->box,
		.foreign = true,
	};
	return kept;
}

void imap_place_free(struct imap_place **placep)
{
	struct imap_place *place = *placep;

	*placep = NULL;
	if (!place)
		return;
	acct_close(&place->acct);
	free((void *)(uintptr_t)place->owner);
	free(place);
}

bool imap_still_allowed(struct imap *im)
{
	struct imap_place *place = im->place;

	if (!place)
		return true;
	if (share_rights(place->acct, slice_str(place->owner), place->box, slice_str(im->who),
		&im->rights) != 0)
		return false;
	box_limit(im->box, imap_flags_allowed(im->rights));
	return im->rights & RIGHT_READ;
}
