/* ocsp.h - what an issuer says of a certificate by now (RFC 6960) */
#ifndef PKI_OCSP_H
#define PKI_OCSP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"

/* The contents of that extension of a certificate, "1.3.6.1.5.5.7.1.1"; false: it has
   none. */
bool cert_extension(const struct cert *cert, const char *oid, struct slice *value);

/* The responder that a certificate names (RFC 5280 4.2.2.1), the first at a http URL. */
bool ocsp_url(const struct cert *cert, struct slice *url);

/* RFC 7633: is it no good without a staple? */
bool ocsp_must_staple(const struct cert *cert);

/* Is that the certificate of its issuer? By name and signature. */
bool ocsp_is_issuer(const struct cert *cert, const struct cert *issuer);

/* Append the question for one certificate, DER. */
void ocsp_request(const struct cert *cert, const struct cert *issuer, struct buf *out);

enum ocsp_verdict { OCSP_SAYS_GOOD, OCSP_SAYS_REVOKED, OCSP_SAYS_UNKNOWN };
extern const char *const ocsp_verdict_names[]; /* "good", ... */

struct ocsp_answer {
	enum ocsp_verdict verdict;
	int64_t this_update, next_update; /* the second 0: not said */
	int64_t revoked_at;
};

enum { OCSP_RESPONSE_MAX = 16 * 1024 };

/* Read a response and judge it: signed by the issuer, or by whom the issuer gave a
   certificate for that (id-kp-OCSPSigning) himself; about that certificate; of now.
   No nonce is wanted: responses are kept. 0, or -1 with the reason. Takes a few
   signatures' time at most, whatever it is given. Any thread. */
int ocsp_read(struct slice response, const struct cert *cert, const struct cert *issuer,
    int64_t now, struct ocsp_answer *out, struct err *err);

#endif
