/* cms_write.c - the encrypted message, from the outside to the inside (RFC 5652 6, RFC 5083) */
#include "smime/cms_private.h"

#include <nettle/cbc.h>
#include <nettle/gcm.h>

#include "core/random.h"
#include "pki/der.h"

enum { CHUNK = 32 * 1024 }; /* whole blocks */

/* --- what stands before and behind the ciphertext --- */

static size_t cipher_size(const struct cms_writing *w)
{
	return w->cipher == CMS_AES_256_CBC ? (w->size / CMS_BLOCK + 1) * CMS_BLOCK : w->size;
}

static void put_algorithm(struct buf *out, enum cms_cipher cipher, const unsigned char *iv)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	if (cipher == CMS_AES_256_CBC) {
		der_oid(out, CMS_OID_AES_256_CBC);
		der_put(out, DER_OCTETS, slice_of(iv, CMS_BLOCK));
	} else { /* RFC 5084 3.2 */
		der_oid(out, CMS_OID_AES_256_GCM);
		size_t parameters = der_open(out, DER_SEQUENCE);
		der_put(out, DER_OCTETS, slice_of(iv, CMS_NONCE));
		der_number(out, CMS_TAG);
		der_close(out, parameters);
	}
	der_close(out, mark);
}

static int put_recipients(
    struct buf *out, const struct cms_writing *w, const unsigned char *key, struct err *err)
{
	bool agreed = false;
	int rc = 0;

	for (size_t i = 0; i < w->n; i++)
		agreed |= cms_recipient_agrees(w->to[i]);
	/* RFC 5652 6.1, RFC 5083 2.1 */
	der_number(out, agreed && w->cipher == CMS_AES_256_CBC ? 2 : 0);
	size_t mark = der_open(out, DER_SET);
	for (size_t i = 0; rc == 0 && i < w->n; i++)
		rc = cms_recipient_put(w->to[i], key, out, err);
	der_close(out, mark);
	return rc;
}

/* All before the first byte of the ciphertext. The lengths of what encloses it
   are reckoned from the inside. */
static void put_start(
    struct buf *out, const struct cms_writing *w, struct slice recipients, const unsigned char *iv)
{
	struct buf type = { 0 }, content = { 0 };
	uint64_t n = cipher_size(w), tail = w->cipher == CMS_AES_256_CBC ? 0 : der_size(CMS_TAG);

	der_oid(&type, w->cipher == CMS_AES_256_CBC ? CMS_OID_ENVELOPED : CMS_OID_AUTH_ENVELOPED);
	der_oid(&content, CMS_OID_DATA);
	put_algorithm(&content, w->cipher, iv);

	uint64_t encrypted = content.n + der_size(n);
	uint64_t enveloped = recipients.n + der_size(encrypted) + tail;
	uint64_t explicit = der_size(enveloped);
	der_header(out, DER_SEQUENCE, type.n + der_size(explicit));
	buf_adds(out, buf_slice(&type));
	der_header(out, DER_CONTEXT_CONSTRUCTED | 0, explicit);
	der_header(out, DER_SEQUENCE, enveloped);
	buf_adds(out, recipients);
	der_header(out, DER_SEQUENCE, encrypted);
	buf_adds(out, buf_slice(&content));
	der_header(out, DER_CONTEXT | 0, n);
	buf_done(&type);
	buf_done(&content);
}

/* --- the ciphertext --- */

struct secrets {
	unsigned char key[CMS_KEY], iv[CMS_BLOCK];
	union {
		struct aes256_ctx cbc;
		struct gcm_aes256_ctx gcm;
	};
	unsigned char chunk[CHUNK + CMS_BLOCK];
};

static void start_cipher(struct secrets *s, enum cms_cipher cipher)
{
	random_bytes(s->key, sizeof(s->key));
	random_bytes(s->iv, sizeof(s->iv));
	if (cipher == CMS_AES_256_CBC) {
		aes256_set_encrypt_key(&s->cbc, s->key);
	} else {
		gcm_aes256_set_key(&s->gcm, s->key);
		gcm_aes256_set_iv(&s->gcm, CMS_NONCE, s->iv);
	}
}

/* Encrypt in place. The last chunk is padded (RFC 5652 6.3) and returned with
   that. */
static size_t encrypt(struct secrets *s, enum cms_cipher cipher, size_t n, bool last)
{
	if (cipher != CMS_AES_256_CBC) {
		gcm_aes256_encrypt(&s->gcm, n, s->chunk, s->chunk);
		return n;
	}
	if (last) {
		size_t padding = CMS_BLOCK - n % CMS_BLOCK;
		memset(s->chunk + n, (int)padding, padding);
		n += padding;
	}
	cbc_aes256_encrypt(&s->cbc, s->iv, n, s->chunk, s->chunk);
	return n;
}

static bool fill(const struct cms_writing *w, unsigned char *to, size_t n)
{
	while (n > 0) {
		size_t got = w->read(w->arg, to, n);
		if (got == 0 || got > n)
			return false;
		to += got;
		n -= got;
	}
	return true;
}

static int write_content(const struct cms_writing *w, struct secrets *s, struct err *err)
{
	uint64_t left = w->size;
	bool last = false;

	while (!last) {
		size_t n = left < CHUNK ? (size_t)left : CHUNK;
		if (!fill(w, s->chunk, n))
			return err_set(err, ERR_TEMP, "the message ended before its end");
		left -= n;
		last = n < CHUNK;
		n = encrypt(s, w->cipher, n, last);
		w->write(w->arg, slice_of(s->chunk, n));
	}
	if (w->cipher == CMS_AES_256_GCM) {
		unsigned char tag[2 + CMS_TAG] = { DER_OCTETS, CMS_TAG };
		gcm_aes256_digest(&s->gcm, CMS_TAG, tag + 2);
		w->write(w->arg, slice_of(tag, sizeof(tag)));
	}
	return 0;
}

int cms_write(const struct cms_writing *w, struct err *err)
{
	struct buf recipients = { 0 }, start = { 0 };
	struct secrets s;

	if (w->n == 0)
		return err_set(err, ERR_ABSENT, "there is nobody to encrypt for");
	start_cipher(&s, w->cipher);
	int rc = put_recipients(&recipients, w, s.key, err);
	if (rc == 0) {
		put_start(&start, w, buf_slice(&recipients), s.iv);
		w->write(w->arg, buf_slice(&start));
		rc = write_content(w, &s, err);
	}
	bytes_wipe(&s, sizeof(s));
	buf_done(&recipients);
	buf_done(&start);
	return rc;
}
