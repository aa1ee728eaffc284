/* identity.c - granted addresses as records of the account: room "identity", the address as key */
#include "storage/identity.h"

#include "core/text.h"
#include "storage/acct_record.h"

static const char room[] = "identity";

struct slice identity_canonical(struct slice text, struct pool *pool)
{
	struct address address;

	if (text.n > 1 && text.p[0] == '@') {
		const char *domain = domain_ascii(pool, slice_from(text, 1));
		return domain ? slice_str(pool_printf(pool, "@%s", domain)) : (struct slice){ 0 };
	}
	if (!address_parse(pool, text, &address))
		return (struct slice){ 0 };
	return slice_str(
	    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain)));
}

/* Itself, or all of its domain. */
static int find(struct acct *acct, struct slice address)
{
	struct buf value = { 0 };
	int found = acct_record_get(acct, room, address, &value);

	if (found == 0)
		found = acct_record_get(
		    acct, room, slice_from(address, (size_t)slice_rchr(address, '@')), &value);
	buf_done(&value);
	return found;
}

int identity_is_granted(uint64_t account, uint32_t shard, struct slice address)
{
	struct pool pool = { 0 };
	struct slice name = identity_canonical(address, &pool);
	struct acct *acct = name.n > 0 ? acct_open(account, shard) : NULL;
	int found = name.n > 0 ? -1 : 0;

	if (acct)
		found = find(acct, name);
	acct_close(&acct);
	pool_done(&pool);
	return found;
}

static int put(struct acct *acct, struct slice identity, struct slice value, struct err *err)
{
	const struct acct_record record = { identity, value };

	return acct_record_put(acct, room, &record, 1, err);
}

int identity_grant(struct acct *acct, struct slice identity, struct err *err)
{
	return put(acct, identity, SLICE("\1"), err);
}

int identity_revoke(struct acct *acct, struct slice identity, struct err *err)
{
	return put(acct, identity, (struct slice){ 0 }, err);
}

struct walk {
	bool (*visit)(void *arg, struct slice identity);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct walk *walk = arg;

	(void)value;
	return walk->visit(walk->arg, key);
}

int identity_each(struct acct *acct, bool (*visit)(void *arg, struct slice identity), void *arg)
{
	struct walk walk = { visit, arg };

	return acct_record_each(acct, room, (struct slice){ 0 }, see, &walk);
}
