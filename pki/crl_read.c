/* crl_read.c - what a list of revoked certificates says (RFC 5280 5.1, 5.2) */
#include "pki/crl_private.h"

#include "pki/der.h"

/* --- times --- */

/* RFC 5280 5.1.2.4: UTCTime as long as it can say the year. */
static bool take_time(struct slice *rest, int64_t *unix_seconds)
{
	enum { Y2050 = 2524608000 };
	bool general = rest->n > 0 && rest->p[0] == DER_TIME;

	return der_time_get(rest, unix_seconds) && (!general || *unix_seconds >= Y2050);
}

/* --- extensions --- */

static bool read_authority_key(struct slice value, bool critical, struct crl *c)
{
	struct slice list;

	(void)critical;
	if (!der_want(&value, DER_SEQUENCE, &list) || value.n > 0)
		return false;
	der_want(&list, DER_CONTEXT | 0, &c->authority_key_id);
	return true;
}

static bool read_number(struct slice value, bool critical, struct crl *c)
{
	c->number_critical = critical;
	return der_want(&value, DER_INTEGER, &c->number) && value.n == 0 && c->number.n > 0;
}

static bool read_base(struct slice value, bool critical, struct crl *c)
{
	(void)critical;
	return der_want(&value, DER_INTEGER, &c->base) && value.n == 0 && c->base.n > 0;
}

static bool take_flag(struct slice *list, unsigned tag)
{
	struct slice flag = { 0 };

	return der_want(list, DER_CONTEXT | tag, &flag) && flag.n == 1 && flag.p[0] != 0;
}

/* Nine named bits; the first is unused. */
static bool take_reasons(struct slice *list, unsigned tag, unsigned *reasons)
{
	struct slice bits;

	if (!der_want(list, DER_CONTEXT | tag, &bits))
		return true;
	if (bits.n < 2 || bits.n > 3)
		return false;
	*reasons = 0;
	for (unsigned i = 0; i < 8 * (bits.n - 1); i++)
		if ((unsigned char)bits.p[1 + i / 8] & 0x80 >> i % 8)
			*reasons |= 1u << i;
	*reasons &= CRL_ALL_REASONS;
	return true;
}

static bool read_point(struct slice value, bool critical, struct crl *c)
{
	struct slice list;

	(void)critical;
	c->point = value;
	if (!der_want(&value, DER_SEQUENCE, &list) || value.n > 0)
		return false;
	der_want(&list, DER_CONTEXT_CONSTRUCTED | 0, &c->point_name);
	c->only_users = take_flag(&list, 1);
	c->only_authorities = take_flag(&list, 2);
	if (!take_reasons(&list, 3, &c->reasons))
		return false;
	c->indirect = take_flag(&list, 4);
	c->only_attributes = take_flag(&list, 5);
	return list.n == 0;
}

static const struct {
	unsigned char last; /* of 2.5.29.X */
	bool (*read)(struct slice value, bool critical, struct crl *c);
} readers[] = {
	{ 20, read_number },
	{ 27, read_base },
	{ 28, read_point },
	{ 35, read_authority_key },
};

static bool read_extension(struct slice oid, struct slice value, bool critical, struct crl *c)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d &&
		    (unsigned char)oid.p[2] == readers[i].last)
			return readers[i].read(value, critical, c);
	c->unknown_critical |= critical;
	return true;
}

static bool read_extensions(struct slice list, struct crl *c)
{
	struct slice oid, value;
	bool critical;

	while (list.n > 0)
		if (!cert_next_extension(&list, &oid, &critical, &value) ||
		    !read_extension(oid, value, critical, c))
			return false;
	return true;
}

/* --- structure --- */

static bool want_whole(struct slice *rest, unsigned tag, struct slice *whole)
{
	struct der value;

	if (!der_next(rest, &value) || value.tag != tag)
		return false;
	*whole = value.whole;
	return true;
}

/* RFC 5280 5.1.2.1: absent, or version 2. */
static bool take_version(struct slice *tbs)
{
	struct slice version;

	return !der_want(tbs, DER_INTEGER, &version) || (version.n == 1 && version.p[0] == 1);
}

static bool read_tbs(struct slice tbs, struct crl *c)
{
	struct slice explicit, list;

	if (!take_version(&tbs) || !want_whole(&tbs, DER_SEQUENCE, &c->inner_algorithm) ||
	    !want_whole(&tbs, DER_SEQUENCE, &c->issuer) || !take_time(&tbs, &c->this_update) ||
	    !take_time(&tbs, &c->next_update)) /* RFC 5280 5.1.2.5: there must be one */
		return false;
	der_want(&tbs, DER_SEQUENCE, &c->revoked);
	if (der_want(&tbs, DER_CONTEXT_CONSTRUCTED | 0, &explicit) &&
	    (!der_want(&explicit, DER_SEQUENCE, &list) || explicit.n > 0 ||
		!read_extensions(list, c)))
		return false;
	return tbs.n == 0;
}

bool crl_next(struct slice *rest, struct crl *out)
{
	struct slice s = *rest, body;
	struct der whole, tbs;

	*out = (struct crl){ .reasons = CRL_ALL_REASONS };
	if (!der_next(&s, &whole) || whole.tag != DER_SEQUENCE)
		return false;
	out->der = whole.whole;
	body = whole.value;
	if (!der_next(&body, &tbs) || tbs.tag != DER_SEQUENCE || !read_tbs(tbs.value, out))
		return false;
	out->tbs = tbs.whole;
	if (!want_whole(&body, DER_SEQUENCE, &out->signature_algorithm) ||
	    !der_want(&body, DER_BITS, &out->signature) || body.n > 0 || !crl_read_entries(out))
		return false;
	*rest = s;
	return true;
}
