/* right.c - grants as records of the account that owns the mailbox
 *
 * Room "right": id of the mailbox in four bytes, then for whom; the value is a
 * version byte and the rights, of which there is one. */
#include "storage/right.h"

#include "core/num.h"
#include "core/text.h"
#include "storage/acct_record.h"
#include "storage/box_private.h"

static const char room[] = "right";

enum { VERSION = 1, INSERT = 1, BOX_BYTES = 4, VALUE_BYTES = 2, GRANTS_MAX = 1000 };

static void right_key(struct buf *key, uint32_t box, struct slice who)
{
	unsigned char p[BOX_BYTES];

	num_put32(p, box);
	buf_clear(key);
	buf_add(key, p, sizeof(p));
	buf_adds(key, who);
}

/* Canonical, or NULL. */
static const char *canonical(struct pool *pool, struct slice who)
{
	struct address address;

	if (who.n > 1 && who.p[0] == '@') {
		const char *domain = domain_ascii(pool, slice_from(who, 1));
		return domain ? pool_printf(pool, "@%s", domain) : NULL;
	}
	if (!address_parse(pool, who, &address))
		return NULL;
	return pool_printf(pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
}

static int put(struct acct *acct, uint32_t box, struct slice who, bool insert, struct err *err)
{
	static const char granted[VALUE_BYTES] = { VERSION, INSERT };
	struct buf key = { 0 };

	right_key(&key, box, who);
	struct acct_record record = { .key = buf_slice(&key),
		.value = slice_of(granted, insert ? sizeof(granted) : 0) };
	int rc = acct_record_put(acct, room, &record, 1, err);
	buf_done(&key);
	return rc;
}

static bool count_one(void *arg, uint32_t box, struct slice who)
{
	(void)box, (void)who;
	++*(unsigned *)arg;
	return true;
}

static int check_room(struct acct *acct, struct err *err)
{
	unsigned n = 0;

	if (right_each(acct, count_one, &n) < 0)
		return err_set(err, ERR_TEMP, "the grants cannot be read");
	if (n >= GRANTS_MAX)
		return err_set(err, ERR_LIMIT, "there are too many grants; take some back first");
	return 0;
}

int right_grant(
    struct acct *acct, struct slice mailbox, struct slice who, bool insert, struct err *err)
{
	struct pool pool = { 0 };
	struct box_name name;
	int rc;

	const char *whom = canonical(&pool, who);
	if (!whom)
		rc = err_set(err, ERR_INPUT, "'%.*s' is no address and no @domain", SLICE_ARG(who));
	else
		rc = box_find(acct, mailbox, &name, err);
	if (rc == 0 && insert)
		rc = check_room(acct, err);
	if (rc == 0)
		rc = put(acct, name.box, slice_str(whom), insert, err);
	pool_done(&pool);
	return rc;
}

static int granted(struct acct *acct, uint32_t box, struct slice who)
{
	struct buf key = { 0 }, value = { 0 };

	right_key(&key, box, who);
	int found = acct_record_get(acct, room, buf_slice(&key), &value);
	if (found == 1)
		found = value.n == VALUE_BYTES && value.p[0] == VERSION && (value.p[1] & INSERT);
	buf_done(&key);
	buf_done(&value);
	return found;
}

int right_insert(struct acct *acct, uint32_t box, struct slice who)
{
	ptrdiff_t at = slice_rchr(who, '@');
	int found = granted(acct, box, who);

	if (found == 0 && at >= 0)
		found = granted(acct, box, slice_from(who, (size_t)at));
	return found;
}

struct walk {
	bool (*visit)(void *arg, uint32_t box, struct slice who);
	void *arg;
};

static bool walk_one(void *arg, struct slice key, struct slice value)
{
	const struct walk *walk = arg;

	if (key.n <= BOX_BYTES || value.n != VALUE_BYTES || value.p[0] != VERSION)
		return true;
	return walk->visit(
	    walk->arg, num_get32((const unsigned char *)key.p), slice_from(key, BOX_BYTES));
}

int right_each(
    struct acct *acct, bool (*visit)(void *arg, uint32_t box, struct slice who), void *arg)
{
	struct walk walk = { visit, arg };

	return acct_record_each(acct, room, (struct slice){ 0 }, walk_one, &walk);
}
