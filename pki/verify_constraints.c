/* verify_constraints.c - name constraints (RFC 5280 4.2.1.10)
 *
 * For each kind of name there is a function that says whether it lies in a
 * subtree. A name of a kind that is constrained and not known here is refused. */
#include "pki/der.h"
#include "pki/verify_private.h"

enum name_kind { /* of GeneralName */
	EMAIL = 1,
	DNS = 2,
	DIRECTORY = 4,
	URI = 6,
	ADDRESS = 7,
};

static enum name_kind kind_of(const struct der *name)
{
	return (enum name_kind)(name->tag & 0x1f);
}

/* --- is it in the subtree? --- */

/* The host itself, or one below it; all are below "". */
static bool host_in(struct slice host, struct slice base)
{
	if (base.n == 0 || slice_ieq(host, base))
		return true;
	if (base.p[0] == '.')
		return slice_iends(host, base);
	return slice_iends(host, base) && host.p[host.n - base.n - 1] == '.';
}

/* RFC 5280 4.2.1.10 for e-mail and URIs: without a dot before it, it is that
   host alone. */
static bool host_exact_or_below(struct slice host, struct slice base)
{
	return base.n > 0 && base.p[0] == '.' ? slice_iends(host, base) : slice_ieq(host, base);
}

static bool email_in(struct slice name, struct slice base)
{
	ptrdiff_t at = slice_rchr(name, '@'), base_at = slice_rchr(base, '@');

	if (at < 0)
		return false;
	struct slice host = slice_from(name, (size_t)at + 1);
	if (base_at < 0)
		return host_exact_or_below(host, base);
	return slice_eq(slice_head(name, (size_t)at), slice_head(base, (size_t)base_at)) &&
	    slice_ieq(host, slice_from(base, (size_t)base_at + 1));
}

/* What lies between "//" or a user's name and a port or path. RFC 3986 knows no "\\";
   browsers take it for "/", so whose host it is would be a matter of opinion: nobody's. */
static struct slice uri_host(struct slice uri)
{
	ptrdiff_t at = slice_chr(uri, '\\') < 0 ? slice_find(uri, SLICE("://")) : -1;
	size_t n = 0;

	uri = at < 0 ? slice_head(uri, 0) : slice_from(uri, (size_t)at + 3);
	while (n < uri.n && !strchr("/?#", uri.p[n]))
		n++;
	uri = slice_head(uri, n);
	at = slice_rchr(uri, '@');
	uri = slice_from(uri, (size_t)(at + 1));
	at = slice_chr(uri, ':');
	return at < 0 ? uri : slice_head(uri, (size_t)at);
}

static bool address_in(struct slice name, struct slice base)
{
	if (base.n != 2 * name.n)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((name.p[i] ^ base.p[i]) & base.p[name.n + i])
			return false;
	return true;
}

static bool directory_in(struct slice name, struct slice base)
{
	struct buf one = { 0 }, two = { 0 };

	cert_name_canonical(name, &one);
	cert_name_canonical(base, &two);
	bool in = slice_starts(buf_slice(&one), buf_slice(&two));
	buf_done(&one);
	buf_done(&two);
	return in;
}

/* `*.example.org` stands for names of which some may be excluded. */
static bool wildcard_meets(struct slice name, struct slice base)
{
	return slice_starts(name, SLICE("*.")) && host_in(base, slice_from(name, 2));
}

static bool lies_in(const struct der *name, struct slice base, bool excluded)
{
	switch (kind_of(name)) {
	case EMAIL:
		return email_in(name->value, base);
	case DNS:
		return host_in(name->value, base) ||
		    (excluded && wildcard_meets(name->value, base));
	case DIRECTORY:
		return directory_in(name->value, base);
	case URI:
		return host_exact_or_below(uri_host(name->value), base);
	case ADDRESS:
		return address_in(name->value, base);
	}
	return excluded; /* not known: never permitted, always excluded */
}

/* --- is the subtree what RFC 5280 4.2.1.10 says it is? --- */

/* Bits that are set, then none. */
static bool is_mask(struct slice mask)
{
	bool ended = false;

	for (size_t i = 0; i < mask.n; i++)
		for (unsigned bit = 0x80; bit > 0; bit >>= 1) {
			bool set = ((unsigned char)mask.p[i] & bit) != 0;
			if (set && ended)
				return false;
			ended |= !set;
		}
	return true;
}

static bool is_subtree(const struct der *base)
{
	struct slice v = base->value;

	switch (kind_of(base)) {
	case DNS: /* a dot before it is for URIs and mail; a wildcard is for nobody */
		return slice_chr(v, '*') < 0 && (v.n == 0 || v.p[0] != '.');
	case EMAIL:
		return slice_chr(v, '@') == slice_rchr(v, '@');
	case ADDRESS:
		return (v.n == 8 || v.n == 32) && is_mask(slice_from(v, v.n / 2));
	case DIRECTORY:
	case URI:
		break;
	}
	return true;
}

/* --- one name against all subtrees of a kind --- */

struct constraints {
	struct slice permitted, excluded; /* GeneralSubtrees */
	bool strict;
	unsigned *budget;
};

/* minimum is 0 and maximum absent, RFC 5280 says: what else there is is not known. */
static bool next_subtree(struct slice *rest, struct der *base, bool *known)
{
	struct slice subtree;

	if (!der_want(rest, DER_SEQUENCE, &subtree) || !der_next(&subtree, base))
		return false;
	*known = subtree.n == 0;
	return true;
}

struct verdict {
	bool of_kind, inside, known;
};

static struct verdict compare(
    const struct constraints *c, struct slice subtrees, const struct der *name, bool excluded)
{
	struct verdict v = { .known = true };
	struct der base;
	bool known;

	while (*c->budget > 0 && next_subtree(&subtrees, &base, &known)) {
		--*c->budget;
		if (kind_of(&base) != kind_of(name))
			continue;
		v.of_kind = true;
		v.known &= known && (!c->strict || is_subtree(&base));
		v.inside |= lies_in(name, base.value, excluded);
	}
	v.known &= subtrees.n == 0;
	return v;
}

static int check_name(const struct constraints *c, const struct der *name, struct err *err)
{
	struct verdict permitted = compare(c, c->permitted, name, false);
	struct verdict excluded = compare(c, c->excluded, name, true);

	if (!permitted.known || !excluded.known || *c->budget == 0)
		return err_set(err, ERR_INPUT, "it constrains names in a way that is not known");
	if ((permitted.of_kind && !permitted.inside) || (excluded.of_kind && excluded.inside))
		return err_set(err, ERR_INPUT, "it does not allow the names below it");
	return 0;
}

/* --- all names of a certificate --- */

/* RFC 5280 4.2.1.10: addresses in the subject count where subjectAltName has none. */
static int check_subject_emails(const struct constraints *c, struct slice subject, struct err *err)
{
	struct slice list = { 0 }, set, pair, oid;
	struct der value;

	der_want(&subject, DER_SEQUENCE, &list);
	while (der_want(&list, DER_SET, &set))
		while (der_want(&set, DER_SEQUENCE, &pair)) {
			if (!der_want(&pair, DER_OID, &oid) || !der_next(&pair, &value) ||
			    !der_oid_is(oid, "1.2.840.113549.1.9.1"))
				continue;
			value.tag = DER_CONTEXT | EMAIL;
			if (check_name(c, &value, err) != 0)
				return -1;
		}
	return 0;
}

static int check_alt_names(
    const struct constraints *c, struct slice names, bool *emails, struct err *err)
{
	struct der name;

	while (names.n > 0) {
		if (!der_next(&names, &name))
			return err_set(err, ERR_INPUT, "names below it cannot be read");
		*emails |= kind_of(&name) == EMAIL;
		if (check_name(c, &name, err) != 0)
			return -1;
	}
	return 0;
}

static int check_subject(const struct constraints *c, struct slice subject, struct err *err)
{
	struct slice whole = subject, list = { 0 };
	struct der name = { .tag = DER_CONTEXT_CONSTRUCTED | DIRECTORY, .value = subject };

	der_want(&whole, DER_SEQUENCE, &list);
	return list.n > 0 ? check_name(c, &name, err) : 0;
}

/* GeneralSubtrees has one at least. */
static bool take_subtrees(struct slice *rest, unsigned tag, struct slice *subtrees)
{
	return !der_want(rest, DER_CONTEXT_CONSTRUCTED | tag, subtrees) || subtrees->n > 0;
}

int verify_names(
    const struct cert *ca, const struct cert *cert, bool strict, unsigned *budget, struct err *err)
{
	struct constraints c = { .strict = strict, .budget = budget };
	struct slice rest = ca->name_constraints;
	bool emails = false;

	if (rest.n == 0)
		return 0;
	if (!take_subtrees(&rest, 0, &c.permitted) || !take_subtrees(&rest, 1, &c.excluded) ||
	    rest.n > 0)
		return err_set(err, ERR_INPUT, "it constrains names in a way that is not known");
	if (check_alt_names(&c, cert->alt_names, &emails, err) != 0 ||
	    check_subject(&c, cert->subject, err) != 0)
		return -1;
	return emails ? 0 : check_subject_emails(&c, cert->subject, err);
}
