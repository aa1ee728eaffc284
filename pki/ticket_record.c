/* ticket_record.c - ticket keys as bytes, for the store, and as a locked text, for another server
 */
#include <nettle/pbkdf2.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>

#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "pki/pbe.h"
#include "pki/ticket.h"

/* version, since, period, secret; then the old keys */
enum {
	VERSION = 2,
	HEAD = 1 + 8 + 8 + 32,
	OLD = sizeof(struct tls_ticket_key),
	MINUTE = 60,
	YEAR = 366 * 24 * 60 * 60,
};

static void put64(struct buf *out, int64_t n)
{
	unsigned char bytes[8];

	num_put64(bytes, (uint64_t)n);
	buf_add(out, bytes, sizeof(bytes));
}

void ticket_put(const struct ticket_keys *keys, struct buf *out)
{
	buf_room(
	    out, HEAD + TICKET_OLD_MAX * OLD); /* a buffer that grows leaves old bytes behind */
	buf_addc(out, VERSION);
	put64(out, keys->since);
	put64(out, keys->period);
	buf_add(out, keys->secret, sizeof(keys->secret));
	buf_add(out, keys->old, keys->n_old * OLD);
}

bool ticket_get(struct slice bytes, struct ticket_keys *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	*out = (struct ticket_keys){ 0 };
	if (bytes.n < HEAD || p[0] != VERSION || (bytes.n - HEAD) % OLD != 0 ||
	    (bytes.n - HEAD) / OLD > TICKET_OLD_MAX)
		return false;
	int64_t since = (int64_t)num_get64(p + 1), period = (int64_t)num_get64(p + 9);
	if (since <= 0 || period < MINUTE || period > YEAR)
		return false;
	out->since = since;
	out->period = period;
	memcpy(out->secret, p + 17, sizeof(out->secret));
	out->n_old = (bytes.n - HEAD) / OLD;
	memcpy(out->old, p + HEAD, out->n_old * OLD);
	return true;
}

/* --- locked: "signet-ticket-keys-1 " and, in base64, salt, nonce, tag, ciphertext --- */

static const char header[] = "signet-ticket-keys-1 ";

enum { SALT = 16, NONCE = 12, TAG = 16, OPEN = SALT + NONCE + TAG };

/* RFC 8018 5.2 */
static void key_of(struct slice password, const unsigned char salt[SALT], unsigned char key[32])
{
	pbkdf2_hmac_sha256(
	    password.n, (const uint8_t *)password.p, PBE_ITERATIONS, SALT, salt, 32, key);
}

int ticket_lock(
    const struct ticket_keys *keys, struct slice password, struct buf *text, struct err *err)
{
	unsigned char key[32], *open;
	struct buf plain = { 0 }, all = { 0 };

	if (password.n == 0 || password.n > PBE_PASSWORD_MAX)
		return err_set(err, ERR_INPUT, "a password of 1 to %d bytes", PBE_PASSWORD_MAX);
	ticket_put(keys, &plain);
	open = (unsigned char *)buf_room(&all, OPEN + plain.n);
	random_bytes(open, SALT + NONCE);
	key_of(password, open, key);
	int rc = wc_ChaCha20Poly1305_Encrypt(key, open + SALT, (const unsigned char *)header,
	    sizeof(header) - 1, (const unsigned char *)plain.p, (word32)plain.n, open + OPEN,
	    open + SALT + NONCE);
	all.n = OPEN + plain.n;
	if (rc == 0) {
		buf_addz(text, header);
		base64_put(text, buf_slice(&all));
	}
	bytes_wipe(key, sizeof(key));
	buf_wipe(&plain);
	buf_done(&all);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "the keys cannot be sealed");
}

static int open_bytes(struct slice all, struct slice password, struct buf *plain, struct err *err)
{
	const unsigned char *open = (const unsigned char *)all.p;
	unsigned char key[32];

	if (all.n <= OPEN || all.n > OPEN + HEAD + TICKET_OLD_MAX * OLD)
		return err_set(err, ERR_INPUT, "these are no ticket keys of a server");
	if (password.n > PBE_PASSWORD_MAX)
		return err_set(err, ERR_DENIED, "the password is wrong");
	size_t n = all.n - OPEN;
	key_of(password, open, key);
	int rc = wc_ChaCha20Poly1305_Decrypt(key, open + SALT, (const unsigned char *)header,
	    sizeof(header) - 1, open + OPEN, (word32)n, open + SALT + NONCE,
	    (unsigned char *)buf_room(plain, n));
	bytes_wipe(key, sizeof(key));
	plain->n = rc == 0 ? n : 0;
	return rc == 0 ? 0 : err_set(err, ERR_DENIED, "the password is wrong, or the text changed");
}

int ticket_unlock(
    struct slice text, struct slice password, struct ticket_keys *out, struct err *err)
{
	struct buf all = { 0 }, plain = { 0 };
	int rc = 0;

	*out = (struct ticket_keys){ 0 };
	text = slice_trim(text);
	if (!slice_starts(text, slice_str(header)) ||
	    !base64_get(&all, slice_trim(slice_from(text, sizeof(header) - 1))))
		rc = err_set(err, ERR_INPUT, "these are no ticket keys of a server");
	if (rc == 0)
		rc = open_bytes(buf_slice(&all), password, &plain, err);
	if (rc == 0 && !ticket_get(buf_slice(&plain), out))
		rc = err_set(err, ERR_INPUT, "ticket keys of another version of this program");
	buf_done(&all);
	buf_wipe(&plain);
	return rc;
}
