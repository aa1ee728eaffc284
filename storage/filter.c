/* filter.c - the one who encrypts what is to be stored, when there is one */
#include "storage/filter.h"

static const struct store_filter *filter;

void store_filter_set(const struct store_filter *f)
{
	filter = f;
}

int store_filter_encrypt(
    struct slice message, const char *const accounts[], size_t n, struct buf *out, struct err *err)
{
	if (!filter)
		return err_set(err, ERR_DENIED, "this server cannot encrypt");
	return filter->encrypt(filter->arg, message, accounts, n, out, err);
}
