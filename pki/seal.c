/* seal.c - secrets at rest
 *
 * A sealed secret: version 1, key id, nonce, bytes, tag. The header and the
 * record's name are authenticated with it. */
#include "pki/seal.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>

#include "core/random.h"
#include "core/tls.h"
#include "pki/master.h"

enum { VERSION = 1, NONCE = 12, TAG = 16, HEADER = 1 + MASTER_ID + NONCE };

static struct master_keys keys;

int seal_start(const char *data, bool may_make, struct err *err)
{
	return master_load(data, may_make, &keys, err);
}

void seal_stop(void)
{
	bytes_wipe(&keys, sizeof(keys));
}

static const struct master_key *key_named(const unsigned char id[MASTER_ID])
{
	for (size_t i = 0; i < keys.n; i++)
		if (memcmp(keys.key[i].id, id, MASTER_ID) == 0)
			return &keys.key[i];
	return NULL;
}

/* What is authenticated beside the secret. */
static void put_context(struct buf *out, const void *header, const char *what)
{
	buf_add(out, header, 1 + MASTER_ID);
	buf_addz(out, what);
}

static int aes_start(Aes *aes, const struct master_key *key, struct err *err)
{
	if (wc_AesInit(aes, NULL, TLS_DEVICE) != 0 ||
	    wc_AesGcmSetKey(aes, key->key, sizeof(key->key)) != 0)
		return err_set(err, ERR_TEMP, "the cipher does not start");
	return 0;
}

static void aes_stop(Aes *aes)
{
	wc_AesFree(aes);
	bytes_wipe(aes, sizeof(*aes));
}

int seal_close(const char *what, struct slice plain, struct buf *out, struct err *err)
{
	struct buf context = { 0 };
	Aes aes;

	if (keys.n == 0)
		return err_set(err, ERR_TEMP, "no master key was read");
	if (aes_start(&aes, &keys.key[0], err) != 0)
		return -1;
	unsigned char *p = (unsigned char *)buf_room(out, HEADER + plain.n + TAG);
	p[0] = VERSION;
	memcpy(p + 1, keys.key[0].id, MASTER_ID);
	random_bytes(p + 1 + MASTER_ID, NONCE);
	put_context(&context, p, what);
	int rc = wc_AesGcmEncrypt(&aes, p + HEADER, (const byte *)plain.p, (word32)plain.n,
	    p + 1 + MASTER_ID, NONCE, p + HEADER + plain.n, TAG, (const byte *)context.p,
	    (word32)context.n);
	aes_stop(&aes);
	buf_done(&context);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "sealing %s failed", what);
	out->n += HEADER + plain.n + TAG;
	return 0;
}

static int open_with(const struct master_key *key, const char *what, struct slice sealed,
    struct buf *out, struct err *err)
{
	const unsigned char *p = (const unsigned char *)sealed.p;
	size_t n = sealed.n - HEADER - TAG;
	struct buf context = { 0 };
	Aes aes;

	if (aes_start(&aes, key, err) != 0)
		return -1;
	put_context(&context, p, what);
	int rc = wc_AesGcmDecrypt(&aes, (byte *)buf_room(out, n), p + HEADER, (word32)n,
	    p + 1 + MASTER_ID, NONCE, p + HEADER + n, TAG, (const byte *)context.p,
	    (word32)context.n);
	aes_stop(&aes);
	buf_done(&context);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "%s was changed after it was sealed", what);
	out->n += n;
	return 0;
}

int seal_open(const char *what, struct slice sealed, struct buf *out, struct err *err)
{
	if (sealed.n < HEADER + TAG || sealed.p[0] != VERSION)
		return err_set(err, ERR_TEMP, "%s is not sealed as it should be", what);
	const struct master_key *key = key_named((const unsigned char *)sealed.p + 1);
	if (!key)
		return err_set(err, ERR_TEMP, "%s was sealed under another master key", what);
	return open_with(key, what, sealed, out, err);
}
