/* cert_read.c - what a certificate says */
#include "pki/cert.h"

#include "pki/der.h"

/* --- structure (RFC 5280 4.1) --- */

static bool read_validity(struct slice *tbs, struct cert *c)
{
	struct slice validity;

	return der_want(tbs, DER_SEQUENCE, &validity) && der_time_get(&validity, &c->not_before) &&
	    der_time_get(&validity, &c->not_after) && validity.n == 0;
}

static bool read_constraints(struct slice value, struct cert *c)
{
	struct slice list, ca;

	if (!der_want(&value, DER_SEQUENCE, &list))
		return false;
	c->is_ca = der_want(&list, DER_BOOLEAN, &ca) && ca.n == 1 && ca.p[0] != 0;
	return true;
}

static bool read_authority(struct slice value, struct cert *c)
{
	struct slice list;

	if (!der_want(&value, DER_SEQUENCE, &list))
		return false;
	der_want(&list, DER_CONTEXT | 0, &c->authority_key_id);
	return true;
}

static bool read_extension(struct slice *list, struct cert *c)
{
	struct slice e, oid, critical, value;

	if (!der_want(list, DER_SEQUENCE, &e) || !der_want(&e, DER_OID, &oid))
		return false;
	der_want(&e, DER_BOOLEAN, &critical);
	if (!der_want(&e, DER_OCTETS, &value) || e.n > 0)
		return false;
	if (der_oid_is(oid, "2.5.29.17"))
		return der_want(&value, DER_SEQUENCE, &c->alt_names);
	if (der_oid_is(oid, "2.5.29.19"))
		return read_constraints(value, c);
	if (der_oid_is(oid, "2.5.29.14"))
		return der_want(&value, DER_OCTETS, &c->subject_key_id);
	if (der_oid_is(oid, "2.5.29.35"))
		return read_authority(value, c);
	return true;
}

static bool read_extensions(struct slice *tbs, struct cert *c)
{
	struct slice explicit, list;

	if (!der_want(tbs, DER_CONTEXT_CONSTRUCTED | 3, &explicit))
		return true;
	if (!der_want(&explicit, DER_SEQUENCE, &list) || explicit.n > 0)
		return false;
	while (list.n > 0)
		if (!read_extension(&list, c))
			return false;
	return true;
}

static bool read_name(struct slice *tbs, struct slice *whole)
{
	struct der name;

	if (!der_next(tbs, &name) || name.tag != DER_SEQUENCE)
		return false;
	*whole = name.whole;
	return true;
}

static bool read_tbs(struct slice tbs, struct cert *c)
{
	struct slice skipped;
	struct der info;

	der_want(&tbs, DER_CONTEXT_CONSTRUCTED | 0, &skipped); /* version */
	if (!der_want(&tbs, DER_INTEGER, &c->serial) || !der_want(&tbs, DER_SEQUENCE, &skipped) ||
	    !read_name(&tbs, &c->issuer) || !read_validity(&tbs, c) ||
	    !read_name(&tbs, &c->subject))
		return false;
	if (!der_next(&tbs, &info) || info.tag != DER_SEQUENCE)
		return false;
	c->public_info = info.whole;
	der_want(&tbs, DER_CONTEXT | 1, &skipped); /* unique ids of version 2 */
	der_want(&tbs, DER_CONTEXT | 2, &skipped);
	return read_extensions(&tbs, c) && tbs.n == 0;
}

bool cert_next(struct slice *rest, struct cert *out)
{
	struct slice s = *rest, body;
	struct der whole, part;

	*out = (struct cert){ 0 };
	if (!der_next(&s, &whole) || whole.tag != DER_SEQUENCE)
		return false;
	out->der = whole.whole;
	body = whole.value;
	if (!der_next(&body, &part) || part.tag != DER_SEQUENCE || !read_tbs(part.value, out))
		return false;
	out->tbs = part.whole;
	if (!der_next(&body, &part) || part.tag != DER_SEQUENCE)
		return false;
	out->signature_algorithm = part.whole;
	if (!der_want(&body, DER_BITS, &out->signature) || body.n > 0)
		return false;
	*rest = s;
	return true;
}

/* --- names --- */

struct attribute {
	const char *oid, *word;
};

static const struct attribute attributes[] = {
	{ "2.5.4.3", "CN" },
	{ "2.5.4.5", "serialNumber" },
	{ "2.5.4.6", "C" },
	{ "2.5.4.7", "L" },
	{ "2.5.4.8", "ST" },
	{ "2.5.4.10", "O" },
	{ "2.5.4.11", "OU" },
	{ "0.9.2342.19200300.100.1.25", "DC" },
	{ "1.2.840.113549.1.9.1", "emailAddress" },
};

static void put_type(struct slice oid, struct buf *out)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (der_oid_is(oid, attributes[i].oid)) {
			buf_addz(out, attributes[i].word);
			return;
		}
	if (!der_oid_text(oid, out))
		buf_addc(out, '?');
}

/* Bytes that would forge another attribute, or another line, are shown in hex
   (RFC 4514 2.4). Two-byte strings are shown so, too. */
static void put_value(struct slice value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c < ' ' || c == 0x7f || strchr(",+\"\\<>;=", c))
			buf_printf(out, "\\%02x", c);
		else
			buf_addc(out, (char)c);
	}
}

void cert_name_text(struct slice name, struct buf *out)
{
	struct slice list, set, pair, oid;
	struct der value;
	const char *sep = "";

	if (!der_want(&name, DER_SEQUENCE, &list))
		return;
	while (der_want(&list, DER_SET, &set))
		while (der_want(&set, DER_SEQUENCE, &pair)) {
			if (!der_want(&pair, DER_OID, &oid) || !der_next(&pair, &value))
				continue;
			buf_addz(out, sep);
			put_type(oid, out);
			buf_addc(out, '=');
			put_value(value.value, out);
			sep = ", ";
		}
}

static bool is_host(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	return name.n > 0;
}

void cert_names(const struct cert *cert, bool (*visit)(void *arg, struct slice name), void *arg)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT | 2) && is_host(name.value) && !visit(arg, name.value))
			return;
}

static bool matches(struct slice pattern, struct slice host)
{
	if (slice_ieq(pattern, host))
		return true;
	if (!slice_starts(pattern, SLICE("*.")))
		return false;
	ptrdiff_t dot = slice_chr(host, '.');
	/* One label, and not a whole top-level domain. */
	return dot > 0 && slice_chr(slice_from(pattern, 2), '.') >= 0 &&
	    slice_ieq(slice_from(pattern, 1), slice_from(host, (size_t)dot));
}

struct search {
	struct slice host;
	bool found;
};

static bool look(void *arg, struct slice name)
{
	struct search *search = arg;

	search->found = matches(name, search->host);
	return !search->found;
}

bool cert_covers(const struct cert *cert, struct slice host)
{
	struct search search = { .host = host };

	cert_names(cert, look, &search);
	return search.found;
}
