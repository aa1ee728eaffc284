/* text_status.c - enhanced status codes (RFC 3463) */
#include "core/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t text_status(struct slice s)
{
	size_t n = 0, part = 0, digits = 0;

	if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.')
		return 0;
	for (n = 2, part = 1; n < s.n; n++) {
		if (is_digit(s.p[n]) && digits < 3)
			digits++;
		else if (s.p[n] == '.' && part == 1 && digits > 0)
			part = 2, digits = 0;
		else
			break;
	}
	bool ends = n == s.n || s.p[n] == ' ';
	return part == 2 && digits > 0 && ends ? n : 0;
}
