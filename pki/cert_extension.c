/* cert_extension.c - what the extensions of a certificate say (RFC 5280 4.2) */
#include "pki/cert_private.h"

#include "pki/der.h"

/* --- one reader for each kind: false when it is malformed --- */

static bool read_usage(struct slice value, struct cert *c)
{
	struct slice bits;

	if (!der_want(&value, DER_BITS, &bits) || value.n > 0 || bits.n < 2)
		return false;
	for (unsigned i = 0; i < 8; i++)
		if ((unsigned char)bits.p[1] & 0x80 >> i)
			c->usage |= 1 << i;
	c->has_usage = true;
	return c->usage != 0 || bits.n > 2; /* RFC 5280 4.2.1.3: one bit at least is set */
}

static bool read_purposes(struct slice value, struct cert *c)
{
	c->has_purposes = true;
	return der_want(&value, DER_SEQUENCE, &c->purposes) && value.n == 0 && c->purposes.n > 0;
}

static bool read_alt_names(struct slice value, struct cert *c)
{
	return der_want(&value, DER_SEQUENCE, &c->alt_names) && value.n == 0 && c->alt_names.n > 0;
}

/* A number of certificates. No path is longer than one byte can say. */
static bool take_count(struct slice number, int *count)
{
	if (number.n == 0 || (number.p[0] & 0x80))
		return false;
	*count = number.n == 1 ? number.p[0] : CERT_PATH_UNLIMITED;
	return true;
}

static bool read_path_length(struct slice *list, struct cert *c)
{
	struct slice number;

	if (!der_want(list, DER_INTEGER, &number))
		return true;
	return c->is_ca && take_count(number, &c->path_length);
}

static bool read_constraints(struct slice value, struct cert *c)
{
	struct slice list, ca;

	if (!der_want(&value, DER_SEQUENCE, &list) || value.n > 0)
		return false;
	c->is_ca = der_want(&list, DER_BOOLEAN, &ca) && ca.n == 1 && ca.p[0] != 0;
	return read_path_length(&list, c) && list.n == 0;
}

static bool read_name_constraints(struct slice value, struct cert *c)
{
	return der_want(&value, DER_SEQUENCE, &c->name_constraints) && value.n == 0 &&
	    c->name_constraints.n > 0;
}

static bool read_subject_key(struct slice value, struct cert *c)
{
	return der_want(&value, DER_OCTETS, &c->subject_key_id) && value.n == 0;
}

static bool read_authority_key(struct slice value, struct cert *c)
{
	struct slice list;

	if (!der_want(&value, DER_SEQUENCE, &list) || value.n > 0)
		return false;
	der_want(&list, DER_CONTEXT | 0, &c->authority_key_id);
	c->authority_named = list.n > 0;
	return true;
}

/* --- policies (RFC 5280 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14) --- */

static bool read_policies(struct slice value, struct cert *c)
{
	return der_want(&value, DER_SEQUENCE, &c->policies) && value.n == 0 && c->policies.n > 0;
}

static bool read_mappings(struct slice value, struct cert *c)
{
	return der_want(&value, DER_SEQUENCE, &c->mappings) && value.n == 0 && c->mappings.n > 0;
}

static bool read_policy_constraints(struct slice value, struct cert *c)
{
	struct slice list, number;

	if (!der_want(&value, DER_SEQUENCE, &list) || value.n > 0 || list.n == 0)
		return false;
	if (der_want(&list, DER_CONTEXT | 0, &number) && !take_count(number, &c->explicit_policy))
		return false;
	if (der_want(&list, DER_CONTEXT | 1, &number) && !take_count(number, &c->inhibit_mapping))
		return false;
	return list.n == 0;
}

static bool read_inhibit_any(struct slice value, struct cert *c)
{
	struct slice number;

	return der_want(&value, DER_INTEGER, &number) && value.n == 0 &&
	    take_count(number, &c->inhibit_any);
}

static bool read_crl_points(struct slice value, struct cert *c)
{
	return der_want(&value, DER_SEQUENCE, &c->crl_points) && value.n == 0 &&
	    c->crl_points.n > 0;
}

struct reader {
	unsigned char oid[3];
	bool (*read)(struct slice value, struct cert *c);
};

static const struct reader readers[] = {
	[CERT_SUBJECT_KEY] = { { 0x55, 0x1d, 14 }, read_subject_key },
	[CERT_USAGE] = { { 0x55, 0x1d, 15 }, read_usage },
	[CERT_ALT_NAMES] = { { 0x55, 0x1d, 17 }, read_alt_names },
	[CERT_CONSTRAINTS] = { { 0x55, 0x1d, 19 }, read_constraints },
	[CERT_NAME_CONSTRAINTS] = { { 0x55, 0x1d, 30 }, read_name_constraints },
	[CERT_CRL_POINTS] = { { 0x55, 0x1d, 31 }, read_crl_points },
	[CERT_POLICIES] = { { 0x55, 0x1d, 32 }, read_policies },
	[CERT_MAPPINGS] = { { 0x55, 0x1d, 33 }, read_mappings },
	[CERT_AUTHORITY_KEY] = { { 0x55, 0x1d, 35 }, read_authority_key },
	[CERT_POLICY_CONSTRAINTS] = { { 0x55, 0x1d, 36 }, read_policy_constraints },
	[CERT_PURPOSES] = { { 0x55, 0x1d, 37 }, read_purposes },
	[CERT_INHIBIT_ANY] = { { 0x55, 0x1d, 54 }, read_inhibit_any },
};

enum { READERS = sizeof(readers) / sizeof(*readers) };

/* --- all of them --- */

static size_t reader_of(struct slice oid)
{
	size_t i = 0;

	while (i < READERS && !slice_eq(oid, slice_of(readers[i].oid, sizeof(readers[i].oid))))
		i++;
	return i;
}

bool cert_next_extension(struct slice *list, struct slice *oid, bool *critical, struct slice *value)
{
	struct slice e, flag = { 0 };

	if (!der_want(list, DER_SEQUENCE, &e) || !der_want(&e, DER_OID, oid))
		return false;
	der_want(&e, DER_BOOLEAN, &flag);
	*critical = flag.n > 0 && flag.p[0] != 0;
	return der_want(&e, DER_OCTETS, value) && e.n == 0;
}

static bool read_extension(struct slice *list, struct cert *c)
{
	struct slice oid, value;
	bool critical;

	if (!cert_next_extension(list, &oid, &critical, &value))
		return false;
	size_t i = reader_of(oid);
	if (i == READERS) {
		c->unknown_critical |= critical;
		return true;
	}
	if (c->present & 1u << i)
		return false; /* RFC 5280 4.2: one of a kind */
	c->present |= 1u << i;
	c->critical |= (unsigned)critical << i;
	return readers[i].read(value, c);
}

bool cert_read_extensions(struct slice list, struct cert *c)
{
	c->extensions = list;
	while (list.n > 0)
		if (!read_extension(&list, c))
			return false;
	return true;
}
