/* rename.c - a domain's name in keys and texts, replaced */
#include "storage/rename.h"

#include <string.h>

static bool parts_words(char c)
{
	return (unsigned char)c <= ' ' || strchr("<>,;\"'", c) != NULL;
}

static void put_word(
    const struct rename *names, struct slice word, bool addresses_only, struct buf *out)
{
	size_t at = (size_t)(slice_rchr(word, '@') + 1);

	if ((at > 0 || !addresses_only) && slice_ieq(slice_from(word, at), names->old)) {
		buf_adds(out, slice_head(word, at));
		buf_adds(out, names->new);
	} else {
		buf_adds(out, word);
	}
}

static void put_text(
    const struct rename *names, struct slice text, bool addresses_only, struct buf *out)
{
	size_t n;

	for (; text.n > 0; text = slice_from(text, n)) {
		n = 0;
		while (n < text.n && !parts_words(text.p[n]))
			n++;
		put_word(names, slice_head(text, n), addresses_only, out);
		if (n < text.n)
			buf_addc(out, text.p[n++]);
	}
}

void rename_words(const struct rename *names, struct slice text, struct buf *out)
{
	put_text(names, text, false, out);
}

void rename_addresses(const struct rename *names, struct slice text, struct buf *out)
{
	put_text(names, text, true, out);
}

void rename_word(const struct rename *names, struct slice word, struct buf *out)
{
	put_word(names, word, false, out);
}

void rename_nothing(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	(void)names;
	buf_adds(new_key, key);
	buf_adds(new_value, value);
}
