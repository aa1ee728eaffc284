/* cert_build.c - writing certificates (RFC 5280)
 *
 * With our own writer: the library cannot mark basicConstraints critical,
 * which strict readers ask for. */
#include "pki/cert_build.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "core/random.h"
#include "pki/der.h"

enum {
	COMMON_NAME_MAX = 64, /* RFC 5280 A.1: ub-common-name */
	SERIAL = 16,
};

/* --- names --- */

void cert_put_attribute(struct buf *out, const char *oid, unsigned tag, struct slice value)
{
	size_t set = der_open(out, DER_SET);
	size_t pair = der_open(out, DER_SEQUENCE);

	der_oid(out, oid);
	der_put(out, tag, value);
	der_close(out, pair);
	der_close(out, set);
}

struct slice cert_text_cut(struct slice text, size_t max)
{
	size_t n = text.n < max ? text.n : max;

	while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return slice_head(text, n);
}

void cert_put_components(struct buf *out, struct slice domain)
{
	while (domain.n > 0) {
		ptrdiff_t dot = slice_rchr(domain, '.');
		struct slice label = slice_from(domain, (size_t)(dot + 1));
		cert_put_attribute(out, "0.9.2342.19200300.100.1.25", DER_IA5, label);
		domain = slice_head(domain, dot < 0 ? 0 : (size_t)dot);
	}
}

void cert_put_domain(struct buf *out, struct slice domain)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	if (domain.n <= COMMON_NAME_MAX)
		cert_put_attribute(out, "2.5.4.3", DER_UTF8, domain);
	else
		cert_put_components(out, domain);
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

static void put_constraints(struct buf *out, const struct cert_plan *plan)
{
	struct extension e = open_extension(out, "2.5.29.19", true);
	size_t mark = der_open(out, DER_SEQUENCE);

	if (plan->is_ca) { /* cA FALSE is the default, which DER leaves out */
		der_bool(out, true);
		if (plan->path_length != CERT_PATH_UNLIMITED)
			der_number(out, (uint32_t)plan->path_length);
	}
	der_close(out, mark);
	close_extension(out, e);
}

static void put_usage(struct buf *out, unsigned usage)
{
	struct extension e = open_extension(out, "2.5.29.15", true);

	der_named_bits(out, usage);
	close_extension(out, e);
}

static void put_purposes(struct buf *out, const char *const *purposes)
{
	struct extension e = open_extension(out, "2.5.29.37", false);
	size_t mark = der_open(out, DER_SEQUENCE);

	for (; *purposes; purposes++)
		der_oid(out, *purposes);
	der_close(out, mark);
	close_extension(out, e);
}

/* RFC 5280 4.2.1.6: critical when nothing else names the subject. */
static void put_alt_names(struct buf *out, const struct cert_plan *plan)
{
	struct slice subject = plan->subject, attributes = { 0 };

	der_want(&subject, DER_SEQUENCE, &attributes);
	struct extension e = open_extension(out, "2.5.29.17", attributes.n == 0);
	der_put(out, DER_SEQUENCE, plan->alt_names);
	close_extension(out, e);
}

/* RFC 5280 4.2.1.10: critical. */
static void put_name_constraints(struct buf *out, struct slice contents)
{
	struct extension e = open_extension(out, "2.5.29.30", true);

	der_put(out, DER_SEQUENCE, contents);
	close_extension(out, e);
}

/* RFC 5280 4.2.1.13: one DistributionPoint with a fullName. */
static void put_crl_url(struct buf *out, struct slice url)
{
	struct extension e = open_extension(out, "2.5.29.31", false);
	size_t list = der_open(out, DER_SEQUENCE);
	size_t point = der_open(out, DER_SEQUENCE);
	size_t name = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	size_t full = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);

	der_put(out, DER_CONTEXT | 6, url);
	der_close(out, full);
	der_close(out, name);
	der_close(out, point);
	der_close(out, list);
	close_extension(out, e);
}

/* RFC 5280 4.2.2.1: caIssuers. */
static void put_issuer_url(struct buf *out, struct slice url)
{
	struct extension e = open_extension(out, "1.3.6.1.5.5.7.1.1", false);
	size_t list = der_open(out, DER_SEQUENCE);
	size_t access = der_open(out, DER_SEQUENCE);

	der_oid(out, "1.3.6.1.5.5.7.48.2");
	der_put(out, DER_CONTEXT | 6, url);
	der_close(out, access);
	der_close(out, list);
	close_extension(out, e);
}

static void put_more(struct buf *out, const struct cert_plan *plan)
{
	if (plan->name_constraints.n > 0)
		put_name_constraints(out, plan->name_constraints);
	if (plan->crl_url.n > 0)
		put_crl_url(out, plan->crl_url);
	if (plan->issuer_url.n > 0)
		put_issuer_url(out, plan->issuer_url);
}

bool cert_key_id(struct slice public_info, unsigned char out[CERT_KEY_ID])
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE];
	struct slice info, algorithm, bits;

	/* The contents of the BIT STRING, behind its count of unused bits. */
	if (!der_want(&public_info, DER_SEQUENCE, &info) ||
	    !der_want(&info, DER_SEQUENCE, &algorithm) || !der_want(&info, DER_BITS, &bits) ||
	    bits.n < 2 || wc_Sha256Hash((const byte *)bits.p + 1, (word32)bits.n - 1, hash) != 0)
		return false;
	memcpy(out, hash, CERT_KEY_ID);
	return true;
}

struct slice cert_own_key_id(const struct cert *cert, unsigned char memory[CERT_KEY_ID])
{
	if (cert->subject_key_id.n > 0)
		return cert->subject_key_id;
	return cert_key_id(cert->public_info, memory) ? slice_of(memory, CERT_KEY_ID)
						      : (struct slice){ 0 };
}

static void put_key_ids(struct buf *out, struct slice own, struct slice issuers)
{
	struct extension e = open_extension(out, "2.5.29.14", false);

	der_put(out, DER_OCTETS, own);
	close_extension(out, e);
	if (issuers.n == 0)
		return;
	e = open_extension(out, "2.5.29.35", false);
	size_t mark = der_open(out, DER_SEQUENCE);
	der_put(out, DER_CONTEXT | 0, issuers);
	der_close(out, mark);
	close_extension(out, e);
}

static int put_extensions(
    struct buf *out, const struct cert_plan *plan, const struct cert *issuer, struct err *err)
{
	unsigned char id[CERT_KEY_ID], above[CERT_KEY_ID];
	struct slice own = { (const char *)id, sizeof(id) }, issuers = own;

	if (!cert_key_id(plan->public_info, id))
		return err_set(err, ERR_TEMP, "the public key cannot be read");
	if (issuer)
		issuers = cert_own_key_id(issuer, above);
	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 3);
	size_t list = der_open(out, DER_SEQUENCE);
	put_constraints(out, plan);
	put_usage(out, plan->usage);
	if (plan->purposes)
		put_purposes(out, plan->purposes);
	if (plan->alt_names.n > 0) /* GeneralNames are never empty */
		put_alt_names(out, plan);
	put_key_ids(out, own, issuers);
	put_more(out, plan);
	der_close(out, list);
	der_close(out, explicit);
	return 0;
}

/* --- the whole --- */

/* RFC 5280 4.1.2.2: positive, unique, at most 20 bytes. */
static void put_serial(struct buf *out, struct slice given)
{
	unsigned char serial[SERIAL];

	if (given.n > 0) {
		der_put(out, DER_INTEGER, given);
		return;
	}
	random_bytes(serial, sizeof(serial));
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* always of this length */
	der_unsigned(out, slice_of(serial, sizeof(serial)));
}

static void put_validity(struct buf *out, const struct cert_plan *plan)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_time(out, plan->not_before);
	der_time(out, plan->not_after);
	der_close(out, mark);
}

static int put_tbs(struct buf *out, const struct cert_plan *plan, const struct cert *issuer,
    const char *key_type, struct err *err)
{
	size_t tbs = der_open(out, DER_SEQUENCE);
	size_t version = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);

	der_number(out, 2); /* v3 */
	der_close(out, version);
	put_serial(out, plan->serial);
	sign_algorithm(key_type, out);
	buf_adds(out, issuer ? issuer->subject : plan->subject);
	put_validity(out, plan);
	buf_adds(out, plan->subject);
	buf_adds(out, plan->public_info);
	int rc = put_extensions(out, plan, issuer, err);
	der_close(out, tbs);
	return rc;
}

int cert_build(const struct cert_plan *plan, const struct cert *issuer, const struct sign_key *key,
    struct buf *out, struct err *err)
{
	struct key_info info;
	struct buf tbs = { 0 };

	if (sign_look(key, &info, err) != 0)
		return -1;
	int rc = put_tbs(&tbs, plan, issuer, info.type, err);
	if (rc == 0)
		rc = sign_structure(key, info.type, buf_slice(&tbs), out, err);
	key_info_done(&info);
	buf_done(&tbs);
	return rc;
}
