/* crl.c - lists of revoked certificates (RFC 5280 5) */
#include "pki/crl.h"

#include "core/text.h"
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/signature.h"

/* --- extensions --- */

/* RFC 5280 5.2: of those that may be critical none is known here: an issuing
   distribution point or a delta list says less than who asks would think. */
static bool read_extensions(struct slice list, struct crl *c)
{
	struct slice e, oid, critical, value;

	while (list.n > 0) {
		critical = (struct slice){ 0 };
		if (!der_want(&list, DER_SEQUENCE, &e) || !der_want(&e, DER_OID, &oid))
			return false;
		der_want(&e, DER_BOOLEAN, &critical);
		if (!der_want(&e, DER_OCTETS, &value) || e.n > 0)
			return false;
		c->unknown_critical |= critical.n > 0 && critical.p[0] != 0;
	}
	return true;
}

/* One entry: its serial number. *known: it says nothing critical beside. */
static bool next_entry(struct slice *rest, struct slice *serial, bool *known)
{
	struct slice entry, list;
	int64_t when;
	struct crl c = { 0 };

	if (!der_want(rest, DER_SEQUENCE, &entry) || !der_want(&entry, DER_INTEGER, serial) ||
	    !der_time_get(&entry, &when))
		return false;
	if (der_want(&entry, DER_SEQUENCE, &list) && !read_extensions(list, &c))
		return false;
	*known = !c.unknown_critical;
	return entry.n == 0;
}

static bool read_entries(struct crl *c)
{
	struct slice rest = c->revoked, serial;
	bool known;

	while (rest.n > 0) {
		if (!next_entry(&rest, &serial, &known))
			return false;
		c->unknown_critical |= !known;
	}
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

static bool read_tbs(struct slice tbs, struct crl *c)
{
	struct slice version, explicit, list;

	der_want(&tbs, DER_INTEGER, &version);
	if (!want_whole(&tbs, DER_SEQUENCE, &c->inner_algorithm) ||
	    !want_whole(&tbs, DER_SEQUENCE, &c->issuer) || !der_time_get(&tbs, &c->this_update))
		return false;
	if (tbs.n > 0 && (tbs.p[0] == DER_UTC_TIME || tbs.p[0] == DER_TIME) &&
	    !der_time_get(&tbs, &c->next_update))
		return false;
	der_want(&tbs, DER_SEQUENCE, &c->revoked);
	if (der_want(&tbs, DER_CONTEXT_CONSTRUCTED | 0, &explicit) &&
	    (!der_want(&explicit, DER_SEQUENCE, &list) || explicit.n > 0 ||
		!read_extensions(list, c)))
		return false;
	return tbs.n == 0 && read_entries(c);
}

bool crl_next(struct slice *rest, struct crl *out)
{
	struct slice s = *rest, body;
	struct der whole, tbs;

	*out = (struct crl){ 0 };
	if (!der_next(&s, &whole) || whole.tag != DER_SEQUENCE)
		return false;
	out->der = whole.whole;
	body = whole.value;
	if (!der_next(&body, &tbs) || tbs.tag != DER_SEQUENCE || !read_tbs(tbs.value, out))
		return false;
	out->tbs = tbs.whole;
	if (!want_whole(&body, DER_SEQUENCE, &out->signature_algorithm) ||
	    !der_want(&body, DER_BITS, &out->signature) || body.n > 0)
		return false;
	*rest = s;
	return true;
}

/* --- asking --- */

bool crl_revokes(const struct crl *crl, struct slice serial)
{
	struct slice rest = crl->revoked, other;
	bool known;

	while (next_entry(&rest, &other, &known))
		if (slice_eq(other, serial))
			return true;
	return false;
}

size_t crl_count(const struct crl *crl)
{
	struct slice rest = crl->revoked, serial;
	bool known;
	size_t n = 0;

	while (next_entry(&rest, &serial, &known))
		n++;
	return n;
}

bool crl_is_of(const struct crl *crl, const struct cert *ca)
{
	struct slice signature = crl->signature;

	/* RFC 5280 6.3.3 f */
	if (!cert_name_same(crl->issuer, ca->subject) || !ca->is_ca ||
	    (ca->has_usage && !(ca->usage & CERT_CRL_SIGN)))
		return false;
	return slice_eq(crl->signature_algorithm, crl->inner_algorithm) && signature.n > 1 &&
	    signature.p[0] == 0 &&
	    signature_check(crl->signature_algorithm, ca->public_info, crl->tbs,
		slice_from(signature, 1), NULL) == 0;
}

/* --- PEM --- */

static int take(struct slice der, struct buf *out, struct err *err)
{
	struct crl crl;

	if (!crl_next(&der, &crl) || der.n > 0)
		return err_set(err, ERR_INPUT, "a list of revoked certificates cannot be read");
	if (crl.unknown_critical)
		return err_set(err, ERR_INPUT,
		    "the list is a partial or indirect one, which is not understood");
	buf_adds(out, crl.der);
	return 0;
}

int crl_from_pem(struct slice pem, struct buf *der, struct err *err)
{
	struct buf one = { 0 };
	unsigned n = 0;
	int rc = 0;

	for (; rc == 0 && pem_next(&pem, "X509 CRL", &one); n++)
		rc = take(buf_slice(&one), der, err);
	buf_done(&one);
	return rc == 0 && n == 0
	    ? err_set(err, ERR_INPUT, "there is no list of revoked certificates in PEM form")
	    : rc;
}
