/* right.c - rights as records of the account that owns the mailbox
 *
 * Room "right": id of the mailbox in four bytes, then for whom; the value is a
 * version byte and the rights in two bytes. In version 1 they are one byte. */
#include "storage/right.h"

#include "core/num.h"
#include "storage/acct_record.h"
#include "storage/box_private.h"
#include "storage/rename.h"

static const char room[] = "right";

enum { OLD_VERSION = 1, VERSION = 2, BOX_BYTES = 4, VALUE_BYTES = 3, ENTRIES_MAX = 1000 };

/* The box's bytes are before the address, and are no part of a domain. */
RENAMED(right) = { .room = "right", .of_accounts = true };
BOX_NOTES(right) = { .room = "right" };

static void right_key(struct buf *key, uint32_t box, struct slice who)
{
	unsigned char p[BOX_BYTES];

	num_put32(p, box);
	buf_clear(key);
	buf_add(key, p, sizeof(p));
	buf_adds(key, who);
}

static unsigned read_value(struct slice value)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (value.n == 2 && p[0] == OLD_VERSION)
		return p[1] & RIGHT_INSERT;
	if (value.n != VALUE_BYTES || p[0] != VERSION)
		return 0;
	return ((unsigned)p[1] << 8 | p[2]) & RIGHT_ALL;
}

static void put_value(struct buf *out, unsigned rights)
{
	if (rights == 0)
		return;
	buf_addc(out, VERSION);
	buf_addc(out, (char)(rights >> 8));
	buf_addc(out, (char)(rights & 0xff));
}

/* --- walking --- */

struct walk {
	right_visit *visit;
	void *arg;
};

static bool walk_one(void *arg, struct slice key, struct slice value)
{
	const struct walk *walk = arg;
	unsigned rights = read_value(value);

	if (key.n <= BOX_BYTES || rights == 0)
		return true;
	return walk->visit(
	    walk->arg, num_get32((const unsigned char *)key.p), slice_from(key, BOX_BYTES), rights);
}

int right_each(struct acct *acct, right_visit *visit, void *arg)
{
	struct walk walk = { visit, arg };

	return acct_record_each(acct, room, (struct slice){ 0 }, walk_one, &walk);
}

int right_each_of(struct acct *acct, uint32_t box, right_visit *visit, void *arg)
{
	struct walk walk = { visit, arg };
	struct buf key = { 0 };

	right_key(&key, box, (struct slice){ 0 });
	int rc = acct_record_each(acct, room, buf_slice(&key), walk_one, &walk);
	buf_done(&key);
	return rc;
}

/* --- changing --- */

struct change {
	enum right_how how;
	unsigned rights;
};

static int change_one(void *arg, struct slice value, struct buf *out, struct err *err)
{
	const struct change *change = arg;
	unsigned was = read_value(value);

	(void)err;
	switch (change->how) {
	case RIGHT_ADD:
		put_value(out, was | change->rights);
		break;
	case RIGHT_TAKE:
		put_value(out, was & ~change->rights);
		break;
	default:
		put_value(out, change->rights);
	}
	return 0;
}

static bool count_one(void *arg, uint32_t box, struct slice who, unsigned rights)
{
	(void)box, (void)who, (void)rights;
	++*(unsigned *)arg;
	return true;
}

static int check_room(struct acct *acct, unsigned more, struct err *err)
{
	unsigned n = 0;

	if (right_each(acct, count_one, &n) < 0)
		return err_set(err, ERR_TEMP, "the rights cannot be read");
	if (n + more > ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "there are too many grants; take some back first");
	return 0;
}

static int change_entry(
    struct acct *acct, uint32_t box, struct slice who, struct change *change, struct err *err)
{
	struct buf key = { 0 };

	right_key(&key, box, who);
	int rc = acct_record_change(acct, room, buf_slice(&key), change_one, change, err);
	buf_done(&key);
	return rc;
}

int right_change(struct acct *acct, struct slice mailbox, struct slice who, enum right_how how,
    unsigned rights, struct err *err)
{
	struct change change = { how, rights };
	struct pool pool = { 0 };
	struct box_name name;
	int rc;

	const char *whom = right_identifier(&pool, who);
	if (!whom)
		rc = err_set(err, ERR_INPUT, "'%.*s' is no address and no @domain", SLICE_ARG(who));
	else
		rc = box_find(acct, mailbox, &name, err);
	if (rc == 0 && rights && how != RIGHT_TAKE)
		rc = check_room(acct, 1, err);
	if (rc == 0)
		rc = change_entry(acct, name.box, slice_str(whom), &change, err);
	pool_done(&pool);
	return rc;
}

/* --- many at once --- */

struct gather {
	struct pool pool;
	struct buf records; /* of struct acct_record */
	uint32_t to;
	struct slice who; /* only these */
	bool removes;
};

static bool gather_one(void *arg, uint32_t box, struct slice who, unsigned rights)
{
	struct gather *g = arg;
	struct buf key = { 0 }, value = { 0 };

	if (g->who.n > 0 && !slice_eq(who, g->who))
		return true;
	right_key(&key, g->removes ? box : g->to, who);
	if (!g->removes)
		put_value(&value, rights);
	struct acct_record record = {
		.key = pool_slice(&g->pool, buf_slice(&key)),
		.value = pool_slice(&g->pool, buf_slice(&value)),
	};
	buf_add(&g->records, &record, sizeof(record));
	buf_done(&key);
	buf_done(&value);
	return true;
}

static int put_gathered(struct acct *acct, struct gather *g, struct err *err)
{
	const struct acct_record *records = (const struct acct_record *)(const void *)g->records.p;
	size_t n = g->records.n / sizeof(*records);
	int rc = n > 0 && !g->removes ? check_room(acct, (unsigned)n, err) : 0;

	return rc == 0 && n > 0 ? acct_record_put(acct, room, records, n, err) : rc;
}

static int gathered(struct acct *acct, struct gather *g, int walked, struct err *err)
{
	int rc = walked < 0 ? err_set(err, ERR_TEMP, "the rights cannot be read")
			    : put_gathered(acct, g, err);

	buf_done(&g->records);
	pool_done(&g->pool);
	return rc;
}

int right_copy(struct acct *acct, uint32_t from, uint32_t to, struct err *err)
{
	struct gather g = { .to = to };
	int walked = right_each_of(acct, from, gather_one, &g);

	return gathered(acct, &g, walked, err);
}

int right_forget(struct acct *acct, struct slice who, struct err *err)
{
	struct gather g = { .who = who, .removes = true };
	int walked = right_each(acct, gather_one, &g);

	return gathered(acct, &g, walked, err);
}
