/* issue_crl_write.c - lists of revoked certificates as DER (RFC 5280 5) */
#include "core/num.h"
#include "pki/der.h"
#include "pki/issue_crl.h"

enum { ENUMERATED = 0x0a };

/* --- one of them --- */

/* RFC 5280 5.3.1: unspecified is not said. */
static void put_reason(struct buf *out, unsigned reason)
{
	if (reason == ISSUE_UNSPECIFIED)
		return;
	size_t list = der_open(out, DER_SEQUENCE);
	size_t extension = der_open(out, DER_SEQUENCE);
	der_oid(out, "2.5.29.21");
	size_t value = der_open(out, DER_OCTETS);
	char number = (char)reason;
	der_put(out, ENUMERATED, slice_of(&number, 1));
	der_close(out, value);
	der_close(out, extension);
	der_close(out, list);
}

void issue_crl_entry(struct buf *out, struct slice serial, int64_t when, unsigned reason)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_put(out, DER_INTEGER, serial);
	der_time(out, when);
	put_reason(out, reason);
	der_close(out, mark);
}

/* --- the list (RFC 5280 5.1) --- */

static void put_extension(struct buf *out, const char *oid, struct slice value)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_oid(out, oid);
	der_put(out, DER_OCTETS, value);
	der_close(out, mark);
}

static void put_extensions(struct buf *out, const struct cert *ca, uint64_t number)
{
	unsigned char id[CERT_KEY_ID], big[8];
	struct buf value = { 0 };

	size_t explicit = der_open(out, DER_CONTEXT_CONSTRUCTED | 0);
	size_t list = der_open(out, DER_SEQUENCE);
	size_t key = der_open(&value, DER_SEQUENCE);
	der_put(&value, DER_CONTEXT | 0, cert_own_key_id(ca, id));
	der_close(&value, key);
	put_extension(out, "2.5.29.35", buf_slice(&value));
	buf_clear(&value);
	num_put64(big, number);
	der_unsigned(&value, slice_of(big, sizeof(big)));
	put_extension(out, "2.5.29.20", buf_slice(&value));
	der_close(out, list);
	der_close(out, explicit);
	buf_done(&value);
}

static void put_tbs(struct buf *out, const struct cert *ca, const char *key_type,
    const struct issue_crl *says, struct slice entries)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_number(out, 1); /* v2 */
	sign_algorithm(key_type, out);
	buf_adds(out, ca->subject);
	der_time(out, says->this_update);
	der_time(out, says->next_update);
	if (entries.n > 0) /* 5.1.2.6: else it must be absent */
		der_put(out, DER_SEQUENCE, entries);
	put_extensions(out, ca, says->number);
	der_close(out, mark);
}

int issue_crl_sign(const struct sign_key *key, const struct cert *ca, const struct issue_crl *says,
    struct slice entries, struct buf *out, struct err *err)
{
	struct buf tbs = { 0 };
	struct key_info info;

	if (sign_look(key, &info, err) != 0)
		return -1;
	put_tbs(&tbs, ca, info.type, says, entries);
	int rc = sign_structure(key, info.type, buf_slice(&tbs), out, err);
	key_info_done(&info);
	buf_done(&tbs);
	return rc;
}
