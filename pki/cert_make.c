/* cert_make.c - building certificates (RFC 5280)
 *
 * With our own writer: the library cannot mark basicConstraints critical,
 * which strict readers ask for. */
#include "pki/cert.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/random.h"
#include "pki/der.h"

enum {
	COMMON_NAME_MAX = 64,	    /* RFC 5280 A.1: ub-common-name */
	DIGITAL_SIGNATURE = 1 << 0, /* bits of KeyUsage */
	KEY_ENCIPHERMENT = 1 << 2,
	SERIAL = 16,
	KEY_ID = 20,
};

static void put_attribute(struct buf *out, const char *type, unsigned tag, struct slice value)
{
	size_t set = der_open(out, DER_SET);
	size_t pair = der_open(out, DER_SEQUENCE);

	der_oid(out, type);
	der_put(out, tag, value);
	der_close(out, pair);
	der_close(out, set);
}

/* RFC 2247: a domain too long for a common name, as one attribute a label, the
   last label first. */
static void put_components(struct buf *out, struct slice domain)
{
	while (domain.n > 0) {
		ptrdiff_t dot = slice_rchr(domain, '.');
		struct slice label = slice_from(domain, (size_t)(dot + 1));
		put_attribute(out, "0.9.2342.19200300.100.1.25", DER_IA5, label);
		domain = slice_head(domain, dot < 0 ? 0 : (size_t)dot);
	}
}

static void put_name(struct buf *out, struct slice domain)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	if (domain.n <= COMMON_NAME_MAX)
		put_attribute(out, "2.5.4.3", DER_UTF8, domain);
	else
		put_components(out, domain);
	der_close(out, mark);
}

/* RFC 5280 4.1.2.2: positive, unique, at most 20 bytes. */
static void put_serial(struct buf *out)
{
	unsigned char serial[SERIAL];

	random_bytes(serial, sizeof(serial));
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* always of this length */
	der_unsigned(out, slice_of(serial, sizeof(serial)));
}

static void put_validity(struct buf *out, const struct cert_spec *spec)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_time(out, spec->not_before);
	der_time(out, spec->not_after);
	der_close(out, mark);
}

/* --- extensions --- */

struct extension {
	size_t whole, value;
};

static struct extension open_extension(struct buf *out, const char *oid, bool critical)
{
	struct extension e = { .whole = der_open(out, DER_SEQUENCE) };

	der_oid(out, oid);
	if (critical)
		der_bool(out, true);
	e.value = der_open(out, DER_OCTETS);
	return e;
}

static void close_extension(struct buf *out, struct extension e)
{
	der_close(out, e.value);
	der_close(out, e.whole);
}

static void put_constraints(struct buf *out)
{
	struct extension e = open_extension(out, "2.5.29.19", true);

	der_header(out, DER_SEQUENCE, 0); /* cA is false, which DER leaves out */
	close_extension(out, e);
}

static void put_key_usage(struct buf *out, const char *key_type)
{
	struct extension e = open_extension(out, "2.5.29.15", true);

	/* TLS 1.2 clients ask for keyEncipherment in RSA certificates. */
	der_named_bits(out,
	    slice_starts(slice_str(key_type), SLICE("RSA")) ? DIGITAL_SIGNATURE | KEY_ENCIPHERMENT
							    : DIGITAL_SIGNATURE);
	close_extension(out, e);
}

static void put_extended_usage(struct buf *out)
{
	struct extension e = open_extension(out, "2.5.29.37", false);
	size_t mark = der_open(out, DER_SEQUENCE);

	der_oid(out, "1.3.6.1.5.5.7.3.1"); /* serverAuth */
	der_oid(out, "1.3.6.1.5.5.7.3.2"); /* clientAuth: outgoing connections */
	der_close(out, mark);
	close_extension(out, e);
}

static void put_alt_names(struct buf *out, struct slice names)
{
	struct extension e = open_extension(out, "2.5.29.17", false);
	size_t mark = der_open(out, DER_SEQUENCE);

	for (struct slice name; (name = slice_word(&names)).n > 0;)
		der_put(out, DER_CONTEXT | 2, name); /* dNSName */
	der_close(out, mark);
	close_extension(out, e);
}

/* RFC 7093 2, method 1: the first 160 bits of SHA-256 of the public key, which
   is the contents of the BIT STRING in SubjectPublicKeyInfo. */
static bool key_id(struct slice public_info, unsigned char out[KEY_ID])
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE];
	struct slice info, algorithm, bits;

	if (!der_want(&public_info, DER_SEQUENCE, &info) ||
	    !der_want(&info, DER_SEQUENCE, &algorithm) || !der_want(&info, DER_BITS, &bits) ||
	    bits.n < 2 || wc_Sha256Hash((const byte *)bits.p + 1, (word32)bits.n - 1, hash) != 0)
		return false;
	memcpy(out, hash, KEY_ID);
	return true;
}

/* The key signs itself, so that both ids are the same. */
static void put_key_ids(struct buf *out, const unsigned char id[KEY_ID])
{
	struct extension e = open_extension(out, "2.5.29.14", false);

	der_put(out, DER_OCTETS, slice_of(id, KEY_ID));
	close_extension(out, e);

	e = open_extension(out, "2.5.29.35", false);
	size_t mark = der_open(out, DER_SEQUENCE);
	der_put(out, DER_CONTEXT | 0, slice_of(id, KEY_ID));
	der_close(out, mark);
	close_extension(out, e);
}

static void put_extensions(struct buf *out, const struct cert_spec *spec,
    const struct key_info *key, const unsigned char id[KEY_ID])
{
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 3);
	size_t list = der_open(out, DER_SEQUENCE);

	put_constraints(out);
	put_key_usage(out, key->type);
	put_extended_usage(out);
	if (spec->names.n > 0) /* GeneralNames are never empty */
		put_alt_names(out, spec->names);
	put_key_ids(out, id);
	der_close(out, list);
	der_close(out, explicit);
}

/* --- the whole --- */

static int put_tbs(
    struct buf *out, const struct cert_spec *spec, const struct key_info *key, struct err *err)
{
	unsigned char id[KEY_ID];

	if (!key_id(buf_slice(&key->public_info), id))
		return err_set(
		    err, ERR_TEMP, "the public key of %.*s cannot be read", SLICE_ARG(spec->name));
	size_t tbs = der_open(out, DER_SEQUENCE);
	size_t version = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	der_number(out, 2); /* v3 */
	der_close(out, version);
	put_serial(out);
	sign_algorithm(key->type, out);
	put_name(out, spec->name);
	put_validity(out, spec);
	put_name(out, spec->name);
	buf_adds(out, buf_slice(&key->public_info));
	put_extensions(out, spec, key, id);
	der_close(out, tbs);
	return 0;
}

int cert_self_signed(
    const struct cert_spec *spec, const struct sign_key *key, struct buf *out, struct err *err)
{
	struct key_info info;
	struct buf tbs = { 0 }, signature = { 0 };

	if (sign_look(key, &info, err) != 0)
		return -1;
	int rc = put_tbs(&tbs, spec, &info, err);
	if (rc == 0)
		rc = sign_data(key, buf_slice(&tbs), &signature, err);
	if (rc == 0) {
		size_t mark = der_open(out, DER_SEQUENCE);
		buf_adds(out, buf_slice(&tbs));
		sign_algorithm(info.type, out);
		der_bits(out, buf_slice(&signature));
		der_close(out, mark);
	}
	key_info_done(&info);
	buf_done(&tbs);
	buf_done(&signature);
	return rc;
}
