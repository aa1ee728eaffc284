/* template_filter.c - values as people read them: dates, sizes, spans of time */
#include <stdio.h>
#include <time.h>

#include "core/text.h"
#include "webadmin/template.h"

static const char *string_of(const json_t *value)
{
	const char *s = json_string_value(value);

	return s ? s : "";
}

void template_text(const json_t *value, struct buf *out)
{
	if (json_is_string(value))
		buf_add(out, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		buf_printf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		buf_printf(out, "%g", json_real_value(value));
	else if (json_is_true(value))
		buf_addz(out, "yes");
}

/* --- time: operations write RFC 3339 in UTC --- */

static bool time_of(const json_t *value, struct tm *tm)
{
	const char *end = strptime(string_of(value), "%Y-%m-%dT%H:%M:%S", tm);

	return end && *end == 'Z';
}

/* "21 Nov 2026", without the locale. */
static void put_day(const struct tm *tm, struct buf *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	buf_printf(
	    out, "%d %.3s %d", tm->tm_mday, months + tm->tm_mon * (ptrdiff_t)3, tm->tm_year + 1900);
}

enum precision { DAY, MINUTE, SECOND };

static void put_date(const json_t *value, struct buf *out, enum precision precision)
{
	struct tm tm = { 0 };

	if (!time_of(value, &tm)) {
		template_text(value, out);
		return;
	}
	put_day(&tm, out);
	if (precision == MINUTE)
		buf_printf(out, ", %02d:%02d UTC", tm.tm_hour, tm.tm_min);
	else if (precision == SECOND)
		buf_printf(out, ", %02d:%02d:%02d UTC", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void filter_date(const json_t *value, struct buf *out)
{
	put_date(value, out, MINUTE);
}

static void filter_day(const json_t *value, struct buf *out)
{
	put_date(value, out, DAY);
}

static void filter_moment(const json_t *value, struct buf *out)
{
	put_date(value, out, SECOND);
}

/* The largest unit alone: whoever wants seconds reads the log. */
static void put_span(int64_t seconds, struct buf *out)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	size_t i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	int64_t n = seconds / units[i].seconds;
	buf_printf(out, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
}

static void filter_duration(const json_t *value, struct buf *out)
{
	if (json_is_integer(value))
		put_span(json_integer_value(value), out);
}

enum { SOON = 20 };

static void filter_ago(const json_t *value, struct buf *out)
{
	struct tm tm = { 0 };

	if (!time_of(value, &tm))
		return;
	int64_t ago = (int64_t)time(NULL) - (int64_t)timegm(&tm);
	if (ago > -SOON && ago < SOON) {
		buf_addz(out, ago < 0 ? "soon" : "just now");
		return;
	}
	if (ago < 0)
		buf_addz(out, "in ");
	put_span(ago < 0 ? -ago : ago, out);
	if (ago >= 0)
		buf_addz(out, " ago");
}

/* --- numbers --- */

static void filter_bytes(const json_t *value, struct buf *out)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double n = json_number_value(value);
	size_t i = 0;

	if (!json_is_number(value))
		return;
	for (; n >= 1024 && i < 5; i++)
		n /= 1024;
	buf_printf(out, "%.*f %s", i > 0 && n < 10 ? 1 : 0, n, units[i]);
}

/* 1234567 as "1 234 567", with spaces that break no line. */
static void filter_count(const json_t *value, struct buf *out)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
			buf_addz(out, "\xe2\x80\xaf"); /* U+202F */
		buf_addc(out, digits[i]);
	}
}

/* --- addresses of pages --- */

/* A segment of a path or a value of a query (RFC 3986 2.3). */
static void filter_url(const json_t *value, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~@";
	struct buf text = { 0 };

	template_text(value, &text);
	for (size_t i = 0; i < text.n; i++)
		if (memchr(plain, text.p[i], sizeof plain - 1))
			buf_addc(out, text.p[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)text.p[i]);
	buf_done(&text);
}

/* --- names of domains --- */

/* For people: other letters than ASCII, also in the addresses of a list. */
static void filter_domain(const json_t *value, struct buf *out)
{
	struct slice rest = slice_str(string_of(value));
	struct pool pool = { 0 };

	while (rest.n > 0) {
		struct slice name = slice_cut(&rest, ' ');
		ptrdiff_t at = slice_rchr(name, '@');
		buf_adds(out, slice_head(name, (size_t)(at + 1)));
		buf_addz(out, domain_unicode(&pool, slice_from(name, (size_t)(at + 1))));
		if (rest.p)
			buf_addc(out, ' ');
	}
	pool_done(&pool);
}

/* --- names in certificates --- */

/* RFC 4514 2.4 backwards: "\\2c" is a comma. */
static void filter_dn(const json_t *value, struct buf *out)
{
	const char *s = string_of(value);

	for (; *s; s++) {
		int high = *s == '\\' ? hex_digit(s[1]) : -1;
		int low = high >= 2 ? hex_digit(s[2]) : -1;
		if (low >= 0) {
			buf_addc(out, (char)(high << 4 | low));
			s += 2;
		} else if (*s != '\\' || s[1] == '\\') {
			buf_addc(out, *s);
			s += *s == '\\';
		}
	}
}

/* Hexadecimal in pairs, as openssl writes serial numbers; in capitals, as it writes
   fingerprints. */
static void put_pairs(const json_t *value, struct buf *out, bool capitals)
{
	const char *hex = string_of(value);
	size_t n = strlen(hex);

	for (size_t i = 0; i < n; i++) {
		char c = hex[i];
		if (i > 0 && (n - i) % 2 == 0)
			buf_addc(out, ':');
		buf_addc(out, capitals && c >= 'a' && c <= 'f' ? (char)(c - 0x20) : c);
	}
}

static void filter_octets(const json_t *value, struct buf *out)
{
	put_pairs(value, out, false);
}

static void filter_fingerprint(const json_t *value, struct buf *out)
{
	put_pairs(value, out, true);
}

static const struct {
	const char *name;
	template_filter_fn *run;
} filters[] = {
	{ "ago", filter_ago },
	{ "bytes", filter_bytes },
	{ "count", filter_count },
	{ "date", filter_date },
	{ "day", filter_day },
	{ "dn", filter_dn },
	{ "domain", filter_domain },
	{ "duration", filter_duration },
	{ "fingerprint", filter_fingerprint },
	{ "moment", filter_moment },
	{ "octets", filter_octets },
	{ "url", filter_url },
};

template_filter_fn *template_filter(struct slice name)
{
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
		if (slice_eq(name, slice_str(filters[i].name)))
			return filters[i].run;
	return NULL;
}
