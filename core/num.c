/* num.c - numbers from the wire: the whole text, in range, or refused */
#include "core/num.h"

/* A word behind a number, and what it multiplies by. */
struct unit {
	const char *name;
	uint64_t factor;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool num_u64(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		if (digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

bool num_u32(struct slice s, uint32_t *out)
{
	uint64_t n;

	if (!num_u64(s, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool num_i64(struct slice s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = s.n > 0 && *s.p == '-';
	uint64_t size;

	if (!num_u64(slice_from(s, negative), (uint64_t)INT64_MAX + negative, &size))
		return false;
	int64_t n = negative ? (int64_t)(0 - size) : (int64_t)size;
	if (n < min || n > max)
		return false;
	*out = n;
	return true;
}

/* Digits and one of the units; the first unit has the empty name. */
static bool with_unit(struct slice s, const struct unit *units, uint64_t max, uint64_t *out)
{
	size_t digits = 0;
	uint64_t n;

	while (digits < s.n && is_digit(s.p[digits]))
		digits++;
	while (units->name && !slice_ieq(slice_from(s, digits), slice_str(units->name)))
		units++;
	if (!units->name || !num_u64(slice_head(s, digits), max / units->factor, &n))
		return false;
	*out = n * units->factor;
	return true;
}

bool num_size(struct slice s, uint64_t max, uint64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "k", 1024 },
		{ "M", 1024 * 1024 },
		{ "G", 1024 * 1024 * 1024 },
		{ "T", (uint64_t)1024 * 1024 * 1024 * 1024 },
		{ 0 },
	};

	return with_unit(s, units, max, out);
}

bool num_duration(struct slice s, int64_t max_ms, int64_t *out_ms)
{
	static const struct unit units[] = {
		{ "", 1000 },
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60 * 1000 },
		{ "h", 60 * 60 * 1000 },
		{ "d", 24 * 60 * 60 * 1000 },
		{ 0 },
	};
	uint64_t ms;

	if (max_ms < 0 || !with_unit(s, units, (uint64_t)max_ms, &ms))
		return false;
	*out_ms = (int64_t)ms;
	return true;
}

void num_put_bytes(struct buf *out, struct slice value)
{
	unsigned char length[4];

	num_put32(length, (uint32_t)value.n);
	buf_add(out, length, sizeof(length));
	buf_adds(out, value);
}

bool num_take_bytes(struct slice *rest, struct slice *value)
{
	const unsigned char *p = (const unsigned char *)rest->p;

	if (rest->n < 4 || num_get32(p) > rest->n - 4)
		return false;
	*value = slice_head(slice_from(*rest, 4), num_get32(p));
	*rest = slice_from(*rest, 4 + value->n);
	return true;
}
