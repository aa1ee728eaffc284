/* verify_profile.c - what the Web PKI and S/MIME ask of certificates beside RFC 5280 6.1
 *
 * RFC 5280 4 says how certificates are to be made; most of it no path needs. Here it is
 * asked for, with what the CA/Browser Forum's baselines add (BR: for servers; SBR: for
 * mail). One table of rules: for whom, when, and what to say. */
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/verify_private.h"

enum who { LEAF = 1, BETWEEN = 2, TRUSTED = 4, ISSUERS = BETWEEN | TRUSTED, ALL = 7 };

#define ON(purpose) (1u << (purpose))
enum { EVERY = 0xff, SERVER = ON(VERIFY_SERVER), EMAIL = ON(VERIFY_EMAIL) };

/* --- what is asked of fields --- */

static bool is_version_3(const struct cert *c)
{
	return c->version == 3;
}

/* RFC 5280 4.1.2.2: positive, and 20 bytes at most. */
static bool serial_is_good(const struct cert *c)
{
	struct slice s = c->serial;

	if (s.n == 0 || (s.p[0] & 0x80))
		return false;
	if (s.p[0] == 0)
		s = slice_from(s, 1);
	return s.n > 0 && s.n <= 20;
}

static bool name_is_empty(struct slice name)
{
	struct slice list;

	return !der_want(&name, DER_SEQUENCE, &list) || list.n == 0;
}

static bool has_subject(const struct cert *c)
{
	return !name_is_empty(c->subject);
}

/* RFC 5280 4.2.1.6, BR 7.1.2.7.12: critical if, and only if, there is nothing else. */
static bool alt_names_fit_subject(const struct cert *c)
{
	return !cert_has(c, CERT_ALT_NAMES) ||
	    cert_critical(c, CERT_ALT_NAMES) == name_is_empty(c->subject);
}

static unsigned bits_in(struct slice number)
{
	unsigned bits = 0;

	while (number.n > 0 && number.p[0] == 0)
		number = slice_from(number, 1);
	for (unsigned char top = number.n > 0 ? (unsigned char)number.p[0] : 0; top; top >>= 1)
		bits++;
	return number.n > 0 ? bits + 8 * (unsigned)(number.n - 1) : 0;
}

/* BR 6.1.5: an RSA key's size is a multiple of eight. */
static bool key_is_regular(const struct cert *c)
{
	struct slice rest = c->public_info, info, algorithm, oid, bits, key, modulus;

	if (!der_want(&rest, DER_SEQUENCE, &info) || !der_want(&info, DER_SEQUENCE, &algorithm) ||
	    !der_want(&algorithm, DER_OID, &oid) || !der_oid_is(oid, "1.2.840.113549.1.1.1"))
		return true;
	if (!der_want(&info, DER_BITS, &bits) || bits.n < 1)
		return false;
	bits = slice_from(bits, 1);
	return der_want(&bits, DER_SEQUENCE, &key) && der_want(&key, DER_INTEGER, &modulus) &&
	    bits_in(modulus) % 8 == 0;
}

/* --- of extensions --- */

/* RFC 5280 4.2, also of those that are not read. */
static bool extensions_are_single(const struct cert *c)
{
	struct slice rest = c->extensions, oid, other, value;
	bool critical;

	while (cert_next_extension(&rest, &oid, &critical, &value))
		for (struct slice more = rest;
		     cert_next_extension(&more, &other, &critical, &value);)
			if (slice_eq(oid, other))
				return false;
	return true;
}

/* RFC 5280 4.2.1.1, 4.2.1.2 */
static bool key_ids_are_hints(const struct cert *c)
{
	return !cert_critical(c, CERT_AUTHORITY_KEY) && !cert_critical(c, CERT_SUBJECT_KEY);
}

static bool names_issuer_key(const struct cert *c)
{
	return c->authority_key_id.n > 0 || verify_self_issued(c);
}

static bool names_own_key(const struct cert *c)
{
	return c->subject_key_id.n > 0;
}

/* BR 7.1.2.1.3 */
static bool root_names_itself(const struct cert *c)
{
	if (!cert_has(c, CERT_AUTHORITY_KEY) || !verify_self_issued(c))
		return true;
	return !c->authority_named && slice_eq(c->authority_key_id, c->subject_key_id);
}

/* RFC 5280 4.2.1.9 */
static bool says_critically_what_it_is(const struct cert *c)
{
	return cert_critical(c, CERT_CONSTRAINTS);
}

static bool signs_what_it_may(const struct cert *c)
{
	return c->is_ca ? !c->has_usage || (c->usage & CERT_CERT_SIGN)
			: !c->has_usage || !(c->usage & CERT_CERT_SIGN);
}

/* RFC 5280 4.2.1.10 */
static bool constrains_no_names(const struct cert *c)
{
	return c->is_ca || !cert_has(c, CERT_NAME_CONSTRAINTS);
}

/* RFC 5280 4.2.1.11 */
static bool policy_constraints_are_critical(const struct cert *c)
{
	return !cert_has(c, CERT_POLICY_CONSTRAINTS) || cert_critical(c, CERT_POLICY_CONSTRAINTS);
}

/* RFC 5280 4.2.2.1: never critical; one AccessDescription at least. */
static bool access_info_is_good(struct slice value, bool critical)
{
	struct slice list, one, oid;
	struct der place;

	if (critical || !der_want(&value, DER_SEQUENCE, &list) || value.n > 0 || list.n == 0)
		return false;
	while (list.n > 0)
		if (!der_want(&list, DER_SEQUENCE, &one) || !der_want(&one, DER_OID, &oid) ||
		    !der_next(&one, &place) || one.n > 0)
			return false;
	return true;
}

static bool access_is_good(const struct cert *c)
{
	struct slice rest = c->extensions, oid, value;
	bool critical;

	while (cert_next_extension(&rest, &oid, &critical, &value))
		if (der_oid_is(oid, "1.3.6.1.5.5.7.1.1") && !access_info_is_good(value, critical))
			return false;
	return true;
}

/* --- of purposes (BR 7.1.2.7.10, 7.1.2.10.6; SBR 7.1.2.2, 7.1.2.3) --- */

static bool has_none_of(const struct cert *c, const char *const *oids)
{
	struct slice rest = c->purposes, oid;

	while (der_want(&rest, DER_OID, &oid))
		for (size_t i = 0; oids[i]; i++)
			if (der_oid_is(oid, oids[i]))
				return false;
	return true;
}

#define FOR_ANYTHING "2.5.29.37.0"
#define FOR_CODE "1.3.6.1.5.5.7.3.3"
#define FOR_TIME_STAMPS "1.3.6.1.5.5.7.3.8"
#define FOR_OCSP "1.3.6.1.5.5.7.3.9"
#define FOR_PRECERTIFICATES "1.3.6.1.4.1.11129.2.4.4"

static bool is_not_for_all_things(const struct cert *c)
{
	static const char *const others[] = { FOR_ANYTHING, FOR_CODE, CERT_FOR_EMAIL,
		FOR_TIME_STAMPS, FOR_OCSP, FOR_PRECERTIFICATES, NULL };

	return has_none_of(c, others);
}

static bool is_for_mail_alone(const struct cert *c)
{
	static const char *const others[] = { FOR_ANYTHING, FOR_CODE, CERT_FOR_SERVERS,
		FOR_TIME_STAMPS, NULL };

	return has_none_of(c, others);
}

static bool has_purposes(const struct cert *c)
{
	return c->has_purposes;
}

static bool has_no_purposes(const struct cert *c)
{
	return !c->has_purposes;
}

static bool purposes_are_hints(const struct cert *c)
{
	return !cert_critical(c, CERT_PURPOSES);
}

static bool has_usage(const struct cert *c)
{
	return c->has_usage;
}

static bool signs_lists(const struct cert *c)
{
	return !c->has_usage || (c->usage & CERT_CRL_SIGN);
}

static bool has_alt_names(const struct cert *c)
{
	return cert_has(c, CERT_ALT_NAMES);
}

/* --- the table --- */

static const struct rule {
	unsigned who, purposes;
	bool (*holds)(const struct cert *cert);
	const char *otherwise;
} rules[] = {
	{ ALL, EVERY, is_version_3, "it is not of version 3" },
	{ LEAF | BETWEEN, EVERY, serial_is_good, "its serial number is none that may be given" },
	{ ALL, EVERY, extensions_are_single, "it has an extension twice" },
	{ ALL, EVERY, key_ids_are_hints, "it marks the id of a key as critical" },
	{ ALL, EVERY, names_issuer_key, "it does not name the key that signed it" },
	{ ALL, EVERY, access_is_good, "what it says of its authority's services is malformed" },
	{ ALL, EVERY, policy_constraints_are_critical,
	    "it constrains policies without marking that as critical" },
	{ ALL, EVERY, key_is_regular, "its key has an odd size" },
	{ ISSUERS, EVERY, has_subject, "it is an authority without a name" },
	{ ISSUERS, EVERY, names_own_key, "it does not name its key" },
	{ ISSUERS, EVERY, says_critically_what_it_is,
	    "it says that it is an authority without marking that as critical" },
	{ TRUSTED, EVERY, root_names_itself, "it names another key as that which signed it" },
	{ LEAF, EVERY, signs_what_it_may, "what it is and what its key may do are at odds" },
	{ LEAF, EVERY, constrains_no_names, "it constrains names and is no authority" },
	{ LEAF, EVERY, alt_names_fit_subject,
	    "its names are marked as critical where they must not be, or not where they must" },
	{ ALL, SERVER | EMAIL, purposes_are_hints, "it marks its purposes as critical" },
	{ TRUSTED, SERVER | EMAIL, has_no_purposes, "it is trusted and limits its purposes" },
	{ LEAF | BETWEEN, SERVER, is_not_for_all_things, "it is for other purposes, too" },
	{ LEAF | BETWEEN, EMAIL, is_for_mail_alone, "it is for other purposes, too" },
	{ LEAF, EMAIL, has_purposes, "it does not say that it is for mail" },
	{ LEAF, EMAIL, has_usage, "it does not say what its key may do" },
	{ LEAF, EMAIL, has_alt_names, "it has no mail address" },
	{ BETWEEN, EMAIL, signs_lists, "its key may not sign lists of revoked ones" },
};

static int check(
    const struct verify_spec *spec, const struct cert *c, enum who who, struct err *err)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if ((rules[i].who & who) && (rules[i].purposes & ON(spec->purpose)) &&
		    !rules[i].holds(c))
			return err_set(err, ERR_INPUT, "%s", rules[i].otherwise);
	return 0;
}

int profile_leaf(const struct verify_spec *spec, const struct cert *leaf, struct err *err)
{
	if (check(spec, leaf, LEAF, err) != 0 || profile_names(leaf, err) != 0)
		return -1;
	return spec->purpose == VERIFY_SERVER ? profile_common_name(leaf, err) : 0;
}

int profile_authority(
    const struct verify_spec *spec, const struct cert *ca, bool trusted, struct err *err)
{
	if (check(spec, ca, trusted ? TRUSTED : BETWEEN, err) != 0)
		return -1;
	return trusted ? 0 : profile_names(ca, err);
}

/* --- lists of revoked ones --- */

/* RFC 5280 5.2.3; BR 7.2.2.1: a partial list is at a URI, and no indirect one. */
bool profile_list(const struct crl *list)
{
	struct slice names = list->point_name, full = { 0 };
	struct der name;

	if (list->number.n == 0 || list->number_critical || list->indirect || crl_repeats(list))
		return false;
	if (names.n > 0 && !der_want(&names, DER_CONTEXT_CONSTRUCTED | 0, &full))
		return false;
	while (der_next(&full, &name))
		if (name.tag != (DER_CONTEXT | 6))
			return false;
	return true;
}
