/* text_fold.c - text in the form in which it is searched: no difference of case */
#include "core/text.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void fold_ascii(struct buf *out, struct slice s)
{
	char *to = s.n ? buf_room(out, s.n) : NULL;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		to[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	out->n += s.n;
}

bool text_fold(struct buf *out, struct slice utf8, bool unicode)
{
	bool ascii = is_ascii(utf8);
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
