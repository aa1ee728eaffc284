/* dnsbl_read.c - which lists are asked, and which of their answers count: a setting */
#include "core/num.h"
#include "core/text.h"
#include "protocols/smtp/check.h"
#include "protocols/smtp/dnsbl.h"

static int check(struct slice value, struct err *err)
{
	struct dnsbl lists[DNSBL_MAX];
	struct pool pool = { 0 };
	int n = dnsbl_read(value, &pool, lists, err);

	pool_done(&pool);
	return n < 0 ? -1 : 0;
}

CONF_KEY(dnsbl_lists) = {
	.name = "dnsbl.lists",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_POLICY,
	.def = "",
	.help = "DNS lists that senders' addresses are looked up in, parted by blanks, or "
		"none: "
		"ZONE[/4|/6][=CODES][:WEIGHT], like bl.example.org=127.0.0.2-11:3",
	.check = check,
};

/* "2", "2-11", "*" */
static bool read_octet(struct slice text, unsigned char *from, unsigned char *to)
{
	struct slice last = text, first = slice_cut(&last, '-');
	uint64_t a, b;

	if (slice_eq(text, SLICE("*"))) {
		*from = 0;
		*to = 255;
		return true;
	}
	if (!num_u64(first, 255, &a) || !num_u64(last.p ? last : first, 255, &b) || a > b)
		return false;
	*from = (unsigned char)a;
	*to = (unsigned char)b;
	return true;
}

static bool read_code(struct slice text, struct dnsbl_code *out)
{
	for (unsigned i = 0; i < 4; i++)
		if (!read_octet(slice_cut(&text, '.'), &out->from[i], &out->to[i]))
			return false;
	return !text.p;
}

static bool read_codes(struct slice text, struct dnsbl *out)
{
	while (text.p)
		if (out->n_codes == DNSBL_CODES_MAX ||
		    !read_code(slice_cut(&text, ','), &out->codes[out->n_codes++]))
			return false;
	return out->n_codes > 0;
}

static bool read_zone(struct slice text, struct pool *pool, struct dnsbl *out)
{
	struct slice zone = slice_cut(&text, '/');

	out->only_4 = slice_eq(text, SLICE("4"));
	out->only_6 = slice_eq(text, SLICE("6"));
	out->zone = domain_ascii(pool, zone);
	return out->zone && (!text.p || out->only_4 || out->only_6);
}

static bool read_one(struct slice word, struct pool *pool, struct dnsbl *out)
{
	struct slice weight = word, rest = slice_cut(&weight, ':');
	struct slice codes = rest, zone = slice_cut(&codes, '=');
	int64_t n = 1;

	*out = (struct dnsbl){ 0 };
	if (weight.p && !num_i64(weight, -DNSBL_WEIGHT_MAX, DNSBL_WEIGHT_MAX, &n))
		return false;
	out->weight = (int)n;
	return n != 0 && read_zone(zone, pool, out) && (!codes.p || read_codes(codes, out));
}

int dnsbl_read(struct slice text, struct pool *pool, struct dnsbl out[DNSBL_MAX], struct err *err)
{
	struct slice word;
	int n = 0;

	if (slice_eq(text, SLICE(SMTP_NONE)))
		return 0;
	while ((word = slice_word(&text)).n > 0) {
		if (n == DNSBL_MAX)
			return err_set(err, ERR_LIMIT, "at most %d lists", DNSBL_MAX);
		if (!read_one(word, pool, &out[n++]))
			return err_set(err, ERR_INPUT,
			    "not a list: %.*s; like bl.example.org or "
			    "bl.example.org/4=127.0.0.2-11,127.0.1.*:3",
			    SLICE_ARG(word));
	}
	return n;
}
