/* verify_profile_name.c - are the names in a certificate well-formed? (RFC 5280 4.2.1.6)
 *
 * A name that is none would be matched by somebody in some way. */
#include <arpa/inet.h>

#include "pki/der.h"
#include "pki/verify_private.h"

/* --- alternative names --- */

static bool is_label(struct slice label)
{
	if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return true;
}

/* RFC 1034 3.5; the whole leftmost label may be a wildcard (RFC 9525 6.3). */
static bool is_dns_name(struct slice name)
{
	if (slice_starts(name, SLICE("*.")))
		name = slice_from(name, 2);
	if (name.n == 0 || name.n > 253)
		return false;
	while (name.p)
		if (!is_label(slice_cut(&name, '.')))
			return false;
	return true;
}

static bool is_mailbox(struct slice name)
{
	ptrdiff_t at = slice_chr(name, '@');

	return at > 0 && slice_rchr(name, '@') == at && (size_t)at + 1 < name.n;
}

static bool is_well_formed(const struct der *name)
{
	switch (name->tag) {
	case DER_CONTEXT | 1:
		return is_mailbox(name->value);
	case DER_CONTEXT | 2:
		return is_dns_name(name->value);
	case DER_CONTEXT | 7:
		return name->value.n == sizeof(struct in_addr) ||
		    name->value.n == sizeof(struct in6_addr);
	default:
		return true;
	}
}

int profile_names(const struct cert *cert, struct err *err)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (rest.n > 0)
		if (!der_next(&rest, &name) || !is_well_formed(&name))
			return err_set(err, ERR_INPUT, "one of its names is malformed");
	return 0;
}

/* --- the subject's CN (BR 7.1.4.3) ---
 *
 * Nobody here takes a CN for a name, but others do. So it must not be one of the
 * certificate's names in another spelling; and where it is a host's name and all that
 * the subject says, it is one of them, or a domain of one. */

static bool has_alt(const struct cert *cert, unsigned tag, struct slice value)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == tag && slice_eq(name.value, value))
			return true;
	return false;
}

/* 192.168.001.001, 0xC0A80101, 2001:DB8::1: what reads as an address of the
   certificate's and is not written as one is. */
static bool is_odd_address(const struct cert *cert, const char *cn)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET6, cn, &six) == 1)
		return inet_ntop(AF_INET6, &six, text, sizeof(text)) && strcmp(text, cn) != 0;
	return inet_pton(AF_INET, cn, &four) != 1 && inet_aton(cn, &four) != 0 &&
	    has_alt(cert, DER_CONTEXT | 7, slice_of(&four, sizeof(four)));
}

/* Is it a host's name in letters that only people read? */
static bool is_unicode_host(struct slice cn)
{
	bool beyond = false;

	for (size_t i = 0; i < cn.n; i++) {
		if (cn.p[i] == ' ')
			return false;
		beyond |= (unsigned char)cn.p[i] >= 0x80;
	}
	return beyond && slice_chr(cn, '.') > 0;
}

struct meeting {
	struct slice cn;
	bool same, other_case, below, any;
};

static bool meet(void *arg, struct slice name)
{
	struct meeting *m = arg;

	m->any = true;
	m->same |= slice_eq(name, m->cn);
	m->other_case |= slice_ieq(name, m->cn);
	m->below |=
	    name.n > m->cn.n && slice_iends(name, m->cn) && name.p[name.n - m->cn.n - 1] == '.';
	return true;
}

static bool is_astray(const struct cert *cert, struct slice cn, bool alone)
{
	struct meeting m = { .cn = cn };

	cert_names(cert, meet, &m);
	if (m.same || !m.any)
		return false;
	return m.other_case || (alone && !m.below && slice_chr(cn, '.') > 0 && is_dns_name(cn));
}

static bool is_common_name_good(const struct cert *cert, struct slice cn, bool alone)
{
	struct buf z = { 0 };

	buf_adds(&z, cn);
	bool odd = slice_chr(cn, '\0') < 0 && is_odd_address(cert, buf_z(&z));
	buf_done(&z);
	return !odd && !is_unicode_host(cn) && !is_astray(cert, cn, alone);
}

/* How many attributes the subject has. */
static size_t attributes_in(struct slice subject)
{
	struct slice list = { 0 }, set, pair;
	size_t n = 0;

	der_want(&subject, DER_SEQUENCE, &list);
	while (der_want(&list, DER_SET, &set))
		while (der_want(&set, DER_SEQUENCE, &pair))
			n++;
	return n;
}

int profile_common_name(const struct cert *leaf, struct err *err)
{
	struct slice rest = leaf->subject, list = { 0 }, set, pair, oid;
	bool alone = attributes_in(leaf->subject) == 1;
	struct der value;

	der_want(&rest, DER_SEQUENCE, &list);
	while (der_want(&list, DER_SET, &set))
		while (der_want(&set, DER_SEQUENCE, &pair))
			if (der_want(&pair, DER_OID, &oid) && der_oid_is(oid, "2.5.4.3") &&
			    der_next(&pair, &value) &&
			    !is_common_name_good(leaf, value.value, alone))
				return err_set(
				    err, ERR_INPUT, "its CN is a name that is not among its names");
	return 0;
}
