/* range.c - single addresses, networks and ranges as text */
#include "core/range.h"

#include "core/num.h"

enum { IS_4 = 4, IS_6 = 6 };

/* Of a network, its first address; what is behind its prefix is zero. */
static struct range_address first_of(const struct net *net)
{
	struct range_address first = { { net_is_4(net) ? IS_4 : IS_6 } };

	memcpy(first.b + 1, net->ip, NET_IP);
	return first;
}

bool range_of(const struct sockaddr *from, struct range_address *out)
{
	struct net net;

	if (!net_of(from, &net))
		return false;
	*out = first_of(&net);
	return true;
}

static void set_net(struct range *out, const struct net *net)
{
	out->first = out->last = first_of(net);
	for (unsigned i = net->bits; i < 8 * NET_IP; i++)
		out->last.b[1 + i / 8] |= (unsigned char)(0x80 >> i % 8);
}

static bool parse_one(struct slice text, struct range_address *out)
{
	struct net net;

	if (slice_chr(text, '/') >= 0 || !net_parse(text, &net))
		return false;
	*out = first_of(&net);
	return true;
}

/* What stands behind the last dot of `first`, "192.0.2.1", replaced by `last`, "9". */
static bool parse_last(struct slice first, struct slice last, struct range_address *out)
{
	ptrdiff_t dot = slice_rchr(first, '.');
	struct buf whole = { 0 };

	if (slice_chr(last, '.') >= 0 || slice_chr(last, ':') >= 0 || dot < 0)
		return parse_one(last, out);
	buf_adds(&whole, slice_head(first, (size_t)dot + 1));
	buf_adds(&whole, last);
	bool good = parse_one(buf_slice(&whole), out);
	buf_done(&whole);
	return good;
}

static bool parse_from_to(struct slice first, struct slice last, struct range *out)
{
	return parse_one(first, &out->first) && parse_last(first, last, &out->last) &&
	    out->first.b[0] == out->last.b[0] &&
	    memcmp(&out->first, &out->last, sizeof(out->first)) <= 0;
}

/* "10.1.": 10.1.0.0/16 */
static bool parse_beginning(struct slice text, struct range *out)
{
	struct buf whole = { 0 };
	unsigned dots = 0;
	struct net net;

	for (size_t i = 0; i < text.n; i++)
		dots += text.p[i] == '.';
	if (dots > 3)
		return false;
	buf_adds(&whole, text);
	for (unsigned i = dots; i < 3; i++)
		buf_addz(&whole, "0.");
	buf_printf(&whole, "0/%u", 8 * dots);
	bool good = net_parse(buf_slice(&whole), &net);
	buf_done(&whole);
	if (good)
		set_net(out, &net);
	return good;
}

bool range_parse(struct slice text, struct range *out)
{
	ptrdiff_t dash = slice_chr(text, '-');
	struct net net;

	if (dash >= 0)
		return parse_from_to(
		    slice_head(text, (size_t)dash), slice_from(text, (size_t)dash + 1), out);
	if (text.n > 1 && text.p[text.n - 1] == '.')
		return parse_beginning(text, out);
	if (!net_parse(text, &net))
		return false;
	set_net(out, &net);
	return true;
}
