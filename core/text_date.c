/* text_date.c - dates of mail, as they should be and as they are
 *
 * The reader takes tokens (words, numbers, a time, a zone) wherever they come
 * in the order that mail has: day, month, year, time, zone, with a day of the
 * week or not. So it also reads "Sat Nov 21 04:00:00 2026" and "21-Nov-2026",
 * which are no RFC 5322 but are found. */
#include "core/num.h"
#include "core/text.h"

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

/* n digits at p; returns what is behind them. */
static char *put_digits(char *p, int value, size_t n)
{
	for (size_t i = n; i > 0; i--, value /= 10)
		p[i - 1] = (char)('0' + value % 10);
	return p + n;
}

static char *put_name(char *p, const char name[4])
{
	memcpy(p, name, 3);
	return p + 3;
}

static char *put_time(char *p, const struct tm *tm)
{
	p = put_digits(p, tm->tm_hour, 2);
	*p++ = ':';
	p = put_digits(p, tm->tm_min, 2);
	*p++ = ':';
	return put_digits(p, tm->tm_sec, 2);
}

char *date_rfc5322(time_t t, char out[40])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	struct tm tm = { 0 };
	char *p = out;

	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		tm = (struct tm){ .tm_year = 70, .tm_mday = 1, .tm_wday = 4 };
	/* Each message has one: no printf, and no locale. */
	p = put_name(p, days[tm.tm_wday]);
	*p++ = ',';
	*p++ = ' ';
	p = put_digits(p, tm.tm_mday, 2);
	*p++ = ' ';
	p = put_name(p, months[tm.tm_mon]);
	*p++ = ' ';
	p = put_digits(p, tm.tm_year + 1900, 4);
	*p++ = ' ';
	p = put_time(p, &tm);
	memcpy(p, " +0000", sizeof " +0000");
	return out;
}

/* What has been read; -1: not yet. */
struct date {
	int day, month, year, hour, minute, second;
	int zone; /* minutes east */
	bool zoned;
};

/* --- tokens --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 5322 §3.2.2: comments nest, and a backslash quotes. */
static void skip_comment(struct slice *rest)
{
	unsigned depth = 0;

	do {
		char c = *rest->p;

		if (c == '\\' && rest->n > 1)
			*rest = slice_from(*rest, 1);
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		*rest = slice_from(*rest, 1);
	} while (depth > 0 && rest->n > 0);
}

/* The next run of letters, or of digits and colons with a sign before them;
   empty at the end. What parts them (blanks, commas, the hyphens of
   21-Nov-2026, dots) is skipped. */
static struct slice next_token(struct slice *rest, bool sign_is_zone)
{
	size_t n = 0;

	while (rest->n > 0 && !is_digit(*rest->p) && !is_letter(*rest->p)) {
		if (*rest->p == '(') {
			skip_comment(rest);
			continue;
		}
		if (sign_is_zone && (*rest->p == '+' || *rest->p == '-')) {
			n = 1;
			break;
		}
		*rest = slice_from(*rest, 1);
	}
	if (n < rest->n && is_letter(rest->p[n]))
		while (n < rest->n && is_letter(rest->p[n]))
			n++;
	else
		while (n < rest->n && (is_digit(rest->p[n]) || rest->p[n] == ':'))
			n++;
	struct slice token = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return token;
}

/* --- what tokens mean --- */

static bool take_time(struct date *date, struct slice token)
{
	uint32_t part[3] = { 0 };
	size_t n = 0;

	while (token.n > 0 && n < 3)
		if (!num_u32(slice_cut(&token, ':'), &part[n++]))
			return false;
	if (token.p || n < 2 || part[0] > 23 || part[1] > 59 || part[2] > 60)
		return false;
	date->hour = (int)part[0];
	date->minute = (int)part[1];
	date->second = (int)part[2];
	return true;
}

/* "+0100"; a wrong one is as good as none. */
static void take_offset(struct date *date, struct slice token)
{
	uint32_t n;

	if (token.n == 5 && num_u32(slice_from(token, 1), &n) && n % 100 < 60 && n / 100 < 24) {
		int minutes = (int)(n / 100 * 60 + n % 100);
		date->zone = *token.p == '-' ? -minutes : minutes;
	}
	date->zoned = true;
}

/* RFC 5322 §4.3: a year of two digits is of 1950 to 2049, of three counts from
   1900. */
static bool take_year(struct date *date, struct slice token, uint32_t n)
{
	if (token.n < 2 || token.n > 4)
		return false;
	if (token.n == 2)
		n += n < 50 ? 2000 : 1900;
	else if (token.n == 3)
		n += 1900;
	if (n < 1900)
		return false;
	date->year = (int)n;
	return true;
}

static bool take_number(struct date *date, struct slice token)
{
	uint32_t n;

	if (slice_chr(token, ':') >= 0)
		return date->hour < 0 && take_time(date, token);
	if (!num_u32(token, &n))
		return false;
	if (date->day < 0 && token.n <= 2 && n >= 1 && n <= 31) {
		date->day = (int)n;
		return true;
	}
	return date->year < 0 && date->month >= 0 && take_year(date, token, n);
}

/* RFC 5322 §4.3: zones with names; the others, and the military letters, say
   nothing sure. */
static void take_zone_name(struct date *date, struct slice token)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
		{ "EST", -300 },
		{ "EDT", -240 },
		{ "CST", -360 },
		{ "CDT", -300 },
		{ "MST", -420 },
		{ "MDT", -360 },
		{ "PST", -480 },
		{ "PDT", -420 },
	};

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (slice_ieq(token, slice_str(zones[i].name)))
			date->zone = zones[i].minutes;
	date->zoned = true;
}

/* The name of a month, or of a day, which says nothing new, or of a zone. */
static void take_word(struct date *date, struct slice token)
{
	for (int i = 0; token.n >= 3 && date->month < 0 && i < 12; i++)
		if (slice_istarts(token, slice_str(months[i]))) {
			date->month = i;
			return;
		}
	if (date->hour >= 0 && !date->zoned)
		take_zone_name(date, token);
}

static bool is_complete(const struct date *date)
{
	return date->day > 0 && date->month >= 0 && date->year >= 0;
}

/* Days since 1970 by the Gregorian calendar. */
static int64_t day_number(const struct date *date)
{
	static const int before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t y = date->year - 1;
	bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
	int64_t days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;

	return days + before[date->month] + (leap && date->month > 1) + date->day - 1;
}

bool date_parse(struct slice text, int64_t *unix_seconds, int *zone_minutes)
{
	struct date date = { .day = -1, .month = -1, .year = -1, .hour = -1 };

	for (;;) {
		struct slice token = next_token(&text, date.hour >= 0);

		if (token.n == 0)
			break;
		if (is_letter(*token.p))
			take_word(&date, token);
		else if (*token.p == '+' || *token.p == '-')
			take_offset(&date, token);
		else if (!take_number(&date, token))
			break;
		if (is_complete(&date) && date.zoned)
			break;
	}
	if (!is_complete(&date))
		return false;
	if (date.hour < 0)
		date.hour = 0;
	*unix_seconds = day_number(&date) * 86400 + date.hour * 3600 + date.minute * 60 +
	    date.second - date.zone * 60;
	*zone_minutes = date.zone;
	return true;
}
