/* dates.c - dates of commands: 21-Nov-2026, and with a time of day */
#include "protocols/imap/parse.h"

#include <strings.h>
#include <time.h>

#include "core/num.h"

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

/* Days since 1 January 1970 in the Gregorian calendar; years that begin in
   March make the leap day the last of a year. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month > 2 ? year : year - 1;
	unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Exactly n digits. */
static bool digits(struct slice *in, size_t n, unsigned *out)
{
	uint64_t value;

	if (in->n < n || !num_u64(slice_head(*in, n), 9999, &value))
		return false;
	*out = (unsigned)value;
	*in = slice_from(*in, n);
	return true;
}

static bool read_month(struct slice *in, unsigned *out)
{
	for (unsigned i = 0; i < 12; i++) {
		if (slice_istarts(*in, slice_of(months[i], 3))) {
			*out = i + 1;
			*in = slice_from(*in, 3);
			return true;
		}
	}
	return false;
}

/* Behind the day: "-Nov-2026". */
static bool month_and_year(struct slice *in, unsigned day, int64_t *days)
{
	unsigned month, year;

	if (!imap_take(in, '-') || !read_month(in, &month) || !imap_take(in, '-') ||
	    !digits(in, 4, &year) || year == 0 || day == 0 || day > days_in(year, month))
		return false;
	*days = days_of(year, month, day);
	return true;
}

/* RFC 9051 §9: date-day has one digit or two. */
bool imap_date(struct slice *in, int64_t *days)
{
	bool is_quoted = imap_take(in, '"');
	size_t n = in->n > 1 && in->p[1] >= '0' && in->p[1] <= '9' ? 2 : 1;
	unsigned day;

	return digits(in, n, &day) && month_and_year(in, day, days) &&
	    (!is_quoted || imap_take(in, '"'));
}

static bool time_of_day(struct slice *in, unsigned *seconds)
{
	unsigned h, m, s;

	if (!digits(in, 2, &h) || !imap_take(in, ':') || !digits(in, 2, &m) ||
	    !imap_take(in, ':') || !digits(in, 2, &s) || h > 23 || m > 59 || s > 60)
		return false;
	*seconds = h * 3600 + m * 60 + s;
	return true;
}

/* "+0100", as seconds east. */
static bool zone(struct slice *in, int64_t *east)
{
	bool minus = imap_take(in, '-');
	unsigned hhmm;

	if ((!minus && !imap_take(in, '+')) || !digits(in, 4, &hhmm) || hhmm % 100 > 59)
		return false;
	*east = (int64_t)(hhmm / 100) * 3600 + (int64_t)(hhmm % 100) * 60;
	if (minus)
		*east = -*east;
	return true;
}

/* RFC 9051 §9: date-time; a day of one digit has a blank before it. */
bool imap_date_time(struct slice *in, int64_t *seconds)
{
	unsigned day, time;
	int64_t days, east;

	if (!imap_take(in, '"') || !digits(in, imap_take(in, ' ') ? 1 : 2, &day) ||
	    !month_and_year(in, day, &days) || !imap_take(in, ' ') || !time_of_day(in, &time) ||
	    !imap_take(in, ' ') || !zone(in, &east) || !imap_take(in, '"'))
		return false;
	*seconds = days * 86400 + time - east;
	return true;
}

void imap_put_date_time(struct buf *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	/* The format has four digits for the year; no mail is from elsewhere. */
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1899 || tm.tm_year > 8099)
		tm = (struct tm){ .tm_mday = 1, .tm_year = 70 };
	buf_printf(out, "\"%02d-%s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
