/* filter.h - how a message is encrypted before it is stored; filled by smime/
 *
 * The store asks for it when a rule says "store encrypted", and knows nothing
 * of keys. */
#ifndef STORAGE_FILTER_H
#define STORAGE_FILTER_H

#include "core/buf.h"
#include "core/err.h"

struct store_filter {
	/* Append `message`, encrypted to each of the accounts (addresses), as a whole
	   message to *out. A message that is encrypted already is left alone: 0 and
	   *out as it was. ERR_ABSENT: an account has no certificate; the text says
	   whose. Any thread but a loop's. */
	int (*encrypt)(void *arg, struct slice message, const char *const accounts[], size_t n,
	    struct buf *out, struct err *err);
	void *arg;
};

/* At start, by main; kept. */
void store_filter_set(const struct store_filter *filter);

/* ERR_DENIED when there is none. */
int store_filter_encrypt(
    struct slice message, const char *const accounts[], size_t n, struct buf *out, struct err *err);

#endif
