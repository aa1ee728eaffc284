/* list_foreign.c - names of other accounts' mailboxes, as far as the user may see them
 *
 * They are listed when a pattern says so: what begins with a wildcard means the
 * user's own mailboxes and the domain's shared ones, since those of all others
 * may be many (RFC 9051 §6.3.9 lets a server choose). */
#include "protocols/imap/list.h"
#include "protocols/imap/place.h"

static const char spelled[] = "Other Users/";

/* May a name that begins with `prefix` match the pattern? */
static bool may_match(struct slice pattern, const char *prefix)
{
	struct slice with = slice_str(prefix);
	size_t n = 0;

	while (n < pattern.n && pattern.p[n] != '*' && pattern.p[n] != '%')
		n++;
	pattern.n = n;
	return n > 0 && (slice_istarts(pattern, with) || slice_istarts(with, pattern));
}

unsigned imap_list_spaces(struct slice pattern)
{
	unsigned spaces = 0;

	if (may_match(pattern, "~"))
		spaces |= IMAP_SPACE_OTHERS;
	if (may_match(pattern, spelled))
		spaces |= IMAP_SPACE_SPELLED;
	if (pattern.n > 0 && (*pattern.p == '*' || *pattern.p == '%'))
		spaces |= IMAP_SPACE_SHARED;
	return may_match(pattern, "Shared/") ? spaces | IMAP_SPACE_SHARED : spaces;
}

struct foreign {
	struct imap *im;
	const struct imap_place *place;
	const char *prefix; /* of its names: "~jim/" */
	struct buf *names;  /* of struct imap_name */
	bool failed;
};

/* Whatever is above it is listed, too, so that clients find their way. */
static void add(struct foreign *f, const struct imap_name *name)
{
	struct imap_name above = { .name = name->name, .children = true };

	buf_add(f->names, name, sizeof *name);
	for (ptrdiff_t at; (at = slice_rchr(above.name, '/')) > 0;) {
		above.name = slice_head(above.name, (size_t)at);
		buf_add(f->names, &above, sizeof above);
	}
}

static bool on_name(void *arg, const struct box_info *info)
{
	struct foreign *f = arg;
	struct pool *pool = sess_cmd_pool(f->im->sess);
	unsigned rights;

	if (!info->exists)
		return true;
	if (share_rights(f->place->acct, slice_str(f->place->owner), info->id,
		slice_str(f->im->who), &rights) != 0) {
		f->failed = true;
		return false;
	}
	if (rights & RIGHT_LOOKUP) {
		struct imap_name name = {
			.name = slice_str(pool_printf(pool, "%s%s", f->prefix, info->name)),
			.exists = true,
		};
		add(f, &name);
	}
	return true;
}

static int add_account(struct imap *im, const char *owner, const char *prefix, struct buf *names)
{
	struct err err;
	struct foreign f = { .im = im, .prefix = prefix, .names = names };

	f.place = imap_find_owner(im, owner, &err);
	if (!f.place)
		return err.kind == ERR_TEMP ? -1 : 0;
	if (!f.place->foreign) /* an account need not be shared with itself */
		return 0;
	return box_list(f.place->acct, on_name, &f) != 0 || f.failed ? -1 : 0;
}

const char *imap_prefix_of(struct imap *im, const char *owner, const char *begin)
{
	struct slice name = slice_str(owner);
	const char *domain = strrchr(owner, '@');

	if (!domain || strpbrk(owner, "/*%"))
		return NULL;
	if (strcmp(domain, strrchr(im->who, '@')) == 0)
		name.n = (size_t)(domain - owner);
	return pool_printf(sess_cmd_pool(im->sess), "%s%.*s/", begin, SLICE_ARG(name));
}

static int add_others(struct imap *im, const char *begin, struct buf *names)
{
	const char **owners = share_owners(sess_cmd_pool(im->sess), slice_str(im->who));

	if (!owners)
		return -1;
	for (; *owners; owners++) {
		const char *prefix = imap_prefix_of(im, *owners, begin);

		if (prefix && add_account(im, *owners, prefix, names) != 0)
			return -1;
	}
	return 0;
}

int imap_names_foreign(struct imap *im, unsigned spaces, struct buf *names)
{
	const char *shared = NULL;
	int rc = 0;

	if (spaces & IMAP_SPACE_OTHERS)
		rc = add_others(im, "~", names);
	if (rc == 0 && (spaces & IMAP_SPACE_SPELLED))
		rc = add_others(im, spelled, names);
	if (rc == 0 && (spaces & IMAP_SPACE_SHARED))
		shared = imap_shared_account(im);
	return shared ? add_account(im, shared, "Shared/", names) : rc;
}
