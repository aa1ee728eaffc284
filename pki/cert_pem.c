/* cert_pem.c - certificates as PEM texts (RFC 7468) */
#include "pki/cert.h"

#include "core/text.h"

enum { LINE = 64 };

static const char certificate[] = "CERTIFICATE";

/* What is behind the next such mark is left in *rest; *before is what was before it. */
static bool cut_mark(struct slice *rest, const char *word, const char *kind, struct slice *before)
{
	struct buf mark = { 0 };

	buf_printf(&mark, "-----%s %s-----", word, kind);
	ptrdiff_t at = slice_find(*rest, buf_slice(&mark));
	if (at >= 0) {
		*before = slice_head(*rest, (size_t)at);
		*rest = slice_from(*rest, (size_t)at + mark.n);
	}
	buf_done(&mark);
	return at >= 0;
}

/* The base64 between the next pair of marks; *rest goes on behind. */
static bool next_block(struct slice *rest, const char *kind, struct buf *base64)
{
	struct slice text;

	if (!cut_mark(rest, "BEGIN", kind, &text) || !cut_mark(rest, "END", kind, &text))
		return false;
	buf_clear(base64);
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]) || text.p[i] == '\0')
			buf_addc(base64, text.p[i]);
	return true;
}

bool pem_next(struct slice *rest, const char *kind, struct buf *der)
{
	struct buf base64 = { 0 };
	bool found = next_block(rest, kind, &base64);

	buf_clear(der);
	if (found && !base64_get(der, buf_slice(&base64)))
		buf_clear(der);
	buf_done(&base64);
	return found;
}

/* Append the certificate in the block. */
static bool take_block(const struct buf *base64, struct buf *der)
{
	struct cert cert;
	size_t mark = der->n;
	bool good = base64_get(der, buf_slice(base64));
	struct slice one = slice_from(buf_slice(der), mark);

	if (good && cert_next(&one, &cert) && one.n == 0)
		return true;
	der->n = mark;
	return false;
}

void cert_readable_from_pem(struct slice pem, struct buf *der)
{
	struct buf base64 = { 0 };

	while (next_block(&pem, certificate, &base64))
		take_block(&base64, der);
	buf_done(&base64);
}

int cert_from_pem(struct slice pem, struct buf *der, struct err *err)
{
	struct buf base64 = { 0 };
	unsigned n = 0;
	int rc = 0;

	while (rc == 0 && next_block(&pem, certificate, &base64)) {
		n++;
		if (!take_block(&base64, der))
			rc = err_set(
			    err, ERR_INPUT, "certificate %u of the chain cannot be read", n);
	}
	buf_done(&base64);
	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_INPUT, "there is no certificate in PEM form");
	return rc;
}

void pem_put(const char *kind, struct slice der, struct buf *pem)
{
	struct buf base64 = { 0 };

	buf_room(&base64, 2 * der.n + 4); /* no copies left behind by growing */
	buf_room(pem, 2 * der.n + 128);
	base64_put(&base64, der);
	buf_printf(pem, "-----BEGIN %s-----\n", kind);
	for (struct slice rest = buf_slice(&base64); rest.n > 0; rest = slice_from(rest, LINE)) {
		buf_adds(pem, slice_head(rest, LINE));
		buf_addc(pem, '\n');
	}
	buf_printf(pem, "-----END %s-----\n", kind);
	buf_wipe(&base64); /* it may be a key */
}

void cert_to_pem(struct slice der, struct buf *pem)
{
	struct cert cert;

	while (cert_next(&der, &cert))
		pem_put("CERTIFICATE", cert.der, pem);
}
