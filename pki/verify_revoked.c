/* verify_revoked.c - was it revoked? (RFC 5280 6.3)
 *
 * Each place where a certificate says that lists are (a point) is held against each
 * list that we have: is it about that place, about such certificates, for reasons
 * that were not asked for yet, is it signed by whom the certificate wants? Where
 * lists are needed all reasons must be covered in the end. Where they are not, what
 * one of them lists is refused, and the rest is not asked. */
#include "pki/verify_private.h"

#include "pki/der.h"

enum { LISTS_SEEN_MAX = 1000 };

/* A DistributionPoint, as it is meant. */
struct point {
	struct buf names;	   /* GeneralNames' contents; empty: not said */
	struct slice list_issuers; /* cRLIssuer likewise */
	unsigned reasons;
};

struct status {
	const struct verify_search *s;
	const struct cert *cert, *ca; /* it, and who issued it */
	unsigned covered;	      /* reasons that were asked for */
	bool revoked;
};

/* --- names of points --- */

static bool name_same(const struct der *a, const struct der *b)
{
	if (a->tag == (DER_CONTEXT_CONSTRUCTED | 4) && b->tag == a->tag)
		return cert_name_same(a->value, b->value);
	return slice_eq(a->whole, b->whole);
}

/* RFC 5280 6.3.3 b 2 i: one name of the one is among those of the other. */
static bool names_meet(struct slice some, struct slice others)
{
	struct der a, b;

	while (der_next(&some, &a))
		for (struct slice rest = others; der_next(&rest, &b);)
			if (name_same(&a, &b))
				return true;
	return false;
}

static void put_directory_name(struct buf *out, struct slice name)
{
	der_put(out, DER_CONTEXT_CONSTRUCTED | 4, name);
}

/* A Name with one more RelativeDistinguishedName. */
static void put_relative(struct buf *out, struct slice name, struct slice rdn)
{
	struct slice list = { 0 };
	size_t general = der_open(out, DER_CONTEXT_CONSTRUCTED | 4);
	size_t whole = der_open(out, DER_SEQUENCE);

	der_want(&name, DER_SEQUENCE, &list);
	buf_adds(out, list);
	der_put(out, DER_SET, rdn);
	der_close(out, whole);
	der_close(out, general);
}

/* DistributionPointName as GeneralNames' contents. */
static void put_point_name(struct buf *out, struct slice point_name, struct slice relative_to)
{
	struct slice value;

	if (der_want(&point_name, DER_CONTEXT_CONSTRUCTED | 0, &value))
		buf_adds(out, value);
	else if (der_want(&point_name, DER_CONTEXT_CONSTRUCTED | 1, &value))
		put_relative(out, relative_to, value);
}

/* Of GeneralNames the first directoryName's Name; empty: there is none. */
static struct slice directory_name(struct slice names)
{
	struct der name;

	while (der_next(&names, &name))
		if (name.tag == (DER_CONTEXT_CONSTRUCTED | 4))
			return name.value;
	return (struct slice){ 0 };
}

static unsigned reasons_of(struct slice bits)
{
	unsigned reasons = 0;

	for (unsigned i = 0; bits.n > 1 && i < 9 && i / 8 < bits.n - 1; i++)
		if ((unsigned char)bits.p[1 + i / 8] & 0x80 >> i % 8)
			reasons |= 1u << i;
	return reasons & CRL_ALL_REASONS;
}

/* RFC 5280 4.2.1.13. False: it is malformed. */
static bool read_point(struct slice der, struct slice issuer, struct point *out)
{
	struct slice name = { 0 }, bits;

	*out = (struct point){ .reasons = CRL_ALL_REASONS };
	der_want(&der, DER_CONTEXT_CONSTRUCTED | 0, &name);
	if (der_want(&der, DER_CONTEXT | 1, &bits))
		out->reasons = reasons_of(bits);
	der_want(&der, DER_CONTEXT_CONSTRUCTED | 2, &out->list_issuers);
	struct slice lister = directory_name(out->list_issuers);
	put_point_name(&out->names, name, lister.n > 0 ? lister : issuer);
	return der.n == 0;
}

/* --- is the list about the point? --- */

static bool list_is_from(const struct crl *list, const struct point *point, struct slice issuer)
{
	struct slice rest = point->list_issuers;
	struct der name;

	if (rest.n == 0)
		return cert_name_same(list->issuer, issuer);
	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT_CONSTRUCTED | 4) &&
		    cert_name_same(list->issuer, name.value))
			return list->indirect;
	return false;
}

static bool list_is_about(const struct crl *list, const struct point *point)
{
	struct buf own = { 0 };

	put_point_name(&own, list->point_name, list->issuer);
	bool about = own.n == 0 ||
	    names_meet(buf_slice(&own),
		point->names.n > 0 ? buf_slice(&point->names) : point->list_issuers);
	buf_done(&own);
	return about;
}

static bool kind_is_listed(const struct crl *list, const struct cert *cert)
{
	return !list->only_attributes && !(list->only_users && cert->is_ca) &&
	    !(list->only_authorities && !cert->is_ca);
}

/* CABF BR 7.1.2.11.2: a place is a URI. */
static bool all_uris(struct slice names)
{
	struct der name;

	while (der_next(&names, &name))
		if (name.tag != (DER_CONTEXT | 6))
			return false;
	return true;
}

/* --- who signed it? --- */

static bool in_progress(const struct verify_search *s, const struct crl *list)
{
	for (; s; s = s->above)
		if (s->list == list)
			return true;
	return false;
}

/* RFC 5280 6.3.3 f: a path of its own, that ends where the other does. */
static bool signer_is_good(
    const struct status *st, const struct crl *list, const struct cert *signer)
{
	struct verify_spec spec = *st->s->spec;
	struct verify_search s = { .spec = &spec,
		.work = st->s->work,
		.path = { signer },
		.nest = st->s->nest + 1,
		.anchor = st->s->path[st->s->n - 1],
		.above = st->s,
		.list = list };

	spec.purpose = VERIFY_ANY;
	spec.profile = false;
	return s.nest < NEST_MAX && verify_list_issuer(&spec, signer, NULL) == 0 && verify_run(&s);
}

static bool signed_by(const struct status *st, const struct crl *list, const struct cert *signer)
{
	return cert_name_same(signer->subject, list->issuer) &&
	    verify_list_signed(st->s->work, list, signer);
}

static bool signed_by_other(const struct status *st, const struct crl *list)
{
	const struct verify_work *w = st->s->work;
	const struct cert *anchor = st->s->path[st->s->n - 1];

	if (signed_by(st, list, anchor))
		return true;
	for (size_t i = 0; i < w->n_sent; i++)
		if (signed_by(st, list, &w->sent[i]) && signer_is_good(st, list, &w->sent[i]))
			return true;
	return false;
}

/* Who asks about the signer of a list while that very list is asked takes it as it is:
   a list may speak of its own issuer's certificate. */
static bool list_is_signed(const struct status *st, const struct crl *list)
{
	return signed_by(st, list, st->ca) || in_progress(st->s, list) || signed_by_other(st, list);
}

/* --- one list --- */

static bool in_time(const struct status *st, const struct crl *list)
{
	return !st->s->spec->lists_needed ||
	    (list->this_update <= st->s->spec->now && st->s->spec->now <= list->next_update);
}

/* Of two numbers without sign. */
static int number_cmp(struct slice a, struct slice b)
{
	while (a.n > 0 && a.p[0] == 0)
		a = slice_from(a, 1);
	while (b.n > 0 && b.p[0] == 0)
		b = slice_from(b, 1);
	return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : slice_cmp(a, b);
}

/* RFC 5280 5.2.4: may those changes be applied to the whole list? */
static bool changes_fit(const struct crl *changes, const struct crl *whole)
{
	return changes->base.n > 0 && crl_same_scope(changes, whole) &&
	    number_cmp(whole->number, changes->base) >= 0 &&
	    number_cmp(whole->number, changes->number) < 0;
}

/* Visit all lists; visit returns true to end it. */
static bool each_list(
    const struct status *st, bool (*visit)(void *arg, const struct crl *), void *arg)
{
	const struct verify_spec *spec = st->s->spec;
	const struct trust *trust = spec->revoked ? spec->revoked : spec->trust;
	size_t seen = 0;

	for (size_t k = 0; k < TRUST_SETS; k++)
		for (size_t i = 0; i < trust_set_list_count(trust->set[k]); i++)
			if (++seen > LISTS_SEEN_MAX || visit(arg, trust_set_list(trust->set[k], i)))
				return true;
	return false;
}

struct change {
	struct status *st;
	const struct crl *whole;
	bool found;
	unsigned reason;
};

static bool look_for_change(void *arg, const struct crl *list)
{
	struct change *c = arg;
	const struct status *st = c->st;

	c->found = changes_fit(list, c->whole) && !list->unknown_critical && in_time(st, list) &&
	    crl_find(list, st->cert->issuer, st->cert->serial, &c->reason) &&
	    list_is_signed(st, list);
	return c->found;
}

static bool is_listed(struct status *st, const struct crl *list)
{
	struct change change = { .st = st, .whole = list };
	unsigned reason;

	if (list->number.n > 0)
		each_list(st, look_for_change, &change);
	if (change.found)
		return change.reason != CRL_REMOVED;
	return crl_find(list, st->cert->issuer, st->cert->serial, &reason) && reason != CRL_REMOVED;
}

struct asked {
	struct status *st;
	const struct point *point;
};

static bool is_usable(const struct asked *a, const struct crl *list)
{
	const struct verify_spec *spec = a->st->s->spec;

	if (list->base.n > 0 || list->unknown_critical || !in_time(a->st, list) ||
	    !kind_is_listed(list, a->st->cert) ||
	    !list_is_from(list, a->point, a->st->cert->issuer) || !list_is_about(list, a->point))
		return false;
	return !spec->profile || profile_list(list);
}

static bool ask_list(void *arg, const struct crl *list)
{
	struct asked *a = arg;
	struct status *st = a->st;
	unsigned reasons = a->point->reasons & list->reasons;

	if ((reasons & ~st->covered) == 0 || !is_usable(a, list))
		return false;
	/* What it does not list needs no signature where nobody wants to be covered. */
	if (!st->s->spec->lists_needed && !is_listed(st, list))
		return false;
	if (!list_is_signed(st, list))
		return false;
	st->revoked = is_listed(st, list);
	st->covered |= reasons;
	return st->revoked || st->covered == CRL_ALL_REASONS;
}

/* --- one certificate --- */

static void ask_points(struct status *st)
{
	struct slice rest = st->cert->crl_points, one;
	struct point point;

	while (
	    !st->revoked && st->covered != CRL_ALL_REASONS && der_want(&rest, DER_SEQUENCE, &one)) {
		if (read_point(one, st->cert->issuer, &point) &&
		    (!st->s->spec->profile || all_uris(buf_slice(&point.names))))
			each_list(st, ask_list, &(struct asked){ st, &point });
		buf_done(&point.names);
	}
}

/* RFC 5280 6.3.3, its end: as if the place were called like the issuer. */
static void ask_issuer(struct status *st)
{
	struct point point = { .reasons = CRL_ALL_REASONS };

	put_directory_name(&point.names, st->cert->issuer);
	each_list(st, ask_list, &(struct asked){ st, &point });
	buf_done(&point.names);
}

int verify_revoked(const struct verify_search *s, size_t i, struct err *err)
{
	struct status st = { .s = s, .cert = s->path[i], .ca = s->path[i + 1] };

	ask_points(&st);
	if (!st.revoked && st.covered != CRL_ALL_REASONS)
		ask_issuer(&st);
	if (st.revoked)
		return err_set(err, ERR_INPUT, "it was revoked");
	if (s->spec->lists_needed && st.covered != CRL_ALL_REASONS)
		return err_set(err, ERR_INPUT,
		    st.covered ? "lists of revoked ones leave reasons out"
			       : "no list of revoked ones that holds is about it");
	return 0;
}
