/* libcrypto.h - OpenSSL's libcrypto, as p256.c and rsa.c share it; no one else includes it */
#ifndef CORE_LIBCRYPTO_H
#define CORE_LIBCRYPTO_H

/* Before anything else of it is called; once or more. It reads no openssl.cnf: what it does
   is not to depend on how the system's tools are set up. */
void libcrypto_start(void);

#endif
