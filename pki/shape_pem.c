/* shape_pem.c - PEM texts with blocks of any kind in any order (RFC 7468, RFC 1421) */
#include "core/text.h"
#include "pki/cert.h"
#include "pki/shape.h"

enum { KIND_MAX = 64 };

struct block {
	struct slice kind; /* "CERTIFICATE" */
	struct slice body; /* what is between the marks */
	unsigned number;   /* 1 for the first */
};

static const struct slice dashes = { "-----", 5 };

static int no_block(const struct block *block, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "block %u of the PEM text (%.*s) %s", block->number,
	    SLICE_ARG(block->kind), what);
}

/* 1 a block; 0 there is none; -1 it has no end. */
static int next_block(struct slice *rest, struct block *out, struct err *err)
{
	static const struct slice begin = { "-----BEGIN ", 11 };
	struct buf end = { 0 };
	ptrdiff_t at = slice_find(*rest, begin);

	if (at < 0)
		return 0;
	out->number++;
	out->kind = SLICE("?");
	*rest = slice_from(*rest, (size_t)at + begin.n);
	at = slice_find(slice_head(*rest, KIND_MAX), dashes);
	if (at < 0)
		return no_block(out, "has no name that ends with five hyphens", err);
	out->kind = slice_head(*rest, (size_t)at);
	*rest = slice_from(*rest, (size_t)at + dashes.n);
	buf_printf(&end, "-----END %.*s-----", SLICE_ARG(out->kind));
	at = slice_find(*rest, buf_slice(&end));
	if (at >= 0) {
		out->body = slice_head(*rest, (size_t)at);
		*rest = slice_from(*rest, (size_t)at + end.n);
	}
	buf_done(&end);
	return at >= 0 ? 1 : no_block(out, "has no end: the text is cut off", err);
}

static int decode(const struct block *block, struct buf *der, struct err *err)
{
	struct buf base64 = { 0 };

	buf_room(&base64, block->body.n);
	buf_room(der, block->body.n);
	for (size_t i = 0; i < block->body.n; i++)
		if (block->body.p[i] == '\0' || !strchr(" \t\r\n", block->body.p[i]))
			buf_addc(&base64, block->body.p[i]);
	bool good = base64.n > 0 && base64_get(der, buf_slice(&base64));
	buf_wipe(&base64);
	return good ? 0 : no_block(block, "is no base64", err);
}

/* --- kinds --- */

static int take_key(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	(void)password;
	return shape_take_key(der, out, err);
}

static int take_cert(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	(void)password;
	return shape_take_cert(der, out, err);
}

static int take_request(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	return shape_take_der(der, password, out, err); /* says what it is */
}

static int take_ssh(struct slice der, struct slice password, struct shape *out, struct err *err)
{
	(void)der, (void)password, (void)out;
	return err_set(err, ERR_INPUT,
	    "the private key is in the form of OpenSSH: ssh-keygen -p -m PEM -f KEY makes it PEM");
}

/* Parameters and public keys stand beside what is wanted; they are passed over. */
static const struct kind {
	const char *name;
	int (*take)(struct slice der, struct slice password, struct shape *out, struct err *err);
} kinds[] = {
	{ "CERTIFICATE", take_cert },
	{ "X509 CERTIFICATE", take_cert },
	{ "TRUSTED CERTIFICATE", take_cert }, /* COMPAT: openssl; what is behind it is its own */
	{ "PRIVATE KEY", take_key },
	{ "RSA PRIVATE KEY", take_key },
	{ "EC PRIVATE KEY", take_key },
	{ "ENCRYPTED PRIVATE KEY", shape_take_locked },
	{ "PKCS7", shape_take_der },
	{ "CMS", shape_take_der },
	{ "PKCS12", shape_take_der },
	{ "CERTIFICATE REQUEST", take_request },
	{ "NEW CERTIFICATE REQUEST", take_request },
	{ "OPENSSH PRIVATE KEY", take_ssh },
};

static const struct kind *kind_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_eq(name, slice_str(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

static int take_block(
    const struct block *block, struct slice password, struct shape *out, struct err *err)
{
	const struct kind *kind = kind_of(block->kind);
	struct buf der = { 0 };

	if (!kind)
		return 0;
	if (slice_find(block->body, SLICE("Proc-Type: 4,ENCRYPTED")) >= 0)
		return err_set(err, ERR_INPUT,
		    "the private key is encrypted in an old way: take its password away with "
		    "openssl pkey -in KEY -out NEW");
	int rc = kind->take == take_ssh ? 0 : decode(block, &der, err);
	if (rc == 0)
		rc = kind->take(buf_slice(&der), password, out, err);
	buf_wipe(&der);
	return rc;
}

int shape_take_pem(struct slice pem, struct slice password, struct shape *out, struct err *err)
{
	struct block block = { 0 };
	size_t before = out->key.n + out->certs.n;
	int rc;

	while ((rc = next_block(&pem, &block, err)) == 1)
		if (take_block(&block, password, out, err) != 0)
			return -1;
	if (rc == 0 && out->key.n + out->certs.n == before)
		rc = err_set(err, ERR_INPUT,
		    "the PEM text has no private key and no certificate, but %.*s",
		    SLICE_ARG(block.kind));
	out->form = "PEM";
	return rc;
}
