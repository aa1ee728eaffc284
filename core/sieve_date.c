/* sieve_date.c - the tests date and currentdate (RFC 5260 4, 5) */
#include "core/sieve_private.h"

#include <time.h>

SIEVE_EXTENSION(date) = { .name = "date" };

/* --- parts: all there is to know is in struct tm, its zone in minutes --- */

struct moment {
	struct tm tm;
	int64_t julian; /* days since 17 November 1858 */
	int zone;
};

static void put_year(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%04d", m->tm.tm_year + 1900);
}

static void put_month(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%02d", m->tm.tm_mon + 1);
}

static void put_day(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%02d", m->tm.tm_mday);
}

static void put_date(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%04d-%02d-%02d", m->tm.tm_year + 1900, m->tm.tm_mon + 1, m->tm.tm_mday);
}

static void put_hour(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%02d", m->tm.tm_hour);
}

static void put_minute(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%02d", m->tm.tm_min);
}

static void put_second(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%02d", m->tm.tm_sec);
}

static void put_time(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%02d:%02d:%02d", m->tm.tm_hour, m->tm.tm_min, m->tm.tm_sec);
}

static void put_weekday(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%d", m->tm.tm_wday);
}

static void put_zone(const struct moment *m, struct buf *out)
{
	int zone = m->zone < 0 ? -m->zone : m->zone;

	buf_printf(out, "%c%02d%02d", m->zone < 0 ? '-' : '+', zone / 60, zone % 60);
}

static void put_julian(const struct moment *m, struct buf *out)
{
	buf_printf(out, "%lld", (long long)m->julian);
}

/* 4.2: ISO 8601 has a colon in its zone. */
static void put_iso(const struct moment *m, struct buf *out)
{
	int zone = m->zone < 0 ? -m->zone : m->zone;

	put_date(m, out);
	buf_addc(out, 'T');
	put_time(m, out);
	buf_printf(out, "%c%02d:%02d", m->zone < 0 ? '-' : '+', zone / 60, zone % 60);
}

/* RFC 5322's form, in English whatever the locale. */
static void put_mail(const struct moment *m, struct buf *out)
{
	static const char days[] = "SunMonTueWedThuFriSat",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	buf_printf(out, "%.3s, %02d %.3s %04d %02d:%02d:%02d ", days + 3 * m->tm.tm_wday,
	    m->tm.tm_mday, months + 3 * m->tm.tm_mon, m->tm.tm_year + 1900, m->tm.tm_hour,
	    m->tm.tm_min, m->tm.tm_sec);
	put_zone(m, out);
}

static const struct {
	const char *name;
	void (*put)(const struct moment *m, struct buf *out);
} parts[] = {
	{ "year", put_year },
	{ "month", put_month },
	{ "day", put_day },
	{ "date", put_date },
	{ "julian", put_julian },
	{ "hour", put_hour },
	{ "minute", put_minute },
	{ "second", put_second },
	{ "time", put_time },
	{ "iso8601", put_iso },
	{ "std11", put_mail },
	{ "zone", put_zone },
	{ "weekday", put_weekday },
};

enum { PARTS = sizeof parts / sizeof *parts };

static size_t find_part(struct slice name)
{
	size_t i = 0;

	while (i < PARTS && !slice_ieq(name, slice_str(parts[i].name)))
		i++;
	return i;
}

/* False: before or behind what a calendar holds. */
static bool put_part(struct slice name, int64_t at, int zone, struct buf *out)
{
	struct moment m = { .zone = zone };
	time_t there = (time_t)(at + zone * 60);

	if (!gmtime_r(&there, &m.tm) || m.tm.tm_year < -1900 || m.tm.tm_year > 9999 - 1900)
		return false;
	m.julian = 40587 + (there - (there % 86400 + 86400) % 86400) / 86400;
	parts[find_part(name)].put(&m, out);
	return true;
}

/* --- zones --- */

static bool read_zone(struct slice s, int *minutes)
{
	for (size_t i = 1; i < 5; i++)
		if (s.n != 5 || s.p[i] < '0' || s.p[i] > '9')
			return false;
	int hours = (s.p[1] - '0') * 10 + s.p[2] - '0', rest = (s.p[3] - '0') * 10 + s.p[4] - '0';
	*minutes = (hours * 60 + rest) * (s.p[0] == '-' ? -1 : 1);
	return (s.p[0] == '+' || s.p[0] == '-') && hours < 24 && rest < 60;
}

static int check_zone(struct sieve_compile *c, uint32_t line, struct sieve_arg *value)
{
	int minutes;

	if (read_zone(value->strings[0], &minutes))
		return 0;
	return sieve_wrong(
	    c, line, "\"%s\" is no zone like +0100", sieve_shown(c, value->strings[0]));
}

SIEVE_TAG(zone) = {
	.name = ":zone",
	.slot = SIEVE_ZONE,
	.value = 's',
	.check = check_zone,
};

SIEVE_TAG(originalzone) = { .name = ":originalzone", .slot = SIEVE_ZONE };

/* 4.1: without a word the zone of this machine. */
static int zone_of(const struct sieve_node *node, int64_t at, int original)
{
	const struct sieve_option *zone = sieve_option(node, SIEVE_ZONE);
	time_t then = (time_t)at;
	struct tm tm;
	int minutes;

	if (zone && zone->tag == &sieve_tag_originalzone)
		return original;
	if (zone && read_zone(zone->value.strings[0], &minutes))
		return minutes;
	return localtime_r(&then, &tm) ? (int)(tm.tm_gmtoff / 60) : 0;
}

/* --- the tests --- */

static int check_part(struct sieve_compile *c, const struct sieve_node *node, size_t at)
{
	struct slice name = node->args[at].strings[0];

	if (find_part(name) < PARTS)
		return 0;
	return sieve_wrong(c, node->line, "a date has no \"%s\"", sieve_shown(c, name));
}

static int match_date(struct sieve_matcher *m, const struct sieve_node *node, struct slice part,
    int64_t at, int original)
{
	struct buf text = { 0 };
	int result = 0;

	if (put_part(part, at, zone_of(node, at, original), &text))
		result = sieve_match(
		    m, slice_of(pool_slice(&m->run->scratch, buf_slice(&text)).p, text.n));
	buf_done(&text);
	return result;
}

static int check_date(struct sieve_compile *c, struct sieve_node *node)
{
	return check_part(c, node, 1);
}

/* 4: a field may have its date behind the last ';', as Received does. */
static int eval_date(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_matcher m = sieve_matcher(run, node);
	struct sieve_text *field;
	size_t pos = 0;
	int result = 0, zone;
	int64_t at;

	field = sieve_field_next(run, node, node->args[0].strings[0], &pos);
	if (field) {
		struct slice text = sieve_field_text(run, field);
		ptrdiff_t semicolon = slice_rchr(text, ';');
		if (date_parse(slice_trim(slice_from(text, (size_t)(semicolon + 1))), &at, &zone))
			result = match_date(&m, node, node->args[1].strings[0], at, zone);
	}
	return sieve_match_end(&m, result);
}

SIEVE_TEST(date) = {
	.word = { .name = "date",
	    .extension = &sieve_extension_date,
	    .args = "ssl",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE | SIEVE_ZONE | SIEVE_INDEX | SIEVE_LAST,
	    .check = check_date },
	.eval = eval_date,
};

static int check_now(struct sieve_compile *c, struct sieve_node *node)
{
	const struct sieve_option *zone = sieve_option(node, SIEVE_ZONE);

	if (zone && zone->tag == &sieve_tag_originalzone)
		return sieve_wrong(c, node->line, "currentdate does not know :originalzone");
	return check_part(c, node, 0);
}

static int eval_now(struct sieve_run *run, const struct sieve_node *node)
{
	struct sieve_matcher m = sieve_matcher(run, node);
	int64_t now = (int64_t)time(NULL);
	int result = match_date(&m, node, node->args[0].strings[0], now, zone_of(node, now, 0));

	return sieve_match_end(&m, result);
}

SIEVE_TEST(currentdate) = {
	.word = { .name = "currentdate",
	    .extension = &sieve_extension_date,
	    .args = "sl",
	    .slots = SIEVE_MATCH | SIEVE_COMPARE | SIEVE_ZONE,
	    .check = check_now },
	.eval = eval_now,
};
