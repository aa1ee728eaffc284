/* random.h - random bytes for keys, nonces and ids */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stddef.h>

/* Fill n bytes from the kernel's generator. Never fails: a machine that has no
   random numbers must not go on. Waits only before the generator is seeded at
   boot. */
void random_bytes(void *p, size_t n);

#endif
