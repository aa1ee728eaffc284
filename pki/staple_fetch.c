/* staple_fetch.c - ask the responder of a domain's certificate */
#include <time.h>

#include "core/fetch.h"
#include "core/log.h"
#include "pki/expiry_private.h"
#include "pki/staple_private.h"
#include "pki/trust.h"

enum { FETCH_MS = 15 * 1000 };

/* --- who issued it --- */

static bool find_in_chain(struct slice above, const struct cert *leaf, struct buf *issuer)
{
	struct cert cert;

	while (cert_next(&above, &cert))
		if (ocsp_is_issuer(leaf, &cert)) {
			buf_adds(issuer, cert.der);
			return true;
		}
	return false;
}

static void find_in_trust(struct slice domain, const struct cert *leaf, struct buf *issuer)
{
	struct buf name = { 0 };
	struct trust trust;
	const struct cert *cert;
	size_t at = 0;

	cert_name_canonical(leaf->issuer, &name);
	trust_take(domain, &trust);
	while (issuer->n == 0 && (cert = trust_next(&trust, buf_slice(&name), &at)) != NULL)
		if (ocsp_is_issuer(leaf, cert))
			buf_adds(issuer, cert->der);
	trust_give_back(&trust);
	buf_done(&name);
}

/* One that signed itself has nobody to be asked. */
static int take_subject(
    struct slice domain, const struct domain_record *record, struct staple_subject *out)
{
	struct slice rest;
	struct cert leaf;

	buf_adds(&out->leaf, record->leaf);
	rest = buf_slice(&out->leaf);
	if (!cert_next(&rest, &leaf) || !ocsp_url(&leaf, &out->url))
		return 0;
	if (!find_in_chain(record->above, &leaf, &out->issuer))
		find_in_trust(domain, &leaf, &out->issuer);
	return out->issuer.n > 0;
}

int staple_subject_get(struct slice domain, struct staple_subject *out)
{
	struct conf_at at = { .domain = domain.p };
	struct domain_record record;
	struct buf bytes = { 0 };

	*out = (struct staple_subject){ 0 };
	int found = record_get(domain, &bytes, &record);
	if (found == 1)
		found = conf_num_at(&conf_key_pki_ocsp, &at) && record.leaf.n > 0
		    ? take_subject(domain, &record, out)
		    : 0;
	buf_done(&bytes);
	return found;
}

void staple_subject_done(struct staple_subject *subject)
{
	buf_done(&subject->leaf);
	buf_done(&subject->issuer);
}

/* --- ask --- */

static int ask(const struct staple_subject *subject, struct buf *response,
    struct ocsp_answer *answer, struct err *err)
{
	struct slice rest = buf_slice(&subject->leaf), above = buf_slice(&subject->issuer);
	struct buf request = { 0 };
	struct cert leaf, issuer;

	if (!cert_next(&rest, &leaf) || !cert_next(&above, &issuer))
		return err_set(err, ERR_TEMP, "the certificate cannot be read");
	ocsp_request(&leaf, &issuer, &request);
	struct fetch_spec spec = {
		.url = subject->url,
		.body = buf_slice(&request),
		.content_type = "application/ocsp-request",
		.max = OCSP_RESPONSE_MAX,
		.ms = FETCH_MS,
	};
	int rc = fetch(&spec, response, err);
	if (rc == 0)
		rc = ocsp_read(buf_slice(response), &leaf, &issuer, time(NULL), answer, err);
	buf_done(&request);
	return rc;
}

/* What clients that ask will learn: the postmaster is told once. */
static void tell_postmaster(struct slice domain)
{
	struct buf text = { 0 };
	struct err err = { 0 };

	buf_printf(&text,
	    "The issuer of the certificate of %.*s says that it is revoked. It is\n"
	    "still shown, without this answer. Get another certificate, with another key:\n"
	    "\n"
	    "  signet pki ocsp %.*s\n",
	    SLICE_ARG(domain), SLICE_ARG(domain));
	if (expiry_mail(domain.p, "The certificate is revoked", buf_slice(&text), &err) < 0)
		log_event(LOG_ERROR, "postmaster-not-told", log_s("domain", domain),
		    log_z("reason", err.text));
	buf_done(&text);
}

static bool was_revoked(struct slice domain, const struct staple_record *now)
{
	struct staple_record before;
	struct buf bytes = { 0 };

	bool was = staple_record_get(domain, &bytes, &before) == 1 &&
	    before.answer.verdict == OCSP_SAYS_REVOKED &&
	    memcmp(before.leaf, now->leaf, DIGEST_SIZE) == 0;
	buf_done(&bytes);
	return was;
}

static void tell(struct slice domain, const struct ocsp_answer *answer)
{
	bool good = answer->verdict == OCSP_SAYS_GOOD;

	log_event(good ? LOG_INFO : LOG_ERROR, good ? "ocsp-answer" : "certificate-not-good",
	    log_s("domain", domain), log_z("says", ocsp_verdict_names[answer->verdict]),
	    log_n("till", answer->next_update));
}

int staple_fetch(struct slice domain, struct ocsp_answer *answer, struct err *err)
{
	struct staple_subject subject;
	struct buf response = { 0 };
	struct staple_record record = { .fetched = time(NULL) };
	int rc = staple_subject_get(domain, &subject);
	bool told = true;

	if (rc < 1)
		rc = err_set(err, rc < 0 ? ERR_TEMP : ERR_ABSENT,
		    "%.*s has no certificate that names a responder (OCSP) and whose issuer is known",
		    SLICE_ARG(domain));
	else
		rc = ask(&subject, &response, answer, err);
	if (rc == 0) {
		record.answer = *answer;
		digest_sha256(buf_slice(&subject.leaf), record.leaf);
		/* Without an end it may be old at any time (RFC 6960 2.4): not for keeping. */
		if (answer->verdict == OCSP_SAYS_GOOD && answer->next_update)
			record.response = buf_slice(&response);
		told = was_revoked(domain, &record) || answer->verdict != OCSP_SAYS_REVOKED;
		rc = staple_record_put(domain, &record, err);
	}
	if (rc == 0) {
		tell(domain, answer);
		if (!told && !owner_is_profile(domain))
			tell_postmaster(domain);
		choose_forget(domain, false);
	}
	staple_subject_done(&subject);
	buf_done(&response);
	return rc;
}
