/* rsa.h - RSA with private keys (RFC 8017) by OpenSSL's libcrypto
 *
 * It computes in constant time, blinds, and checks its result before it gives it out, so that
 * a fault betrays no factor; in a fifth to a half of hogweed's time. Any thread. */
#ifndef CORE_RSA_H
#define CORE_RSA_H

#include "core/buf.h"

enum { RSA_BYTES_MAX = 512 }; /* 4096 bits */

/* Big-endian, without leading zeros; the names of RFC 8017 3.2. */
struct rsa_numbers {
	struct slice n, e, d, p, q, dp, dq, q_inverse;
};

/* out = in ^ d mod n, both of as many bytes as n has (RSADP, RSASP1: RFC 8017 5.1.2, 5.2.1).
   False: in is too large, or the numbers are no key. What libcrypto copied of the key is
   wiped. */
bool rsa_private(const struct rsa_numbers *key, const unsigned char *in, unsigned char *out);

#endif
