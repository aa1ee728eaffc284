/* random.c - random bytes from the kernel */
#include "core/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "core/err.h"

void random_bytes(void *p, size_t n)
{
	unsigned char *to = p;

	while (n > 0) {
		ssize_t got = getrandom(to, n, 0);
		if (got < 0 && errno != EINTR)
			bug("getrandom: %s", strerror(errno));
		if (got > 0) {
			to += got;
			n -= (size_t)got;
		}
	}
}
