/* der_read.c - reading DER, and nothing that only looks like it */
#include "pki/der.h"

enum { TAG_NUMBER = 0x1f, LONG_FORM = 0x80, MORE_FOLLOWS = 0x80 };

/* The length behind the tag: short, or in as few bytes as it needs. */
static bool take_length(struct slice *rest, size_t *n)
{
	if (rest->n == 0)
		return false;
	unsigned char first = (unsigned char)rest->p[0];
	*rest = slice_from(*rest, 1);
	*n = first;
	if (first < LONG_FORM)
		return true;

	size_t bytes = first & 0x7f;
	if (bytes == 0 || bytes > 4 || bytes > rest->n || rest->p[0] == 0)
		return false;
	*n = 0;
	for (size_t i = 0; i < bytes; i++)
		*n = *n << 8 | (unsigned char)rest->p[i];
	*rest = slice_from(*rest, bytes);
	return *n >= LONG_FORM;
}

bool der_next(struct slice *rest, struct der *out)
{
	struct slice s = *rest;
	size_t n;

	if (s.n == 0 || (s.p[0] & TAG_NUMBER) == TAG_NUMBER)
		return false;
	out->tag = (unsigned char)s.p[0];
	s = slice_from(s, 1);
	if (!take_length(&s, &n) || n > s.n)
		return false;
	out->value = slice_head(s, n);
	s = slice_from(s, n);
	out->whole = slice_head(*rest, rest->n - s.n);
	*rest = s;
	return true;
}

bool der_want(struct slice *rest, unsigned tag, struct slice *value)
{
	struct slice s = *rest;
	struct der der;

	if (!der_next(&s, &der) || der.tag != tag)
		return false;
	*value = der.value;
	*rest = s;
	return true;
}

/* One number of an OID: at most 32 bits, no leading zero bits. */
static bool take_arc(struct slice *rest, uint64_t *arc)
{
	*arc = 0;
	if (rest->n == 0 || (unsigned char)rest->p[0] == MORE_FOLLOWS)
		return false;
	while (rest->n > 0) {
		unsigned char c = (unsigned char)rest->p[0];
		*rest = slice_from(*rest, 1);
		*arc = *arc << 7 | (c & 0x7f);
		if (*arc > UINT32_MAX)
			return false;
		if (!(c & MORE_FOLLOWS))
			return true;
	}
	return false;
}

bool der_oid_text(struct slice value, struct buf *out)
{
	uint64_t arc;

	if (!take_arc(&value, &arc))
		return false;
	uint64_t first = arc < 80 ? arc / 40 : 2;
	buf_addu(out, first);
	buf_addc(out, '.');
	buf_addu(out, arc - first * 40);
	while (value.n > 0) {
		if (!take_arc(&value, &arc))
			return false;
		buf_addc(out, '.');
		buf_addu(out, arc);
	}
	return true;
}

bool der_oid_is(struct slice value, const char *dotted)
{
	struct buf text = { 0 };
	bool is = der_oid_text(value, &text) && slice_eq(buf_slice(&text), slice_str(dotted));

	buf_done(&text);
	return is;
}

/* Two digits as a number, or -1. */
static int two(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* MMDDHHMMSSZ of a year. */
static bool read_date(int year, struct slice s, int64_t *unix_seconds)
{
	if (s.n != 11 || s.p[10] != 'Z')
		return false;
	int month = two(s.p), day = two(s.p + 2), hour = two(s.p + 4), minute = two(s.p + 6),
	    second = two(s.p + 8);
	if (month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 59)
		return false;

	struct tm tm = { .tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day,
		.tm_hour = hour,
		.tm_min = minute,
		.tm_sec = second };
	*unix_seconds = timegm(&tm);
	return tm.tm_mday == day; /* no 31st of a short month */
}

bool der_time_get(struct slice *rest, int64_t *unix_seconds)
{
	struct slice s;

	if (der_want(rest, DER_UTC_TIME, &s)) {
		int year = s.n >= 2 ? two(s.p) : -1;
		/* RFC 5280 4.1.2.5.1: 50 to 99 are of the last century */
		return year >= 0 &&
		    read_date(
			year < 50 ? 2000 + year : 1900 + year, slice_from(s, 2), unix_seconds);
	}
	if (der_want(rest, DER_TIME, &s)) {
		int century = s.n >= 4 ? two(s.p) : -1, year = s.n >= 4 ? two(s.p + 2) : -1;
		return century >= 0 && year >= 0 &&
		    read_date(century * 100 + year, slice_from(s, 4), unix_seconds);
	}
	return false;
}
