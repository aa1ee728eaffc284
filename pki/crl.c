/* crl.c - asking lists of revoked certificates (RFC 5280 5.3) */
#include "pki/crl_private.h"

#include <stdlib.h>

#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/signature.h"

/* --- entries --- */

/* One directoryName. */
static bool take_issuer(struct slice value, struct slice *name)
{
	struct slice names;

	return der_want(&value, DER_SEQUENCE, &names) &&
	    der_want(&names, DER_CONTEXT_CONSTRUCTED | 4, name);
}

static bool take_reason(struct slice value, unsigned *reason)
{
	enum { DER_ENUMERATED = 0x0a };
	struct slice number;

	if (!der_want(&value, DER_ENUMERATED, &number) || number.n != 1)
		return false;
	*reason = (unsigned char)number.p[0];
	return true;
}

static bool read_extensions(struct slice list, struct crl_entry *e)
{
	struct slice oid, value;
	bool critical;

	while (list.n > 0) {
		if (!cert_next_extension(&list, &oid, &critical, &value))
			return false;
		if (der_oid_is(oid, "2.5.29.21")) {
			if (!take_reason(value, &e->reason))
				return false;
		} else if (der_oid_is(oid, "2.5.29.29")) {
			if (!take_issuer(value, &e->issuer))
				return false;
		} else if (!der_oid_is(oid, "2.5.29.24")) { /* invalidityDate */
			e->known &= !critical;
		}
	}
	return true;
}

bool crl_next_entry(struct slice *rest, struct crl_entry *e)
{
	struct slice entry, list;
	int64_t when;

	*e = (struct crl_entry){ .known = true };
	if (!der_want(rest, DER_SEQUENCE, &entry) || !der_want(&entry, DER_INTEGER, &e->serial) ||
	    !der_time_get(&entry, &when))
		return false;
	if (der_want(&entry, DER_SEQUENCE, &list) && !read_extensions(list, e))
		return false;
	return entry.n == 0;
}

bool crl_read_entries(struct crl *c)
{
	struct slice rest = c->revoked;
	struct crl_entry e;

	while (rest.n > 0) {
		if (!crl_next_entry(&rest, &e))
			return false;
		c->unknown_critical |= !e.known;
	}
	return true;
}

/* --- asking --- */

/* RFC 5280 5.3.3: an entry that names no issuer has that of the one before. */
bool crl_find(const struct crl *crl, struct slice issuer, struct slice serial, unsigned *reason)
{
	struct slice rest = crl->revoked;
	bool of_issuer = cert_name_same(crl->issuer, issuer);
	struct crl_entry e;

	if (crl->index)
		return of_issuer && crl_index_find(crl, serial, reason);
	while (crl_next_entry(&rest, &e)) {
		if (crl->indirect && e.issuer.n > 0)
			of_issuer = cert_name_same(e.issuer, issuer);
		if (of_issuer && slice_eq(e.serial, serial)) {
			*reason = e.reason;
			return true;
		}
	}
	return false;
}

size_t crl_count(const struct crl *crl)
{
	struct slice rest = crl->revoked;
	struct crl_entry e;
	size_t n = 0;

	while (crl_next_entry(&rest, &e))
		n++;
	return n;
}

static int compare(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

bool crl_repeats(const struct crl *crl)
{
	struct slice rest = crl->revoked;
	size_t n = crl_count(crl), i = 0;
	bool repeats = false;
	struct crl_entry e;

	if (n < 2 || crl->indirect)
		return false;
	struct slice *serials = mem_get(n * sizeof(*serials));
	while (crl_next_entry(&rest, &e))
		serials[i++] = e.serial;
	qsort(serials, n, sizeof(*serials), compare);
	for (i = 1; i < n; i++)
		repeats |= slice_eq(serials[i - 1], serials[i]);
	free(serials);
	return repeats;
}

bool crl_same_scope(const struct crl *a, const struct crl *b)
{
	return cert_name_same(a->issuer, b->issuer) && slice_eq(a->point, b->point) &&
	    slice_eq(a->authority_key_id, b->authority_key_id);
}

/* RFC 5280 6.3.3 f: who says what his key is for says so; else it is an authority. */
bool crl_is_of(const struct crl *crl, const struct cert *ca)
{
	struct slice signature = crl->signature;

	if (!cert_name_same(crl->issuer, ca->subject) ||
	    (ca->has_usage ? !(ca->usage & CERT_CRL_SIGN) : !ca->is_ca))
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
		return err_set(
		    err, ERR_INPUT, "the list has a critical extension that is not known here");
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

void crl_readable_from_pem(struct slice pem, struct buf *der)
{
	struct buf one = { 0 };
	struct crl crl;

	while (pem_next(&pem, "X509 CRL", &one)) {
		struct slice rest = buf_slice(&one);
		if (crl_next(&rest, &crl) && rest.n == 0)
			buf_adds(der, crl.der);
	}
	buf_done(&one);
}
