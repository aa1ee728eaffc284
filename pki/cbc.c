/* cbc.c - block ciphers in CBC mode, by nettle */
#include "pki/cbc.h"

#include <nettle/aes.h>
#include <nettle/arctwo.h>
#include <nettle/cbc.h>
#include <nettle/des.h>

#include "pki/der.h"

/* Each with a context of its own that is wiped. */
#define DECRYPT(name, context, set_key, decrypt, block)                                            \
	static void name(                                                                          \
	    const unsigned char *key, unsigned char *iv, unsigned char *bytes, size_t n)           \
	{                                                                                          \
		struct context ctx;                                                                \
		set_key(&ctx, key);                                                                \
		cbc_decrypt(&ctx, (nettle_cipher_func *)decrypt, block, iv, n, bytes, bytes);      \
		bytes_wipe(&ctx, sizeof(ctx));                                                     \
	}

DECRYPT(aes_128, aes128_ctx, aes128_set_decrypt_key, aes128_decrypt, 16)
DECRYPT(aes_192, aes192_ctx, aes192_set_decrypt_key, aes192_decrypt, 16)
DECRYPT(aes_256, aes256_ctx, aes256_set_decrypt_key, aes256_decrypt, 16)
DECRYPT(des3, des3_ctx, des3_set_key, des3_decrypt, 8)
DECRYPT(rc2_40, arctwo_ctx, arctwo40_set_key, arctwo_decrypt, 8)
DECRYPT(rc2_128, arctwo_ctx, arctwo128_set_key, arctwo_decrypt, 8)

/* RFC 8018 B.2 and its NIST ciphers */
static const struct cbc schemes[] = {
	{ "2.16.840.1.101.3.4.1.42", 32, 16, aes_256 },
	{ "2.16.840.1.101.3.4.1.22", 24, 16, aes_192 },
	{ "2.16.840.1.101.3.4.1.2", 16, 16, aes_128 },
	{ "1.2.840.113549.3.7", 24, 8, des3 },
};

/* RFC 7292 C */
static const struct cbc pkcs12[] = {
	{ "1.2.840.113549.1.12.1.3", 24, 8, des3 },
	{ "1.2.840.113549.1.12.1.5", 16, 8, rc2_128 },
	{ "1.2.840.113549.1.12.1.6", 5, 8, rc2_40 },
};

static const struct cbc *find(const struct cbc *table, size_t n, struct slice oid)
{
	for (size_t i = 0; i < n; i++)
		if (der_oid_is(oid, table[i].oid))
			return &table[i];
	return NULL;
}

const struct cbc *cbc_find(struct slice oid)
{
	return find(schemes, sizeof(schemes) / sizeof(*schemes), oid);
}

const struct cbc *cbc_find_pkcs12(struct slice oid)
{
	return find(pkcs12, sizeof(pkcs12) / sizeof(*pkcs12), oid);
}

/* RFC 8018 6.1.1: as many bytes as are lacking to a whole block, each saying
   how many. 0: there is no such thing. */
static size_t padding_of(struct slice s, size_t block)
{
	size_t n = s.n > 0 ? (unsigned char)s.p[s.n - 1] : 0;

	if (n == 0 || n > block || n > s.n)
		return 0;
	for (size_t i = s.n - n; i < s.n; i++)
		if ((unsigned char)s.p[i] != n)
			return 0;
	return n;
}

int cbc_open(const struct cbc *cipher, const unsigned char *key, const unsigned char *iv,
    struct slice in, struct buf *plain, struct err *err)
{
	unsigned char chain[CBC_BLOCK_MAX];

	if (in.n == 0 || in.n % cipher->block_n != 0)
		return err_set(err, ERR_INPUT, "what is encrypted has no whole blocks");
	char *p = buf_room(plain, in.n);
	memcpy(p, in.p, in.n);
	memcpy(chain, iv, cipher->block_n);
	cipher->decrypt(key, chain, (unsigned char *)p, in.n);
	size_t padding = padding_of(slice_of(p, in.n), cipher->block_n);
	if (padding == 0) {
		bytes_wipe(p, in.n);
		return err_set(err, ERR_DENIED, "wrong key");
	}
	plain->n += in.n - padding;
	return 0;
}

/* Room for it, with its padding; returns where it begins and how long it is. */
static unsigned char *pad(struct slice plain, size_t block, struct buf *out, size_t *n)
{
	size_t padding = block - plain.n % block;

	*n = plain.n + padding;
	unsigned char *p = (unsigned char *)buf_room(out, *n);
	if (plain.n > 0)
		memcpy(p, plain.p, plain.n);
	memset(p + plain.n, (int)padding, padding);
	out->n += *n;
	return p;
}

void cbc_close_aes_256(
    const unsigned char *key, const unsigned char *iv, struct slice plain, struct buf *out)
{
	unsigned char chain[16];
	struct aes256_ctx ctx;
	size_t n;
	unsigned char *p = pad(plain, sizeof(chain), out, &n);

	memcpy(chain, iv, sizeof(chain));
	aes256_set_encrypt_key(&ctx, key);
	cbc_aes256_encrypt(&ctx, chain, n, p, p);
	bytes_wipe(&ctx, sizeof(ctx));
}

void cbc_close_des3(
    const unsigned char *key, const unsigned char *iv, struct slice plain, struct buf *out)
{
	unsigned char chain[8];
	struct des3_ctx ctx;
	size_t n;
	unsigned char *p = pad(plain, sizeof(chain), out, &n);

	memcpy(chain, iv, sizeof(chain));
	des3_set_key(&ctx, key);
	cbc_encrypt(&ctx, (nettle_cipher_func *)des3_encrypt, sizeof(chain), chain, n, p, p);
	bytes_wipe(&ctx, sizeof(ctx));
}
