/* libcrypto.c - OpenSSL's libcrypto, started */
#include "core/libcrypto.h"

#include <openssl/crypto.h>

#include "core/err.h"

void libcrypto_start(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		bug("libcrypto does not start");
}
