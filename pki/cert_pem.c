/* cert_pem.c - certificates as PEM texts (RFC 7468) */
#include "pki/cert.h"

/* RFC 7468 5.3: the first is written, the others are old. */
static bool is_certificate(struct slice kind)
{
	return slice_eq(kind, SLICE("CERTIFICATE")) || slice_eq(kind, SLICE("X509 CERTIFICATE")) ||
	    slice_eq(kind, SLICE("X.509 CERTIFICATE"));
}

static bool is_whole(struct slice der, struct err *err)
{
	struct cert cert;

	if (cert_next(&der, &cert) && der.n == 0)
		return true;
	err_set(
	    err, ERR_INPUT, "is none: what its base64 stands for is something else, or damaged");
	return false;
}

/* Take the next certificate: 1, 0 there is no other, -1 with the reason. */
static int take(struct slice *pem, struct buf *one, struct err *err)
{
	struct pem_block block;
	enum pem_got got;

	do
		got = pem_take(pem, &block, one, err);
	while (got != PEM_END && !is_certificate(block.kind));
	if (got == PEM_END)
		return 0;
	return got == PEM_BLOCK && is_whole(buf_slice(one), err) ? 1 : -1;
}

void cert_readable_from_pem(struct slice pem, struct buf *der)
{
	struct buf one = { 0 };
	int got;

	while ((got = take(&pem, &one, NULL)) != 0)
		if (got > 0)
			buf_adds(der, buf_slice(&one));
	buf_wipe(&one);
}

int cert_from_pem(struct slice pem, struct buf *der, struct err *err)
{
	struct slice rest = pem;
	struct buf one = { 0 };
	struct err why = { 0 };
	unsigned n = 0;
	int got;

	while ((got = take(&rest, &one, &why)) > 0) {
		buf_adds(der, buf_slice(&one));
		n++;
	}
	buf_wipe(&one); /* blocks that were passed over may hold keys */
	if (got < 0)
		return err_set(err, ERR_INPUT, "certificate %u %s", n + 1, why.text);
	return n > 0 ? 0 : pem_missing(pem, "certificate", err);
}

void cert_to_pem(struct slice der, struct buf *pem)
{
	struct cert cert;

	while (cert_next(&der, &cert))
		pem_put("CERTIFICATE", cert.der, pem);
}
