/* master_form.c - the master keys as text, in the clear or under a passphrase */
#include <stdlib.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>

#include <nettle/pbkdf2.h>

#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "pki/master.h"

enum { NONCE = 12, TAG = 16, WRAPPED = NONCE + MASTER_KEY + TAG, ITERATIONS = 600000 };
enum { ITERATIONS_MIN = 100000, ITERATIONS_MAX = 100000000 };

static bool hex_get(struct slice text, unsigned char *out, size_t n)
{
	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* --- under a passphrase --- */

static void derive(struct master *master, struct slice passphrase)
{
	pbkdf2_hmac_sha256(passphrase.n, (const uint8_t *)passphrase.p, master->iterations,
	    sizeof(master->salt), master->salt, sizeof(master->wrap), master->wrap);
}

void master_protect(struct master *master, struct slice passphrase)
{
	master->iterations = passphrase.n > 0 ? ITERATIONS : 0;
	bytes_wipe(master->wrap, sizeof(master->wrap));
	if (passphrase.n == 0)
		return;
	random_bytes(master->salt, sizeof(master->salt));
	derive(master, passphrase);
}

/* The id is authenticated with its key. */
static int wrap(const struct master *master, const struct master_key *key, unsigned char *out)
{
	Aes aes;

	random_bytes(out, NONCE);
	int rc = wc_AesInit(&aes, NULL, INVALID_DEVID);
	if (rc == 0)
		rc = wc_AesGcmSetKey(&aes, master->wrap, sizeof(master->wrap));
	if (rc == 0)
		rc = wc_AesGcmEncrypt(&aes, out + NONCE, key->key, MASTER_KEY, out, NONCE,
		    out + NONCE + MASTER_KEY, TAG, key->id, MASTER_ID);
	wc_AesFree(&aes);
	bytes_wipe(&aes, sizeof(aes));
	return rc;
}

static int unwrap(const struct master *master, const unsigned char *in, struct master_key *key)
{
	Aes aes;

	int rc = wc_AesInit(&aes, NULL, INVALID_DEVID);
	if (rc == 0)
		rc = wc_AesGcmSetKey(&aes, master->wrap, sizeof(master->wrap));
	if (rc == 0)
		rc = wc_AesGcmDecrypt(&aes, key->key, in + NONCE, MASTER_KEY, in, NONCE,
		    in + NONCE + MASTER_KEY, TAG, key->id, MASTER_ID);
	wc_AesFree(&aes);
	bytes_wipe(&aes, sizeof(aes));
	return rc;
}

/* --- lines --- */

static int put_key(const struct master *master, const struct master_key *key, struct buf *out)
{
	unsigned char wrapped[WRAPPED];

	hex_put(out, slice_of(key->id, MASTER_ID));
	buf_addc(out, ' ');
	if (master->iterations == 0)
		hex_put(out, slice_of(key->key, MASTER_KEY));
	else if (wrap(master, key, wrapped) != 0)
		return -1;
	else
		hex_put(out, slice_of(wrapped, sizeof(wrapped)));
	buf_addc(out, '\n');
	return 0;
}

int master_put(const struct master *master, struct buf *out, struct err *err)
{
	int rc = 0;

	buf_room(out, 4096); /* at once: a buffer that grows leaves its old bytes behind */
	if (master->iterations > 0) {
		buf_printf(out, "passphrase pbkdf2-sha256 %u ", master->iterations);
		hex_put(out, slice_of(master->salt, sizeof(master->salt)));
		buf_addc(out, '\n');
	}
	for (size_t i = 0; rc == 0 && i < master->keys.n; i++)
		rc = put_key(master, &master->keys.key[i], out);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "the cipher does not start");
}

static bool get_passphrase(struct slice line, struct slice passphrase, struct master *out)
{
	uint32_t n;

	if (!slice_eq(slice_word(&line), SLICE("pbkdf2-sha256")) ||
	    !num_u32(slice_word(&line), &n) || n < ITERATIONS_MIN || n > ITERATIONS_MAX ||
	    !hex_get(slice_word(&line), out->salt, sizeof(out->salt)))
		return false;
	out->iterations = n;
	if (passphrase.n > 0)
		derive(out, passphrase);
	return true;
}

enum got { GOT, GOT_MALFORMED, GOT_WRONG };

static enum got get_key(struct slice line, struct master *out)
{
	struct slice id = slice_word(&line), key = slice_word(&line);
	struct master_key *to = &out->keys.key[out->keys.n];
	unsigned char wrapped[WRAPPED];

	if (out->keys.n == MASTER_KEYS_MAX || slice_word(&line).n > 0 ||
	    !hex_get(id, to->id, MASTER_ID))
		return GOT_MALFORMED;
	if (out->iterations == 0) {
		if (!hex_get(key, to->key, MASTER_KEY))
			return GOT_MALFORMED;
	} else if (!hex_get(key, wrapped, sizeof(wrapped))) {
		return GOT_MALFORMED;
	} else if (unwrap(out, wrapped, to) != 0) {
		return GOT_WRONG;
	}
	out->keys.n++;
	return GOT;
}

int master_get(struct slice text, struct slice passphrase, struct master *out, struct err *err)
{
	enum got got = GOT;

	while (got == GOT && text.n > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n')), rest = line;
		if (line.n == 0)
			continue;
		if (!slice_eq(slice_word(&rest), SLICE("passphrase")))
			got = get_key(line, out);
		else if (out->keys.n > 0 || !get_passphrase(rest, passphrase, out))
			got = GOT_MALFORMED;
		else if (passphrase.n == 0)
			return err_set(err, ERR_DENIED,
			    "the master key is protected by a passphrase: give it with -k FILE, or as "
			    "the credential signet-passphrase");
	}
	if (got == GOT_WRONG)
		return err_set(err, ERR_DENIED, "this is not the passphrase of the master key");
	if (got != GOT || out->keys.n == 0)
		return err_set(err, ERR_INPUT, "there are no master keys in the form `ID KEY`");
	return 0;
}
