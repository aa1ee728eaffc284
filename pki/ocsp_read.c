/* ocsp_read.c - the structure of a response (RFC 6960 4.2.1) */
#include "pki/der.h"
#include "pki/ocsp_private.h"

#define OID_BASIC "1.3.6.1.5.5.7.48.1.1"

enum { ENUMERATED = 0x0a, EXPLICIT = DER_CONTEXT_CONSTRUCTED };

const char *const ocsp_verdict_names[] = { [OCSP_SAYS_GOOD] = "good",
	[OCSP_SAYS_REVOKED] = "revoked",
	[OCSP_SAYS_UNKNOWN] = "unknown",
	NULL };

/* RFC 6960 4.4: none that may be critical is known here. */
static bool read_extensions(struct slice list)
{
	struct slice all, one, oid, critical;

	if (!der_want(&list, DER_SEQUENCE, &all) || list.n > 0)
		return false;
	while (all.n > 0) {
		critical = (struct slice){ 0 };
		if (!der_want(&all, DER_SEQUENCE, &one) || !der_want(&one, DER_OID, &oid))
			return false;
		der_want(&one, DER_BOOLEAN, &critical);
		if (critical.n > 0 && critical.p[0] != 0)
			return false;
	}
	return true;
}

/* --- one certificate's --- */

static bool read_id(struct slice *rest, struct ocsp_single *out)
{
	struct slice id, algorithm;

	return der_want(rest, DER_SEQUENCE, &id) && der_want(&id, DER_SEQUENCE, &algorithm) &&
	    der_want(&algorithm, DER_OID, &out->algorithm) &&
	    der_want(&id, DER_OCTETS, &out->name_hash) &&
	    der_want(&id, DER_OCTETS, &out->key_hash) && der_want(&id, DER_INTEGER, &out->serial) &&
	    id.n == 0;
}

static bool read_status(struct slice *rest, struct ocsp_answer *out)
{
	struct der status;

	if (!der_next(rest, &status))
		return false;
	switch (status.tag) {
	case DER_CONTEXT | 0:
		out->verdict = OCSP_SAYS_GOOD;
		return status.value.n == 0;
	case EXPLICIT | 1:
		out->verdict = OCSP_SAYS_REVOKED;
		return der_time_get(&status.value, &out->revoked_at);
	case DER_CONTEXT | 2:
		out->verdict = OCSP_SAYS_UNKNOWN;
		return status.value.n == 0;
	}
	return false;
}

bool ocsp_single_next(struct slice *rest, struct ocsp_single *out)
{
	struct slice one, part;

	*out = (struct ocsp_single){ 0 };
	if (!der_want(rest, DER_SEQUENCE, &one) || !read_id(&one, out) ||
	    !read_status(&one, &out->answer) || !der_time_get(&one, &out->answer.this_update))
		return false;
	if (der_want(&one, EXPLICIT | 0, &part) &&
	    (!der_time_get(&part, &out->answer.next_update) || part.n > 0))
		return false;
	if (der_want(&one, EXPLICIT | 1, &part) && !read_extensions(part))
		return false;
	return one.n == 0;
}

/* --- all of them, and who signed --- */

static bool read_signer(struct slice *tbs, struct ocsp_basic *out)
{
	struct der who;

	if (!der_next(tbs, &who))
		return false;
	if (who.tag == (EXPLICIT | 1))
		out->by_name = who.value;
	else if (who.tag != (EXPLICIT | 2) || !der_want(&who.value, DER_OCTETS, &out->by_key) ||
	    who.value.n > 0)
		return false;
	return out->by_name.n + out->by_key.n > 0;
}

static bool read_tbs(struct slice tbs, struct ocsp_basic *out)
{
	struct slice version, extensions;
	int64_t produced;

	der_want(&tbs, EXPLICIT | 0, &version);
	if (!read_signer(&tbs, out) || !der_time_get(&tbs, &produced) ||
	    !der_want(&tbs, DER_SEQUENCE, &out->responses))
		return false;
	if (der_want(&tbs, EXPLICIT | 1, &extensions) && !read_extensions(extensions))
		return false;
	return tbs.n == 0;
}

static bool read_basic(struct slice bytes, struct ocsp_basic *out)
{
	struct slice basic, list;
	struct der tbs, algorithm;

	if (!der_want(&bytes, DER_SEQUENCE, &basic) || bytes.n > 0 || !der_next(&basic, &tbs) ||
	    tbs.tag != DER_SEQUENCE || !read_tbs(tbs.value, out) || !der_next(&basic, &algorithm) ||
	    algorithm.tag != DER_SEQUENCE || !der_want(&basic, DER_BITS, &out->signature))
		return false;
	out->tbs = tbs.whole;
	out->algorithm = algorithm.whole;
	if (der_want(&basic, EXPLICIT | 0, &list) &&
	    (!der_want(&list, DER_SEQUENCE, &out->certificates) || list.n > 0))
		return false;
	return basic.n == 0 && out->signature.n > 1 && out->signature.p[0] == 0;
}

/* RFC 6960 4.2.1: OCSPResponseStatus */
static int check_status(struct slice status, struct err *err)
{
	static const char *const words[] = { NULL, "it did not understand the question",
		"it has a trouble of its own", "it asks to come back later", NULL,
		"it wants the question to be signed", "it does not answer us" };
	size_t n = status.n == 1 ? (unsigned char)status.p[0] : 99;

	if (n == 0)
		return 0;
	const char *why = n < sizeof(words) / sizeof(*words) ? words[n] : NULL;
	return err_set(
	    err, ERR_TEMP, "the responder says no: %s", why ? why : "for an unknown reason");
}

int ocsp_basic_read(struct slice response, struct ocsp_basic *out, struct err *err)
{
	struct slice whole, status, part, bytes, oid, octets;

	*out = (struct ocsp_basic){ 0 };
	if (response.n > OCSP_RESPONSE_MAX)
		return err_set(
		    err, ERR_LIMIT, "the response is longer than %d bytes", OCSP_RESPONSE_MAX);
	if (!der_want(&response, DER_SEQUENCE, &whole) || response.n > 0 ||
	    !der_want(&whole, ENUMERATED, &status))
		return err_set(err, ERR_INPUT, "this is no response");
	if (check_status(status, err) != 0)
		return -1;
	if (!der_want(&whole, EXPLICIT | 0, &part) || whole.n > 0 ||
	    !der_want(&part, DER_SEQUENCE, &bytes) || !der_want(&bytes, DER_OID, &oid) ||
	    !der_oid_is(oid, OID_BASIC) || !der_want(&bytes, DER_OCTETS, &octets) ||
	    !read_basic(octets, out))
		return err_set(err, ERR_INPUT, "the response cannot be read");
	return 0;
}
