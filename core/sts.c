/* sts.c - the texts of MTA-STS: the policy and the DNS record that announces it */
#include "core/sts.h"

#include "core/num.h"
#include "core/text.h"

const char *const sts_mode_names[] = { "none", "testing", "enforce", NULL };

enum { PATTERNS_MAX = 100, ID_MAX = 32 };

struct reading {
	struct sts_policy *out;
	struct pool *pool;
	struct buf mx;
	unsigned patterns;
	bool version, mode, age;
};

static bool read_mode(struct reading *r, struct slice value)
{
	for (unsigned i = 0; sts_mode_names[i]; i++)
		if (slice_eq(value, slice_str(sts_mode_names[i]))) {
			r->out->mode = (enum sts_mode)i;
			return r->mode = true;
		}
	return false;
}

static bool read_age(struct reading *r, struct slice value)
{
	uint64_t age;

	if (!num_u64(value, INT64_MAX, &age))
		return false;
	r->out->max_age = age > STS_AGE_MAX ? STS_AGE_MAX : (int64_t)age;
	return r->age = true;
}

static bool read_mx(struct reading *r, struct slice value)
{
	bool wild = slice_starts(value, SLICE("*."));
	char *name = domain_ascii(r->pool, slice_from(value, wild ? 2 : 0));

	if (!name || ++r->patterns > PATTERNS_MAX)
		return false;
	buf_printf(&r->mx, "%s%s ", wild ? "*." : "", name);
	return true;
}

/* RFC 8461 3.2: the first of a key counts, but for mx; other keys are for others. */
static bool read_field(struct reading *r, struct slice name, struct slice value)
{
	if (slice_eq(name, SLICE("version")))
		return r->version = r->version || slice_eq(value, SLICE("STSv1"));
	if (slice_eq(name, SLICE("mode")))
		return r->mode || read_mode(r, value);
	if (slice_eq(name, SLICE("max_age")))
		return r->age || read_age(r, value);
	return !slice_eq(name, SLICE("mx")) || read_mx(r, value);
}

bool sts_policy_read(struct slice text, struct pool *pool, struct sts_policy *out)
{
	struct reading r = { .out = out, .pool = pool };
	struct slice rest = text;
	bool good = text.n <= STS_POLICY_MAX;

	*out = (struct sts_policy){ .text = text };
	while (good && rest.n > 0) {
		struct slice value = slice_trim(slice_cut(&rest, '\n'));
		if (value.n == 0)
			continue;
		good = slice_chr(value, ':') > 0;
		struct slice name = slice_trim(slice_cut(&value, ':'));
		good = good && read_field(&r, name, slice_trim(value));
	}
	out->mx = pool_slice(pool, buf_slice(&r.mx));
	buf_done(&r.mx);
	return good && r.version && r.mode && r.age && (r.patterns > 0 || out->mode == STS_NONE);
}

static bool fits(struct slice pattern, struct slice host)
{
	ptrdiff_t dot = slice_chr(host, '.');

	if (!slice_starts(pattern, SLICE("*.")))
		return slice_ieq(pattern, host);
	return dot > 0 && slice_ieq(slice_from(pattern, 1), slice_from(host, (size_t)dot));
}

bool sts_policy_names(const struct sts_policy *policy, struct slice host)
{
	struct slice rest = policy->mx, pattern;

	while ((pattern = slice_word(&rest)).n > 0)
		if (fits(pattern, host))
			return true;
	return false;
}

static bool is_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')))
			return false;
	return s.n > 0 && s.n <= ID_MAX;
}

bool sts_record_id(struct slice text, struct slice *id)
{
	bool found = false;

	if (!slice_eq(slice_trim(slice_cut(&text, ';')), SLICE("v=STSv1")))
		return false;
	while (text.n > 0) {
		struct slice value = slice_trim(slice_cut(&text, ';'));
		if (!slice_eq(slice_trim(slice_cut(&value, '=')), SLICE("id")) || found)
			continue;
		*id = slice_trim(value);
		found = is_id(*id);
	}
	return found;
}
