/* pem_key.c - a private key in a PEM text */
#include "smime/pem_key.h"

#include "core/text.h"
#include "pki/key.h"
#include "pki/pkcs8.h"

static const struct slice locked_begin = { "-----BEGIN ENCRYPTED PRIVATE KEY-----", 37 };
static const struct slice locked_end = { "-----END ENCRYPTED PRIVATE KEY-----", 35 };

/* The bytes between two marks. */
static bool between(struct slice pem, struct slice begin, struct slice end, struct buf *der)
{
	struct buf base64 = { 0 };
	ptrdiff_t from = slice_find(pem, begin);

	if (from < 0)
		return false;
	pem = slice_from(pem, (size_t)from + begin.n);
	ptrdiff_t to = slice_find(pem, end);
	for (ptrdiff_t i = 0; i < to; i++)
		if (pem.p[i] == '\0' || !strchr(" \t\r\n", pem.p[i]))
			buf_addc(&base64, pem.p[i]);
	bool good = to >= 0 && base64_get(der, buf_slice(&base64));
	buf_wipe(&base64);
	return good;
}

static int unlock(struct slice pem, struct slice password, struct buf *key, struct err *err)
{
	struct buf locked = { 0 }, plain = { 0 };
	int rc;

	if (between(pem, locked_begin, locked_end, &locked))
		rc = pkcs8_unlock(buf_slice(&locked), password, &plain, err);
	else
		rc = err_set(err, ERR_INPUT, "the encrypted private key cannot be read");
	if (rc == 0)
		buf_adds(key, buf_slice(&plain));
	buf_done(&locked);
	buf_wipe(&plain);
	return rc == 0 ? 1 : -1;
}

int pem_key(struct slice pem, struct slice password, struct buf *key, struct err *err)
{
	struct buf der = { 0 };

	if (slice_find(pem, locked_begin) >= 0)
		return unlock(pem, password, key, err);
	if (slice_find(pem, SLICE("PRIVATE KEY-----")) < 0)
		return 0;
	int rc = key_from_pem(pem, &der, err);
	if (rc == 0)
		rc = pkcs8_wrap(buf_slice(&der), key, err);
	buf_wipe(&der);
	return rc == 0 ? 1 : -1;
}
