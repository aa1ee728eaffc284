/* text_date3339.c - dates as machines write them: "2030-01-31T12:00:00Z" (RFC 3339) */
#include "core/num.h"
#include "core/text.h"

#include <stdio.h>

char *date_rfc3339(time_t t, char out[40])
{
	struct tm tm = { 0 };

	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		tm = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}

/* n digits from the front, from min to max, and the character behind them. */
static bool take(struct slice *rest, size_t n, int min, int max, char behind, int *out)
{
	uint32_t value;

	if (rest->n < n || !num_u32(slice_head(*rest, n), &value) || (int)value < min ||
	    (int)value > max)
		return false;
	*rest = slice_from(*rest, n);
	*out = (int)value;
	if (!behind)
		return true;
	if (rest->n == 0 || (rest->p[0] & ~0x20) != (behind & ~0x20))
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

static void skip_fraction(struct slice *rest)
{
	if (rest->n < 2 || rest->p[0] != '.' || rest->p[1] < '0' || rest->p[1] > '9')
		return;
	do
		*rest = slice_from(*rest, 1);
	while (rest->n > 0 && rest->p[0] >= '0' && rest->p[0] <= '9');
}

/* "Z", "+01:00": minutes east. */
static bool take_zone(struct slice rest, int *minutes)
{
	int hours, rest_minutes, sign;

	*minutes = 0;
	if (slice_ieq(rest, SLICE("Z")))
		return true;
	if (rest.n != 6 || (rest.p[0] != '+' && rest.p[0] != '-'))
		return false;
	sign = rest.p[0] == '-' ? -1 : 1;
	rest = slice_from(rest, 1);
	if (!take(&rest, 2, 0, 23, ':', &hours) || !take(&rest, 2, 0, 59, 0, &rest_minutes))
		return false;
	*minutes = sign * (hours * 60 + rest_minutes);
	return true;
}

bool date_parse_rfc3339(struct slice text, int64_t *unix_seconds)
{
	struct tm tm = { 0 };
	int zone;

	if (!take(&text, 4, 1970, 9999, '-', &tm.tm_year) ||
	    !take(&text, 2, 1, 12, '-', &tm.tm_mon) || !take(&text, 2, 1, 31, 'T', &tm.tm_mday) ||
	    !take(&text, 2, 0, 23, ':', &tm.tm_hour) || !take(&text, 2, 0, 59, ':', &tm.tm_min) ||
	    !take(&text, 2, 0, 60, 0, &tm.tm_sec))
		return false;
	skip_fraction(&text);
	if (!take_zone(text, &zone))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*unix_seconds = (int64_t)timegm(&tm) - zone * 60;
	return true;
}
