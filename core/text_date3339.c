/* text_date3339.c - dates as machines write them: "2030-01-31T12:00:00Z" (RFC 3339) */
#include "core/num.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

char *date_rfc3339(time_t t, char out[40])
{
	struct tm tm = { 0 };

	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		tm = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}

/* n digits from the front, from min to max, and one of the characters behind them. */
static bool take(struct slice *rest, size_t n, int min, int max, const char *behind, int *out)
{
	uint32_t value;

	if (rest->n < n || !num_u32(slice_head(*rest, n), &value) || (int)value < min ||
	    (int)value > max)
		return false;
	*rest = slice_from(*rest, n);
	*out = (int)value;
	if (!behind)
		return true;
	if (rest->n == 0 || !rest->p[0] || !strchr(behind, rest->p[0]))
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
	if (!take(&rest, 2, 0, 23, ":", &hours) || !take(&rest, 2, 0, 59, NULL, &rest_minutes))
		return false;
	*minutes = sign * (hours * 60 + rest_minutes);
	return true;
}

/* RFC 3339 5.6: "T" in either case, or a blank. Its days are those that the month has. */
static bool take_day(struct slice *rest, struct tm *tm)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (!take(rest, 4, 0, 9999, "-", &tm->tm_year) || !take(rest, 2, 1, 12, "-", &tm->tm_mon) ||
	    !take(rest, 2, 1, days[tm->tm_mon - 1], "Tt ", &tm->tm_mday))
		return false;
	return tm->tm_mon != 2 || tm->tm_mday < 29 ||
	    (tm->tm_year % 4 == 0 && (tm->tm_year % 100 != 0 || tm->tm_year % 400 == 0));
}

bool date_parse_rfc3339(struct slice text, int64_t *unix_seconds)
{
	struct tm tm = { 0 };
	int zone;

	/* the second 60 is one that leaps */
	if (!take_day(&text, &tm) || !take(&text, 2, 0, 23, ":", &tm.tm_hour) ||
	    !take(&text, 2, 0, 59, ":", &tm.tm_min) || !take(&text, 2, 0, 60, NULL, &tm.tm_sec))
		return false;
	skip_fraction(&text);
	if (!take_zone(text, &zone))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*unix_seconds = (int64_t)timegm(&tm) - zone * 60;
	return true;
}
