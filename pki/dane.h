/* dane.h - certificates judged by what was said of them beforehand: TLSA records (RFC 6698), pins
 */
#ifndef PKI_DANE_H
#define PKI_DANE_H

#include "core/err.h"
#include "core/tls.h"

/* claim->pins: see tls_client_spec. Usage 3 names the server's own certificate or key:
   nothing else counts then, neither names nor dates (RFC 7672 3.1.1). Usage 2 names an
   authority that the server sends along; the path to it is judged like any other, and
   the host's name is compared. 0, or -1 with the reason. Any thread. */
int dane_verify(const struct tls_claim *claim, struct err *err);

#endif
