/* cms_signed.h - SignedData (RFC 5652 5): who says that he signed, and does it fit? */
#ifndef SMIME_CMS_SIGNED_H
#define SMIME_CMS_SIGNED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"

enum { CMS_SIGNERS_MAX = 8 };

/* One SignerInfo; slices point into the SignedData. */
struct cms_signer {
	struct slice issuer, serial; /* of his certificate: a whole Name, INTEGER's contents */
	struct slice key_id;	     /* or its subjectKeyIdentifier */
	struct slice digest;	     /* OID */
	struct slice attributes;     /* whole, or empty: none are signed */
	struct slice algorithm;	     /* whole AlgorithmIdentifier */
	struct slice signature;
};

/* Zero-initialised, then cms_signed_read. */
struct cms_signed {
	struct buf der, certs; /* certs: DER one behind another */
	struct slice type;     /* OID of the content */
	struct slice content;
	bool has_content; /* else it is elsewhere: a detached signature */
	struct cms_signer signer[CMS_SIGNERS_MAX];
	size_t n;
};

/* DER or BER, copied. ERR_INPUT: malformed, or signed by nobody or by too many. Free it in
   any case. Any thread. */
int cms_signed_read(struct slice cms, struct cms_signed *out, struct err *err);
void cms_signed_done(struct cms_signed *s);

/* His certificate, which the message must carry. ERR_ABSENT. */
int cms_signer_cert(
    const struct cms_signed *s, const struct cms_signer *signer, struct cert *out, struct err *err);

/* Is that the signature of the certificate's key for this content? That says nothing of the
   certificate. *when: the time that he says he signed at, 0: none. 0, or -1 with the
   reason. */
int cms_signer_check(const struct cms_signed *s, const struct cms_signer *signer,
    const struct cert *cert, struct slice content, int64_t *when, struct err *err);

#endif
