/* shape_order.c - certificates in the order in which they are sent (RFC 8446 4.4.2) */
#include <stdlib.h>

#include "pki/cert.h"
#include "pki/shape.h"
#include "pki/verify_private.h"

enum { DEPTH_MAX = 16 /* signatures are looked at for each */ };

struct order {
	struct cert cert[SHAPE_CERTS_MAX];
	bool placed[SHAPE_CERTS_MAX];
	size_t n;
	struct buf out;
	size_t n_out;
};

static bool is_twin(const struct order *o, struct slice der)
{
	for (size_t i = 0; i < o->n; i++)
		if (slice_eq(o->cert[i].der, der))
			return true;
	return false;
}

static void place(struct order *o, size_t i)
{
	o->placed[i] = true;
	buf_adds(&o->out, o->cert[i].der);
	o->n_out++;
}

/* Of one name there may be several; the one that signed is above. */
static bool is_above(const struct cert *cert, const struct cert *ca)
{
	return cert_name_same(cert->issuer, ca->subject) && verify_signature(cert, ca, NULL) == 0;
}

/* Place who issued that one: its place, or n. */
static size_t place_above(struct order *o, size_t of)
{
	for (size_t i = 0; i < o->n; i++)
		if (!o->placed[i] && is_above(&o->cert[of], &o->cert[i])) {
			place(o, i);
			return i;
		}
	return o->n;
}

/* Between the certificates of one key, as after a renewal, the newest counts. */
static size_t find_own(const struct order *o, struct slice public_info)
{
	size_t own = o->n;

	for (size_t i = 0; i < o->n; i++)
		if (cert_has_key(&o->cert[i], public_info) &&
		    (own == o->n || o->cert[i].not_before > o->cert[own].not_before))
			own = i;
	return own;
}

/* One that it had before it was renewed is no use. */
static bool is_former(const struct cert *cert, const struct cert *own)
{
	return cert_name_same(cert->subject, own->subject) &&
	    slice_eq(cert->public_info, own->public_info);
}

static void place_all(struct order *o, size_t own)
{
	size_t at = own;

	place(o, own);
	for (unsigned depth = 0; at < o->n && depth < DEPTH_MAX; depth++)
		at = place_above(o, at);
	for (size_t i = 0; i < o->n; i++)
		if (!o->placed[i] && !is_former(&o->cert[i], &o->cert[own]))
			place(o, i);
}

static bool issued_another(const struct order *o, size_t i)
{
	for (size_t k = 0; k < o->n; k++)
		if (k != i && cert_name_same(o->cert[k].issuer, o->cert[i].subject))
			return true;
	return false;
}

/* The first that issued none of the others. */
static size_t find_leaf(const struct order *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (!issued_another(o, i))
			return i;
	return 0;
}

int shape_arrange(struct shape *shape, struct slice public_info, struct err *err)
{
	struct order *o = mem_get(sizeof(*o));
	struct slice rest = buf_slice(&shape->certs);
	struct cert cert;

	while (o->n < SHAPE_CERTS_MAX && cert_next(&rest, &cert))
		if (!is_twin(o, cert.der))
			o->cert[o->n++] = cert;
	size_t own = public_info.n > 0 ? find_own(o, public_info) : find_leaf(o);
	int rc = own < o->n
	    ? 0
	    : err_set(err, ERR_INPUT,
		  shape->n_certs == 0 ? "there is no certificate"
				      : "the private key does not belong to the certificate");
	if (rc == 0) {
		place_all(o, own);
		buf_done(&shape->certs);
		shape->certs = o->out;
		shape->n_certs = o->n_out;
	}
	free(o);
	return rc;
}
