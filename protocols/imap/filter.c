/* filter.c - read a choice of mailboxes, and apply it to a name */
#include "protocols/imap/filter.h"

#include "protocols/imap/parse.h"

enum { NAMES_MAX = 500 };

static bool read_names(struct pool *pool, bool utf8, struct slice *in, struct imap_filter *out)
{
	bool many = imap_take(in, '(');
	struct slice name;

	out->names = pool_get(pool, NAMES_MAX * sizeof *out->names);
	do {
		if (out->n == NAMES_MAX || !imap_mailbox(pool, in, utf8, &name))
			return false;
		out->names[out->n++] = pool_slice(pool, name);
	} while (many && imap_take(in, ' '));
	return !many || imap_take(in, ')');
}

bool imap_filter_parse(struct pool *pool, bool utf8, struct slice *in, struct imap_filter *out)
{
	static const char *const names[] = {
		[IMAP_FILTER_SELECTED] = "selected",
		[IMAP_FILTER_DELAYED] = "selected-delayed",
		[IMAP_FILTER_INBOXES] = "inboxes",
		[IMAP_FILTER_PERSONAL] = "personal",
		[IMAP_FILTER_SUBSCRIBED] = "subscribed",
		[IMAP_FILTER_SUBTREE] = "subtree",
		[IMAP_FILTER_SUBTREE_ONE] = "subtree-one",
		[IMAP_FILTER_MAILBOXES] = "mailboxes",
	};
	struct slice word;

	*out = (struct imap_filter){ 0 };
	if (!imap_word(in, &word))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!slice_ieq(word, slice_str(names[i])))
			continue;
		out->kind = (enum imap_filter_kind)i;
		return i < IMAP_FILTER_SUBTREE ||
		    (imap_take(in, ' ') && read_names(pool, utf8, in, out));
	}
	return false;
}

static bool is_below(struct slice name, struct slice top, bool one)
{
	if (name.n <= top.n || name.p[top.n] != '/' || !slice_starts(name, top))
		return false;
	return !one || slice_chr(slice_from(name, top.n + 1), '/') < 0;
}

static bool is_named(const struct imap_filter *filter, struct slice name)
{
	for (size_t i = 0; i < filter->n; i++) {
		struct slice it = filter->names[i];

		if (slice_ieq(it, SLICE("INBOX")))
			it = SLICE("INBOX");
		if (slice_eq(name, it) ||
		    (filter->kind != IMAP_FILTER_MAILBOXES &&
			is_below(name, it, filter->kind == IMAP_FILTER_SUBTREE_ONE)))
			return true;
	}
	return false;
}

bool imap_filter_means(const struct imap_filter *filter, struct slice name, bool subscribed)
{
	switch (filter->kind) {
	case IMAP_FILTER_INBOXES:
		return slice_eq(name, SLICE("INBOX"));
	case IMAP_FILTER_PERSONAL:
		return true;
	case IMAP_FILTER_SUBSCRIBED:
		return subscribed;
	case IMAP_FILTER_SUBTREE:
	case IMAP_FILTER_SUBTREE_ONE:
	case IMAP_FILTER_MAILBOXES:
		return is_named(filter, name);
	default:
		return false;
	}
}
