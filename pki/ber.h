/* ber.h - BER made DER, so that one careful reader serves both (X.690)
 *
 * Programs that write as a stream leave lengths open and cut strings in pieces;
 * S/MIME messages and PKCS#12 files come so. */
#ifndef PKI_BER_H
#define PKI_BER_H

#include <stdbool.h>

#include "core/buf.h"

enum { BER_DEPTH_MAX = 24 };

/* Append the first value of ber as it would be in DER: definite lengths in their
   shortest form, OCTET STRINGs in one piece. Implicitly tagged strings in pieces
   stay so: who knows what they are joins them (ber_join). Sets are not sorted.
   False: it is no BER, or nested too deep. */
bool ber_to_der(struct slice ber, struct buf *der);

/* Append the bytes of OCTET STRINGs that stand one behind another. */
bool ber_join(struct slice pieces, struct buf *out);

#endif
