/* flags.c - flags and keywords: as bits, and as they are written */
#include "protocols/imap/parse.h"

static const struct {
	const char *name;
	uint64_t bit;
} system_flags[] = {
	{ "\\Answered", BOX_ANSWERED },
	{ "\\Flagged", BOX_FLAGGED },
	{ "\\Deleted", BOX_DELETED },
	{ "\\Seen", BOX_SEEN },
	{ "\\Draft", BOX_DRAFT },
};
enum { N_SYSTEM_FLAGS = sizeof system_flags / sizeof *system_flags };

/* --- reading --- */

static bool system_flag(struct slice name, uint64_t *flags)
{
	for (size_t i = 0; i < N_SYSTEM_FLAGS; i++) {
		if (slice_ieq(name, slice_from(slice_str(system_flags[i].name), 1))) {
			*flags |= system_flags[i].bit;
			return true;
		}
	}
	/* It can't be set, but clients hand back what they were shown by others. */
	return slice_ieq(name, SLICE("Recent"));
}

static void add_keyword(struct imap_flags *flags, struct slice name)
{
	for (size_t i = 0; i < flags->n_keywords; i++)
		if (slice_ieq(flags->keywords[i], name))
			return;
	flags->keywords[flags->n_keywords++] = name;
}

static bool read_flag(struct slice *in, struct imap_flags *flags)
{
	bool is_system = imap_take(in, '\\');
	struct slice name;

	if (!imap_atom(in, &name))
		return false;
	if (is_system)
		return system_flag(name, &flags->system);
	/* A mailbox has no more keywords, so a command need not name more. */
	if (flags->n_keywords == BOX_KEYWORDS_MAX)
		return false;
	add_keyword(flags, name);
	return true;
}

bool imap_flag_list(struct pool *pool, struct slice *in, bool brackets, struct imap_flags *out)
{
	bool open = imap_take(in, '(');

	*out = (struct imap_flags){ 0 };
	if (brackets && !open)
		return false;
	if (open && imap_take(in, ')'))
		return true;
	out->keywords = pool_get(pool, BOX_KEYWORDS_MAX * sizeof *out->keywords);
	do {
		if (!read_flag(in, out))
			return false;
	} while (imap_take(in, ' '));
	return !open || imap_take(in, ')');
}

uint64_t imap_keyword_bit(const struct box_snap *snap, struct slice name)
{
	const char *const *keywords = box_snap_keywords(snap);

	for (unsigned i = 0; keywords[i]; i++)
		if (slice_ieq(slice_str(keywords[i]), name))
			return (uint64_t)1 << (BOX_KEYWORD_SHIFT + i);
	return 0;
}

/* --- writing --- */

static void put_word(struct buf *out, const char *word, bool *first)
{
	if (!*first)
		buf_addc(out, ' ');
	*first = false;
	buf_addz(out, word);
}

static void put_keywords(struct buf *out, uint64_t bits, const char *const *keywords, bool *first)
{
	for (; bits && *keywords; bits >>= 1, keywords++)
		if (bits & 1)
			put_word(out, *keywords, first);
}

void imap_put_flags(struct buf *out, uint64_t flags, const char *const *keywords)
{
	bool first = true;

	buf_addc(out, '(');
	for (size_t i = 0; i < N_SYSTEM_FLAGS; i++)
		if (flags & system_flags[i].bit)
			put_word(out, system_flags[i].name, &first);
	put_keywords(out, flags >> BOX_KEYWORD_SHIFT, keywords, &first);
	buf_addc(out, ')');
}
