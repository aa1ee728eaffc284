/* match.c - the wildcards of LIST (RFC 9051 §6.3.9)
 *
 * The pattern is followed along all its possible ways at once, a character at
 * a time, so that no pattern takes longer than its length times the name's. */
#include "protocols/imap/parse.h"

static const struct slice inbox = { "INBOX", 5 };

static bool is_inbox(struct slice name)
{
	return slice_starts(name, inbox) && (name.n == inbox.n || name.p[inbox.n] == '/');
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* ways[i]: the pattern so far matches the first i characters of the name. One
   more character of the pattern. False: there is no way left. */
static bool step(char *ways, char c, struct slice name, size_t any_case)
{
	bool way = ways[0], some = false;

	if (c != '*' && c != '%')
		ways[0] = 0;
	for (size_t i = 1; i <= name.n; i++) {
		char at = name.p[i - 1];
		bool was = ways[i];

		if (c == '*' || (c == '%' && at != '/'))
			ways[i] |= ways[i - 1];
		else if (c != '%')
			ways[i] = way && (c == at || (i <= any_case && upper(c) == at));
		way = was;
		some |= ways[i];
	}
	return some || ways[0];
}

bool imap_match(struct slice pattern, struct slice name, struct buf *scratch)
{
	size_t any_case = is_inbox(name) ? inbox.n : 0;

	if (slice_eq(pattern, SLICE("*")))
		return true;
	buf_clear(scratch);
	char *ways = buf_room(scratch, name.n + 1);
	memset(ways, 0, name.n + 1);
	ways[0] = 1;
	for (size_t i = 0; i < pattern.n; i++)
		if (!step(ways, pattern.p[i], name, any_case))
			return false;
	return ways[name.n];
}
