/* pkcs8.c - private keys under a password */
#include "pki/pkcs8.h"

#include "pki/der.h"
#include "pki/key.h"
#include "pki/pbe.h"

int pkcs8_lock(struct slice key, struct slice password, struct buf *out, struct err *err)
{
	struct buf algorithm = { 0 }, cipher = { 0 };
	int rc = pbe_lock(password, key, &algorithm, &cipher, err);

	if (rc == 0) {
		size_t mark = der_open(out, DER_SEQUENCE);
		buf_adds(out, buf_slice(&algorithm));
		der_put(out, DER_OCTETS, buf_slice(&cipher));
		der_close(out, mark);
	}
	buf_done(&algorithm);
	buf_done(&cipher);
	return rc;
}

/* Garbage that happened to end like padding is no key: wrong password, too. */
static int check_key(struct slice key, struct err *err)
{
	struct slice inside, rest = key, version;

	if (der_want(&rest, DER_SEQUENCE, &inside) && rest.n == 0 &&
	    der_want(&inside, DER_INTEGER, &version))
		return 0;
	return err_set(err, ERR_DENIED, "wrong password");
}

int pkcs8_unlock(struct slice locked, struct slice password, struct buf *key, struct err *err)
{
	struct slice whole, cipher;
	struct der algorithm;

	if (!der_want(&locked, DER_SEQUENCE, &whole) || !der_next(&whole, &algorithm) ||
	    !der_want(&whole, DER_OCTETS, &cipher))
		return err_set(err, ERR_INPUT, "this is no encrypted private key");
	size_t mark = key->n;
	if (pbe_unlock(password, algorithm.whole, cipher, key, err) != 0)
		return -1;
	if (check_key(slice_from(buf_slice(key), mark), err) == 0)
		return 0;
	bytes_wipe(key->p + mark, key->n - mark);
	key->n = mark;
	return -1;
}
