/* master.h - the file DATA/master.key; only pki/seal.c includes this */
#ifndef PKI_MASTER_H
#define PKI_MASTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum { MASTER_ID = 8, MASTER_KEYS_MAX = 8 };

struct master_key {
	unsigned char id[MASTER_ID];
	unsigned char key[32];
};

struct master_keys {
	struct master_key key[MASTER_KEYS_MAX]; /* the first one seals */
	size_t n;
};

int master_load(const char *data, bool may_make, struct master_keys *out, struct err *err);

#endif
