/* pkcs8.c - private keys in one form, and under a password */
#include "pki/pkcs8.h"

#include "pki/der.h"
#include "pki/key.h"
#include "pki/pbe.h"

/* --- one form --- */

static void put_info(struct buf *out, struct slice algorithm, struct slice key)
{
	size_t whole = der_open(out, DER_SEQUENCE);

	der_number(out, 0);
	buf_adds(out, algorithm);
	der_put(out, DER_OCTETS, key);
	der_close(out, whole);
}

/* RFC 5915 3: its curve is in [0] behind the number. */
static bool wrap_ec(struct slice inside, struct slice der, struct buf *out)
{
	struct slice number, explicit;
	struct buf algorithm = { 0 };

	if (!der_want(&inside, DER_OCTETS, &number) ||
	    !der_want(&inside, DER_CONTEXT_CONSTRUCTED | 0, &explicit))
		return false;
	size_t mark = der_open(&algorithm, DER_SEQUENCE);
	der_oid(&algorithm, "1.2.840.10045.2.1");
	buf_adds(&algorithm, explicit);
	der_close(&algorithm, mark);
	put_info(out, buf_slice(&algorithm), der);
	buf_done(&algorithm);
	return true;
}

static void wrap_rsa(struct slice der, struct buf *out)
{
	struct buf algorithm = { 0 };
	size_t mark = der_open(&algorithm, DER_SEQUENCE);

	der_oid(&algorithm, "1.2.840.113549.1.1.1");
	der_null(&algorithm);
	der_close(&algorithm, mark);
	put_info(out, buf_slice(&algorithm), der);
	buf_done(&algorithm);
}

int pkcs8_wrap(struct slice der, struct buf *out, struct err *err)
{
	struct slice rest = der, inside, version;
	struct der next = { 0 };

	buf_room(out, der.n + 64); /* no copies left behind by growing */
	if (der_want(&rest, DER_SEQUENCE, &inside) && der_want(&inside, DER_INTEGER, &version)) {
		struct slice behind = inside;
		der_next(&behind, &next);
	}
	if (next.tag == DER_SEQUENCE)
		buf_adds(out, der);
	else if (next.tag == DER_INTEGER)
		wrap_rsa(der, out);
	else if (next.tag != DER_OCTETS || !wrap_ec(inside, der, out))
		return err_set(err, ERR_INPUT, "the private key is in no form that is known here");
	return 0;
}

/* --- under a password --- */

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
