/* hash.c - SipHash-1-3 (Aumasson and Bernstein), as used by tables of other systems, too */
#include "core/hash.h"

#include <pthread.h>

#include "core/random.h"

static uint64_t key[2];

static void make_key(void)
{
	random_bytes(key, sizeof key);
}

static inline uint64_t turn(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

static inline void take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	v[0] ^= word;
}

uint64_t hash_bytes(struct slice s)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint64_t word, last = (uint64_t)s.n << 56;

	pthread_once(&once, make_key);
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d), key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573) };
	for (; s.n >= 8; s = slice_from(s, 8)) {
		memcpy(&word, s.p, 8); /* in the machine's order: nobody else sees the hash */
		take(v, word);
	}
	for (size_t i = 0; i < s.n; i++)
		last |= (uint64_t)(unsigned char)s.p[i] << (8 * i);
	take(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
