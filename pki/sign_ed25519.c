/* sign_ed25519.c - private keys of Ed25519; opened for as long as one call takes */
#include "pki/sign_ed25519.h"

#include <nettle/eddsa.h>

#include "core/random.h"
#include "pki/seal.h"

void sign_ed25519_sealed_as(const char *owner, struct buf *out)
{
	buf_printf(out, "the Ed25519 key of %s", owner);
	buf_z(out);
}

int sign_ed25519_make(const char *owner, struct buf *sealed, struct buf *public, struct err *err)
{
	uint8_t seed[ED25519_KEY_SIZE];
	struct buf what = { 0 };

	random_bytes(seed, sizeof(seed));
	ed25519_sha512_public_key((uint8_t *)buf_room(public, ED25519_KEY_SIZE), seed);
	public->n += ED25519_KEY_SIZE;
	sign_ed25519_sealed_as(owner, &what);
	int rc = seal_close(what.p, slice_of(seed, sizeof(seed)), sealed, err);
	bytes_wipe(seed, sizeof(seed));
	buf_done(&what);
	return rc;
}

int sign_ed25519(
    const struct sign_key *key, struct slice data, struct buf *signature, struct err *err)
{
	struct buf what = { 0 }, seed = { 0 };
	uint8_t public[ED25519_KEY_SIZE];

	sign_ed25519_sealed_as(key->owner, &what);
	int rc = seal_open(what.p, key->sealed, &seed, err);
	if (rc == 0 && seed.n != ED25519_KEY_SIZE)
		rc = err_set(err, ERR_TEMP, "the key has not the size of a key");
	if (rc == 0) {
		uint8_t *out = (uint8_t *)buf_room(signature, ED25519_SIGNATURE_SIZE);
		ed25519_sha512_public_key(public, (const uint8_t *)seed.p);
		ed25519_sha512_sign(
		    public, (const uint8_t *)seed.p, data.n, (const uint8_t *)data.p, out);
		signature->n += ED25519_SIGNATURE_SIZE;
	}
	buf_wipe(&seed);
	buf_done(&what);
	return rc;
}
