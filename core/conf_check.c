/* conf_check.c - is it a value for that setting? */
#include <stdio.h>

#include "core/conf.h"
#include "core/num.h"
#include "core/text.h"

enum { TEXT_MAX_BYTES = 64 * 1024 };

static int check_bool(const struct conf_key *key, struct slice value, int64_t *num, struct err *err)
{
	*num = slice_ieq(value, SLICE("on"));
	if (!*num && !slice_ieq(value, SLICE("off")))
		return err_set(err, ERR_INPUT, "%s is on or off", key->name);
	return 0;
}

static int check_text(const struct conf_key *key, struct slice value, int64_t *num, struct err *err)
{
	*num = (int64_t)value.n;
	if (value.n > (key->max ? (uint64_t)key->max : TEXT_MAX_BYTES))
		return err_set(err, ERR_LIMIT, "%s: too long", key->name);
	if (!utf8_valid(value))
		return err_set(err, ERR_INPUT, "%s: not UTF-8", key->name);
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
			return err_set(
			    err, ERR_INPUT, "%s: one line without control characters", key->name);
	return key->check && value.n > 0 ? key->check(value, err) : 0;
}

static int check_choice(
    const struct conf_key *key, struct slice value, int64_t *num, struct err *err)
{
	struct buf words = { 0 };

	for (*num = 0; key->choices[*num]; ++*num) {
		if (slice_ieq(value, slice_str(key->choices[*num]))) {
			buf_done(&words);
			return 0;
		}
		buf_printf(&words, "%s%s", *num ? ", " : "", key->choices[*num]);
	}
	err_set(err, ERR_INPUT, "%s is one of: %s", key->name, buf_z(&words));
	buf_done(&words);
	return -1;
}

/* A number as it would be written: the unit that divides it. */
static void put_number(struct buf *out, const struct conf_key *key, int64_t n)
{
	static const struct unit {
		enum conf_type type;
		int64_t factor;
		const char *name;
	} units[] = {
		{ CONF_SIZE, INT64_C(1) << 40, "T" },
		{ CONF_SIZE, INT64_C(1) << 30, "G" },
		{ CONF_SIZE, 1 << 20, "M" },
		{ CONF_SIZE, 1 << 10, "k" },
		{ CONF_DURATION, 86400000, "d" },
		{ CONF_DURATION, 3600000, "h" },
		{ CONF_DURATION, 60000, "m" },
		{ CONF_DURATION, 1000, "s" },
		{ CONF_DURATION, 1, "ms" },
	};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].type == key->type && n != 0 && n % units[i].factor == 0) {
			buf_printf(out, "%lld%s", (long long)(n / units[i].factor), units[i].name);
			return;
		}
	buf_printf(out, "%lld", (long long)n);
}

void conf_range(const struct conf_key *key, struct buf *out)
{
	if (key->type == CONF_TEXT || key->type == CONF_BOOL || key->type == CONF_CHOICE)
		return;
	put_number(out, key, key->min);
	if (key->max > 0) {
		buf_addz(out, " to ");
		put_number(out, key, key->max);
	} else {
		buf_addz(out, " or more");
	}
}

static int check_range(
    const struct conf_key *key, bool number, int64_t num, const char *example, struct err *err)
{
	struct buf range = { 0 };

	if (number && num >= key->min && (key->max == 0 || num <= key->max))
		return 0;
	conf_range(key, &range);
	err_set(err, ERR_INPUT, "%s is %s, %s", key->name, example, buf_z(&range));
	buf_done(&range);
	return -1;
}

/* --- what the build cannot do --- */

static const char *lacks(const struct conf_key *key, int64_t num)
{
	return key->lacks ? key->lacks(num) : NULL;
}

static const char *name_of(const struct conf_key *key, int64_t num)
{
	return key->type == CONF_CHOICE ? key->choices[num] : num ? "on" : "off";
}

static int check_built(const struct conf_key *key, int64_t num, struct err *err)
{
	const char *why = lacks(key, num);

	return !why ? 0
		    : err_set(err, ERR_INPUT, "%s cannot be %s: not in this build: %s", key->name,
			  name_of(key, num), why);
}

void conf_lacking(const struct conf_key *key, struct buf *out)
{
	int64_t n = key->type == CONF_BOOL ? 2 : 0;
	size_t before = out->n;

	while (key->type == CONF_CHOICE && key->choices[n])
		n++;
	for (int64_t num = 0; num < n; num++)
		if (lacks(key, num))
			buf_printf(out, "%s%s: %s", out->n > before ? "; " : "", name_of(key, num),
			    lacks(key, num));
}

/* --- the check --- */

static int check_type(const struct conf_key *key, struct slice value, int64_t *num, struct err *err)
{
	uint64_t size = 0;
	bool ok;

	switch (key->type) {
	case CONF_BOOL:
		return check_bool(key, value, num, err);
	case CONF_CHOICE:
		return check_choice(key, value, num, err);
	case CONF_TEXT:
		return check_text(key, value, num, err);
	case CONF_INT:
		ok = num_i64(value, INT64_MIN, INT64_MAX, num);
		return check_range(key, ok, *num, "a number", err);
	case CONF_DURATION:
		ok = num_duration(value, INT64_MAX, num);
		return check_range(key, ok, *num, "a time like 30s, 5m or 12h", err);
	case CONF_SIZE:
		ok = num_size(value, INT64_MAX, &size);
		*num = (int64_t)size;
		return check_range(key, ok, *num, "a size like 64k, 25M or 2G", err);
	}
	bug("setting %s has no type", key->name);
}

int conf_check(const struct conf_key *key, struct slice value, int64_t *num, struct err *err)
{
	int64_t ignored;

	num = num ? num : &ignored;
	*num = 0;
	return check_type(key, value, num, err) == 0 ? check_built(key, *num, err) : -1;
}
