/* master_rotate.h - another master key in place of the one before, while the server runs */
#ifndef PKI_MASTER_ROTATE_H
#define PKI_MASTER_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* A thread goes on with what the last run did not finish. */
int master_rotate_start(struct err *err);

/* A new key seals from now on; what the others sealed is sealed anew in the background. */
int master_rotate(struct err *err);

struct master_progress {
	bool running;
	uint64_t done, left; /* records of this turn */
	char trouble[256];   /* why it does not end, or "" */
};
void master_progress(struct master_progress *out);

#endif
