/* sieve_subaddress.c - the address parts :user and :detail (RFC 5233) */
#include "core/sieve_private.h"

enum { SEPARATOR = '+' };

static bool part_user(struct pool *pool, const struct address *address, struct slice *out)
{
	struct slice detail;

	(void)pool;
	address_detail(address->local, SEPARATOR, out, &detail);
	return true;
}

SIEVE_EXTENSION(subaddress) = { .name = "subaddress" };

SIEVE_TAG(user) = {
	.name = ":user",
	.extension = &sieve_extension_subaddress,
	.slot = SIEVE_PART,
	.part = part_user,
};

/* 4: without a separator there is no detail, and nothing matches; "ann+@" has
   an empty one. */
static bool part_detail(struct pool *pool, const struct address *address, struct slice *out)
{
	struct slice user;

	(void)pool;
	address_detail(address->local, SEPARATOR, &user, out);
	return slice_chr(address->local, SEPARATOR) > 0;
}

SIEVE_TAG(detail) = {
	.name = ":detail",
	.extension = &sieve_extension_subaddress,
	.slot = SIEVE_PART,
	.part = part_detail,
};
