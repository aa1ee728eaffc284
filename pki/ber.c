/* ber.c - BER made DER */
#include "pki/ber.h"

#include "pki/der.h"

enum { TAG_NUMBER = 0x1f, CONSTRUCTED = 0x20, LONG_FORM = 0x80, OCTETS_IN_PIECES = 0x24 };

struct header {
	unsigned tag;
	bool open; /* ends with two zero bytes */
	size_t n;
};

/* X.690 8.1.3.5: as many bytes as one likes. */
static bool take_long(struct slice *rest, size_t bytes, size_t *n)
{
	*n = 0;
	if (bytes > rest->n)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		if (*n >> (8 * sizeof(*n) - 8))
			return false;
		*n = *n << 8 | (unsigned char)rest->p[i];
	}
	*rest = slice_from(*rest, bytes);
	return true;
}

static bool take_header(struct slice *rest, struct header *h)
{
	if (rest->n < 2 || (rest->p[0] & TAG_NUMBER) == TAG_NUMBER)
		return false;
	unsigned char length = (unsigned char)rest->p[1];
	h->tag = (unsigned char)rest->p[0];
	h->open = length == LONG_FORM;
	h->n = length;
	*rest = slice_from(*rest, 2);
	if (h->open)
		return h->tag & CONSTRUCTED;
	if (length > LONG_FORM && !take_long(rest, length & 0x7f, &h->n))
		return false;
	return h->n <= rest->n;
}

static bool at_end(struct slice *rest, bool open)
{
	if (!open)
		return rest->n == 0;
	if (rest->n < 2 || rest->p[0] != 0 || rest->p[1] != 0)
		return false;
	*rest = slice_from(*rest, 2);
	return true;
}

static bool put_value(struct slice *rest, struct buf *der, bool pieces, unsigned depth);

/* Those inside a constructed value; *rest goes on behind it. */
static bool put_inner(
    struct slice *rest, const struct header *h, struct buf *der, bool pieces, unsigned depth)
{
	struct slice inner = h->open ? *rest : slice_head(*rest, h->n);
	size_t before = inner.n;

	while (!at_end(&inner, h->open))
		if (inner.n == 0 || !put_value(&inner, der, pieces, depth))
			return false;
	*rest = slice_from(*rest, before - inner.n);
	return true;
}

/* pieces: only bytes of OCTET STRINGs are wanted. */
static bool put_value(struct slice *rest, struct buf *der, bool pieces, unsigned depth)
{
	struct header h;

	if (depth == 0 || !take_header(rest, &h))
		return false;
	if (pieces && h.tag != DER_OCTETS && h.tag != OCTETS_IN_PIECES)
		return false;
	if (!(h.tag & CONSTRUCTED)) {
		struct slice value = slice_head(*rest, h.n);
		*rest = slice_from(*rest, h.n);
		if (pieces)
			buf_adds(der, value);
		else
			der_put(der, h.tag, value);
		return true;
	}
	if (pieces)
		return put_inner(rest, &h, der, true, depth - 1);
	bool string = h.tag == OCTETS_IN_PIECES;
	size_t mark = der_open(der, string ? DER_OCTETS : h.tag);
	bool good = put_inner(rest, &h, der, string, depth - 1);
	der_close(der, mark);
	return good;
}

bool ber_to_der(struct slice ber, struct buf *der)
{
	return put_value(&ber, der, false, BER_DEPTH_MAX);
}

bool ber_join(struct slice pieces, struct buf *out)
{
	while (pieces.n > 0)
		if (!put_value(&pieces, out, true, BER_DEPTH_MAX))
			return false;
	return true;
}
