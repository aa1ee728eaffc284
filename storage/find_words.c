/* find_words.c - words of a folded text */
#include "storage/find_words.h"

#include "core/text.h"

/* What a byte can be the first of. */
enum kind { GAP, LETTER, ALONE, BY_NEXT };

static bool is_tail(char c)
{
	return (c & 0xc0) == 0x80;
}

/* UTF-8: C2 begins Latin-1's signs, E2 punctuation and symbols; E3 to ED are CJK,
   F0 pictures and rarer CJK; in E0 those from B8 on are Thai and Lao, in E1 Myanmar
   (80 to 82) and Khmer (9E, 9F) write no blanks. */
static enum kind kind_of(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
		    ? LETTER
		    : GAP;
	if (c == 0xc2 || c == 0xe2 || c == 0xef || c < 0xc0)
		return GAP;
	if (c >= 0xe3)
		return ALONE;
	if (c < 0xe0 || p + 1 == end)
		return LETTER;
	unsigned char next = (unsigned char)p[1];
	bool alone = c == 0xe0 ? next >= 0xb8 : next <= 0x82 || next == 0x9e || next == 0x9f;
	return alone ? ALONE : LETTER;
}

static const char *behind(const char *p, const char *end)
{
	for (p++; p < end && is_tail(*p); p++)
		;
	return p;
}

/* Most text is ASCII: of each byte, is it such a letter or digit? */
static const bool plain[256] = {
	['0'] = 1,
	['1'] = 1,
	['2'] = 1,
	['3'] = 1,
	['4'] = 1,
	['5'] = 1,
	['6'] = 1,
	['7'] = 1,
	['8'] = 1,
	['9'] = 1,
	['a'] = 1,
	['b'] = 1,
	['c'] = 1,
	['d'] = 1,
	['e'] = 1,
	['f'] = 1,
	['g'] = 1,
	['h'] = 1,
	['i'] = 1,
	['j'] = 1,
	['k'] = 1,
	['l'] = 1,
	['m'] = 1,
	['n'] = 1,
	['o'] = 1,
	['p'] = 1,
	['q'] = 1,
	['r'] = 1,
	['s'] = 1,
	['t'] = 1,
	['u'] = 1,
	['v'] = 1,
	['w'] = 1,
	['x'] = 1,
	['y'] = 1,
	['z'] = 1,
};

static const char *word_end(const char *p, const char *end)
{
	for (;;) {
		while (p < end && plain[(unsigned char)*p])
			p++;
		/* A tail here belongs to no character that was begun: broken text. */
		if (p == end || (!is_tail(*p) && kind_of(p, end) != LETTER))
			return p;
		p = behind(p, end);
	}
}

struct slice find_word_next(struct slice *rest)
{
	if (rest->n == 0)
		return (struct slice){ 0 };
	const char *p = rest->p, *end = p + rest->n, *begin;

	while (p < end && !plain[(unsigned char)*p] && kind_of(p, end) == GAP)
		p = behind(p, end);
	begin = p;
	if (p < end && !plain[(unsigned char)*p] && kind_of(p, end) == ALONE)
		p = behind(p, end);
	else
		p = word_end(p, end);
	*rest = slice_of(p, (size_t)(end - p));
	return slice_of(begin, (size_t)(p - begin));
}

bool find_needle_read(struct slice needle, struct find_needle *out)
{
	struct slice word;

	*out = (struct find_needle){ 0 };
	if (needle.n == 0 || !utf8_valid(needle))
		return false;
	const char *behind = needle.p, *end = needle.p + needle.n;
	/* Those beyond would make it stricter only. */
	while (out->n < FIND_NEEDLE_WORDS && (word = find_word_next(&needle)).n > 0) {
		out->gaps[out->n] = slice_of(behind, (size_t)(word.p - behind));
		out->words[out->n++] = word;
		behind = word.p + word.n;
	}
	if (out->n == 0)
		return false;
	out->all = behind == end;
	out->open_left = out->gaps[0].n == 0;
	out->open_right = out->all;
	out->exact = out->n == 1 && out->open_left && out->all;
	return true;
}
