/* flow_record.c - policies, groups and entries as records of the directory */
#include "core/num.h"
#include "protocols/smtp/flow_private.h"

const char flow_room[] = "flow";

enum { VERSION = 1 };

void flow_key(struct buf *out, enum flow_record kind, const char *const *parts)
{
	buf_addc(out, (char)kind);
	for (; *parts; parts++) {
		buf_addc(out, '\0');
		buf_addz(out, *parts);
	}
}

static void put_text(struct buf *out, const char *text)
{
	num_put_bytes(out, slice_str(text));
}

static bool take_text(struct slice *rest, struct pool *pool, const char **out)
{
	struct slice text;

	if (!num_take_bytes(rest, &text))
		return false;
	*out = pool_str(pool, text);
	return true;
}

static bool take_version(struct slice *rest)
{
	bool good = rest->n > 0 && rest->p[0] == VERSION;

	*rest = slice_from(*rest, 1);
	return good;
}

void flow_put_policy(struct buf *out, const struct flow_policy *policy)
{
	buf_addc(out, VERSION);
	buf_addc(out, (char)policy->behaviour);
	put_text(out, policy->about);
}

bool flow_take_policy(struct slice value, struct pool *pool, struct flow_policy *out)
{
	if (!take_version(&value) || value.n == 0 || (unsigned char)value.p[0] > FLOW_CONTINUE)
		return false;
	out->behaviour = (enum flow_behaviour)value.p[0];
	value = slice_from(value, 1);
	return take_text(&value, pool, &out->about);
}

void flow_put_group(struct buf *out, const struct flow_group *group)
{
	unsigned char order[4];

	num_put32(order, group->order);
	buf_addc(out, VERSION);
	buf_add(out, order, sizeof(order));
	put_text(out, group->policy->name);
	put_text(out, group->about);
}

bool flow_take_group(
    struct slice value, struct pool *pool, struct flow_group *out, const char **policy)
{
	if (!take_version(&value) || value.n < 4)
		return false;
	out->order = num_get32((const unsigned char *)value.p);
	value = slice_from(value, 4);
	return take_text(&value, pool, policy) && take_text(&value, pool, &out->about);
}

void flow_put_entry(struct buf *out, const char *about)
{
	buf_addc(out, VERSION);
	put_text(out, about);
}

bool flow_take_entry(struct slice value, struct pool *pool, const char **about)
{
	return take_version(&value) && take_text(&value, pool, about);
}
