/* find_gap.c - what stands between two words */
#include "storage/find_gap.h"

#include <stdint.h>
#include <string.h>

enum { TABLE = 0x80, LENGTH_MAX = 7 };

/* Frequent ones first. Their numbers are in the files: what comes is added at the end. */
struct gap {
	char text[LENGTH_MAX];
	unsigned char n;
};
#define GAP(text)                                                                                  \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}
static const struct gap gaps[] = { GAP("\r\n"), GAP(", "), GAP(". "), GAP("\r\n\r\n"), GAP(": "),
	GAP(".\r\n"), GAP(",\r\n"), GAP(".\r\n\r\n"), GAP(" <"), GAP("://"), GAP(" ("), GAP(") "),
	GAP(" - "), GAP("; "), GAP("? "), GAP("! "), GAP(" \""), GAP("\" "), GAP("\" <"),
	GAP(">\r\n"), GAP("> "), GAP("\r\n> "), GAP("=\""), GAP("\xe2\x80\x99"), GAP("\xc2\xa0"),
	GAP(" \r\n"), GAP("\r\n\t"), GAP(":\r\n"), GAP(">, "), GAP("  "), GAP("--"), GAP("..."),
	GAP(" \xe2\x80\x93 "), GAP("\xef\xbc\x8c"), GAP("\n"), GAP(" & "), GAP(" / "), GAP(" | "),
	GAP(".\n"), GAP(",\n"), GAP("\n\n"), GAP(").") };
_Static_assert(sizeof(struct gap) == sizeof(uint64_t), "compared as one number");
_Static_assert(TABLE + sizeof(gaps) / sizeof(gaps[0]) <= 256, "a byte names each");

static unsigned char look_up(struct slice gap)
{
	struct gap it = { .n = (unsigned char)gap.n };
	uint64_t want, has;

	memcpy(it.text, gap.p, gap.n);
	memcpy(&want, &it, sizeof(want));
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		memcpy(&has, &gaps[i], sizeof(has));
		if (has == want)
			return (unsigned char)(TABLE + i);
	}
	return FIND_GAP_OTHER;
}

unsigned char find_gap_of(struct slice gap)
{
	if (gap.n == 0)
		return FIND_GAP_NONE;
	if (gap.n > 1)
		return gap.n <= LENGTH_MAX ? look_up(gap) : FIND_GAP_OTHER;
	unsigned char c = (unsigned char)*gap.p;
	return c > FIND_GAP_NONE && c < TABLE ? c : FIND_GAP_OTHER;
}

bool find_gap_ends(unsigned char gap, struct slice end)
{
	char c = (char)gap;
	struct slice text = slice_of(&c, gap > FIND_GAP_NONE);

	if (gap >= TABLE && gap - TABLE < (int)(sizeof(gaps) / sizeof(gaps[0])))
		text = slice_of(gaps[gap - TABLE].text, gaps[gap - TABLE].n);
	return text.n >= end.n && slice_eq(slice_from(text, text.n - end.n), end);
}
