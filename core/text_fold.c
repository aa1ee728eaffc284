/* text_fold.c - text in the form in which it is searched: no difference of case */
#include "core/text.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

/* The processor does a run at once. */
static void fold(char *restrict to, const char *restrict from, size_t n)
{
	enum { RUN = 16 };
	size_t i = 0;

	for (; i + RUN <= n; i += RUN)
		for (size_t j = 0; j < RUN; j++)
			to[i + j] = char_lower(from[i + j]);
	for (; i < n; i++)
		to[i] = char_lower(from[i]);
}

static void fold_ascii(struct buf *out, struct slice s)
{
	if (s.n > 0)
		fold(buf_room(out, s.n), s.p, s.n);
	out->n += s.n;
}

bool text_fold(struct buf *out, struct slice utf8, bool unicode)
{
	bool ascii = slice_is_ascii(utf8);
	uint8_t *folded = NULL;
	size_t n = 0;

	if (unicode && !ascii)
		folded = u8_casefold((const uint8_t *)utf8.p, utf8.n, NULL, UNINORM_NFC, NULL, &n);
	if (folded)
		buf_add(out, folded, n);
	else
		fold_ascii(out, utf8);
	free(folded);
	return !ascii;
}
