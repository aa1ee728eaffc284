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
	return c->usage != 0 || bits.n > 2; /* one bit at least is set */
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

static bool read_path_length(struct slice *list, struct cert *c)
{
	struct slice number;

	if (!der_want(list, DER_INTEGER, &number))
		return true;
	if (!c->is_ca || number.n == 0 || (number.p[0] & 0x80))
		return false;
	/* No path is longer than one byte can say. */
	c->path_length = number.n == 1 ? number.p[0] : CERT_PATH_UNLIMITED;
	return true;
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
	return true;
}

/* Policies matter to those who ask for some; nobody here does. */
static bool read_policies(struct slice value, struct cert *c)
{
	struct slice list;

	(void)c;
	return der_want(&value, DER_SEQUENCE, &list) && value.n == 0 && list.n > 0;
}

struct reader {
	unsigned char oid[3];
	bool (*read)(struct slice value, struct cert *c);
};

static const struct reader readers[] = {
	{ { 0x55, 0x1d, 14 }, read_subject_key },
	{ { 0x55, 0x1d, 15 }, read_usage },
	{ { 0x55, 0x1d, 17 }, read_alt_names },
	{ { 0x55, 0x1d, 19 }, read_constraints },
	{ { 0x55, 0x1d, 30 }, read_name_constraints },
	{ { 0x55, 0x1d, 32 }, read_policies },
	{ { 0x55, 0x1d, 35 }, read_authority_key },
	{ { 0x55, 0x1d, 37 }, read_purposes },
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

static bool read_extension(struct slice *list, struct cert *c, unsigned *seen)
{
	struct slice e, oid, critical = { 0 }, value;

	if (!der_want(list, DER_SEQUENCE, &e) || !der_want(&e, DER_OID, &oid))
		return false;
	der_want(&e, DER_BOOLEAN, &critical);
	if (!der_want(&e, DER_OCTETS, &value) || e.n > 0)
		return false;
	size_t i = reader_of(oid);
	if (i == READERS) {
		c->unknown_critical |= critical.n > 0 && critical.p[0] != 0;
		return true;
	}
	if (*seen & 1u << i)
		return false; /* RFC 5280 4.2: one of a kind */
	*seen |= 1u << i;
	return readers[i].read(value, c);
}

bool cert_read_extensions(struct slice list, struct cert *c)
{
	unsigned seen = 0;

	c->path_length = CERT_PATH_UNLIMITED;
	while (list.n > 0)
		if (!read_extension(&list, c, &seen))
			return false;
	return true;
}
