/* cms_read.c - an encrypted message is taken apart, and its content decrypted */
#include "smime/cms_open.h"

#include <nettle/gcm.h>

#include "pki/ber.h"
#include "pki/cbc.h"
#include "pki/cert.h"
#include "pki/der.h"

/* The parts of EnvelopedData and AuthEnvelopedData that matter. */
struct envelope {
	bool authentic;		 /* AuthEnvelopedData */
	struct slice recipients; /* contents of the SET */
	struct slice algorithm;	 /* of the content: OID */
	struct slice parameters; /* what is behind it */
	struct slice cipher;	 /* whole value: one string, or pieces */
	struct slice attributes; /* whole [1], or empty */
	struct slice tag;
};

static int malformed(struct err *err)
{
	return err_set(err, ERR_INPUT, "the encrypted message is malformed");
}

/* One answer for a wrong key, a changed message and a refused padding: nobody
   is told which it was. */
static int not_opened(struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "the message does not decrypt: it was changed, or encrypted for another key");
}

/* --- structure (RFC 5652 6.1, RFC 5083 2.1) --- */

static bool read_content(struct slice info, struct envelope *e)
{
	struct slice type, algorithm;
	struct der cipher;

	if (!der_want(&info, DER_OID, &type) || !der_want(&info, DER_SEQUENCE, &algorithm) ||
	    !der_want(&algorithm, DER_OID, &e->algorithm) || !der_next(&info, &cipher))
		return false;
	e->parameters = algorithm;
	e->cipher = cipher.whole;
	return cipher.tag == (DER_CONTEXT | 0) || cipher.tag == (DER_CONTEXT_CONSTRUCTED | 0);
}

static bool read_enveloped(struct slice body, struct envelope *e)
{
	struct slice version, originator, content;
	struct der attributes;

	if (!der_want(&body, DER_INTEGER, &version))
		return false;
	der_want(&body, DER_CONTEXT_CONSTRUCTED | 0, &originator);
	if (!der_want(&body, DER_SET, &e->recipients) || !der_want(&body, DER_SEQUENCE, &content) ||
	    !read_content(content, e))
		return false;
	if (!e->authentic)
		return true;
	struct slice rest = body;
	if (der_next(&rest, &attributes) && attributes.tag == (DER_CONTEXT_CONSTRUCTED | 1)) {
		e->attributes = attributes.whole;
		body = rest;
	}
	return der_want(&body, DER_OCTETS, &e->tag);
}

static bool read_envelope(struct slice der, struct envelope *e)
{
	struct slice info, type, explicit, body;

	*e = (struct envelope){ 0 };
	if (!der_want(&der, DER_SEQUENCE, &info) || !der_want(&info, DER_OID, &type) ||
	    !der_want(&info, DER_CONTEXT_CONSTRUCTED | 0, &explicit) ||
	    !der_want(&explicit, DER_SEQUENCE, &body))
		return false;
	e->authentic = der_oid_is(type, CMS_OID_AUTH_ENVELOPED);
	return (e->authentic || der_oid_is(type, CMS_OID_ENVELOPED)) && read_enveloped(body, e);
}

/* --- content --- */

/* How many bytes the content's key has; 0: a way that is not known. */
static size_t key_size(const struct envelope *e)
{
	const struct cbc *cbc = cbc_find(e->algorithm);

	if (!e->authentic)
		return cbc ? cbc->key_n : 0;
	if (der_oid_is(e->algorithm, CMS_OID_AES_256_GCM))
		return 32;
	return der_oid_is(e->algorithm, "2.16.840.1.101.3.4.1.6") ? 16 : 0;
}

static int open_cbc(const struct envelope *e, const unsigned char *key, struct slice cipher,
    struct buf *content, struct err *err)
{
	const struct cbc *cbc = cbc_find(e->algorithm);
	struct slice rest = e->parameters, iv;

	if (!der_want(&rest, DER_OCTETS, &iv) || iv.n != cbc->block_n)
		return malformed(err);
	if (cbc_open(cbc, key, (const unsigned char *)iv.p, cipher, content, NULL) != 0)
		return not_opened(err);
	return 0;
}

/* Plaintext and tag by either key size. */
static void run_gcm(const struct envelope *e, const unsigned char *key, struct slice nonce,
    struct slice header, struct slice cipher, unsigned char *out, unsigned char tag[CMS_TAG])
{
	union {
		struct gcm_aes128_ctx small;
		struct gcm_aes256_ctx large;
	} ctx;
	const uint8_t *in = (const uint8_t *)cipher.p, *iv = (const uint8_t *)nonce.p,
		      *aad = (const uint8_t *)header.p;

	if (key_size(e) == 16) {
		gcm_aes128_set_key(&ctx.small, key);
		gcm_aes128_set_iv(&ctx.small, nonce.n, iv);
		gcm_aes128_update(&ctx.small, header.n, aad);
		gcm_aes128_decrypt(&ctx.small, cipher.n, out, in);
		gcm_aes128_digest(&ctx.small, CMS_TAG, tag);
	} else {
		gcm_aes256_set_key(&ctx.large, key);
		gcm_aes256_set_iv(&ctx.large, nonce.n, iv);
		gcm_aes256_update(&ctx.large, header.n, aad);
		gcm_aes256_decrypt(&ctx.large, cipher.n, out, in);
		gcm_aes256_digest(&ctx.large, CMS_TAG, tag);
	}
	bytes_wipe(&ctx, sizeof(ctx));
}

/* RFC 5083 2.2: the attributes are authenticated as a SET OF. */
static void put_header(const struct envelope *e, struct buf *out)
{
	buf_adds(out, e->attributes);
	if (out->n > 0)
		out->p[0] = DER_SET;
}

static int open_gcm(const struct envelope *e, const unsigned char *key, struct slice cipher,
    struct buf *content, struct err *err)
{
	unsigned char tag[CMS_TAG];
	struct slice rest = e->parameters, parameters, nonce;
	struct buf header = { 0 };

	/* RFC 5084 3.2; a shorter tag is easier to forge, and nobody writes one */
	if (!der_want(&rest, DER_SEQUENCE, &parameters) ||
	    !der_want(&parameters, DER_OCTETS, &nonce) || nonce.n == 0 || e->tag.n < 12 ||
	    e->tag.n > CMS_TAG)
		return malformed(err);
	put_header(e, &header);
	unsigned char *out = (unsigned char *)buf_room(content, cipher.n + 1);
	run_gcm(e, key, nonce, buf_slice(&header), cipher, out, tag);
	buf_done(&header);
	if (!bytes_same(tag, e->tag.p, e->tag.n)) {
		bytes_wipe(out, cipher.n); /* never show what is not authentic */
		return not_opened(err);
	}
	content->n += cipher.n;
	return 0;
}

static int open_content(
    const struct envelope *e, const unsigned char *key, struct buf *content, struct err *err)
{
	struct slice rest = e->cipher;
	struct buf joined = { 0 };
	struct der value;
	int rc;

	der_next(&rest, &value);
	if (value.tag != (DER_CONTEXT | 0)) {
		if (!ber_join(value.value, &joined)) {
			buf_done(&joined);
			return malformed(err);
		}
		value.value = buf_slice(&joined);
	}
	rc = (e->authentic ? open_gcm : open_cbc)(e, key, value.value, content, err);
	buf_done(&joined);
	return rc;
}

/* --- the whole --- */

static int read_der(
    struct slice der, const struct cms_keys *keys, struct buf *content, struct err *err)
{
	unsigned char key[CMS_KEY];
	struct envelope e;

	if (!read_envelope(der, &e))
		return malformed(err);
	size_t n = key_size(&e);
	if (n == 0)
		return err_set(err, ERR_INPUT, "the message is encrypted in a way not known here");
	int rc = cms_open_key(e.recipients, keys, key, n, err);
	if (rc == 0)
		rc = open_content(&e, key, content, err);
	bytes_wipe(key, sizeof(key));
	return rc;
}

int cms_read(struct slice cms, const struct cms_keys *keys, struct buf *content, struct err *err)
{
	struct buf der = { 0 };
	int rc =
	    ber_to_der(cms, &der) ? read_der(buf_slice(&der), keys, content, err) : malformed(err);

	buf_done(&der);
	return rc;
}
