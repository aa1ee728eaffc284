/* verify.h - is a certificate good? Paths to who is trusted, and what they allow
 *
 * The path is built and judged here (RFC 5280 6.1); the library does nothing but
 * the arithmetic of signatures. What is refused on purpose: weak signatures
 * (pki/signature.h), critical extensions that are not known, among them all that
 * constrains policies, and names in a subject's CN. Lists of revoked certificates are
 * asked where an admin gave one; they are not fetched. */
#ifndef PKI_VERIFY_H
#define PKI_VERIFY_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "pki/cert.h"
#include "pki/trust.h"

enum verify_purpose {
	VERIFY_SERVER, /* of TLS */
	VERIFY_CLIENT, /* of TLS */
	VERIFY_EMAIL,  /* signs mail, or mail is encrypted for it */
	VERIFY_ANY,
};

struct verify_spec {
	const struct trust *trust;
	const struct trust *revoked; /* whose lists of revoked ones count; NULL: those of trust */
	enum verify_purpose purpose;
	int64_t now; /* unix seconds */
};

/* chain: DER one behind another; the first is judged, the others may help, in
   any order. 0, or -1 with the reason in plain words. Takes milliseconds, and is
   bounded, whatever the chain. Any thread. */
int verify_chain(const struct verify_spec *spec, struct slice chain, struct err *err);

/* Is the first of the chain for that host, or for one of names (parted by
   blanks)? Names are matched as RFC 9525 6 says: DNS names of subjectAltName,
   one whole leftmost label may be a wildcard; addresses as bytes. 0, or -1 with
   the reason. */
int verify_host(struct slice chain, const char *host, struct slice names, struct err *err);

#endif
