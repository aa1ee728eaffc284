/* keys.h - private keys that only tests know, in PEM */
#ifndef TESTS_UNIT_KEYS_H
#define TESTS_UNIT_KEYS_H

extern const char test_key_p256[], test_key_p256_sec1[];	   /* the same key */
extern const char test_key_p256_half[], test_key_p256_sec1_half[]; /* the same again */
extern const char test_key_p384[], test_key_p521[];
extern const char test_key_rsa[], test_key_rsa_pkcs1[]; /* the same key */
extern const char test_key_rsa_1024[];

#endif
