/* fuzz_smime.c - any message, encrypted and decrypted again */
#include <stdint.h>
#include <stdlib.h>

#include "core/tls.h"
#include "pki/cert.h"
#include "pki/key.h"
#include "smime/encrypt.h"
#include "smime/header.h"
#include "tests/fuzz/cms_keys.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct buf cert, key;
static struct cms_recipient *recipient;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (tls_start(NULL) != 0 || cert_from_pem(slice_str(cms_certs[1]), &cert, NULL) != 0 ||
	    key_from_pem(slice_str(cms_keys[1]), &key, NULL) != 0)
		abort();
	recipient = cms_recipient_new(buf_slice(&cert), NULL);
	return recipient ? 0 : 1;
}

static int open_key(void *arg, size_t i, struct buf *out, struct err *err)
{
	(void)arg, (void)i, (void)err;
	buf_adds(out, buf_slice(&key));
	return 0;
}

/* What RFC 8551 3.1.1 asks of the entity. */
static void check_lines(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			abort();
}

/* The entity is the inner header and the body, with nothing lost. */
static void check_entity(struct slice message, bool hide, struct slice entity)
{
	struct buf outer = { 0 }, inner = { 0 };

	smime_part_header(&message, hide, &outer, &inner);
	if (!slice_starts(entity, buf_slice(&inner)))
		abort();
	struct slice body = slice_from(entity, inner.n);
	for (size_t i = 0; i < message.n; i++) {
		if (body.n > 0 && body.p[0] == '\r' && message.p[i] == '\n')
			body = slice_from(body, 1); /* it was added */
		if (body.n == 0 || body.p[0] != message.p[i])
			abort();
		body = slice_from(body, 1);
	}
	if (body.n > 0)
		abort();
	buf_done(&outer);
	buf_done(&inner);
}

static void there_and_back(struct slice message, const struct smime_way *way)
{
	struct slice own = buf_slice(&cert);
	struct cms_keys keys = { &own, 1, open_key, NULL };
	struct buf out = { 0 }, cms = { 0 }, entity = { 0 };

	if (smime_encrypt(message, way, &recipient, 1, &out, NULL) != 0 ||
	    !smime_is_encrypted(buf_slice(&out)) || smime_body(buf_slice(&out), &cms, NULL) != 0 ||
	    cms_read(buf_slice(&cms), &keys, &entity, NULL) != 0)
		abort();
	check_lines(buf_slice(&out));
	check_lines(buf_slice(&entity));
	check_entity(message, way->hide_subject, buf_slice(&entity));
	buf_done(&out);
	buf_done(&cms);
	buf_done(&entity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice message = slice_of(data, n);

	smime_is_encrypted(message);
	there_and_back(message, &(struct smime_way){ CMS_AES_256_CBC, false });
	there_and_back(message, &(struct smime_way){ CMS_AES_256_GCM, true });
	return 0;
}
