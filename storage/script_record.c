/* script_record.c - where scripts lie: an account's in its shard, others in the directory
 *
 * Account:   room "sieve", kind name                  -> version, text
 * Its forms: room "forms", likewise
 * Directory: room "sieve", owner NUL kind name        -> version, text
 *
 * Of kind SCRIPT_ACTIVE there is one, without a name; its text is the name of
 * the active script. */
#include "storage/acct_record.h"
#include "storage/rename.h"
#include "storage/script_private.h"
#include "storage/store.h"

enum { VERSION = 1 };

static const char room[] = "sieve";

static const char *room_of(const struct script_owner *owner)
{
	return owner->scope == SCRIPT_FORMS ? "forms" : room;
}

static void make_key(
    const struct script_owner *owner, enum script_kind kind, struct slice name, struct buf *out)
{
	if (!script_is_of_account(owner)) {
		script_owner_key(owner, out);
		buf_addc(out, '\0');
	}
	buf_addc(out, (char)kind);
	buf_adds(out, name);
}

/* Of the directory: 'd' DOMAIN NUL kind name. */
static void rename_key(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice rest = slice_from(key, 1), domain = slice_cut(&rest, '\0');

	buf_adds(new_value, value);
	if (key.n == 0 || key.p[0] != 'd') {
		buf_adds(new_key, key);
		return;
	}
	buf_addc(new_key, 'd');
	rename_word(names, domain, new_key);
	buf_addc(new_key, '\0');
	buf_adds(new_key, rest);
}

RENAMED(sieve) = { .room = "sieve", .change = rename_key };

/* --- read --- */

static int get(const struct script_owner *owner, struct slice key, struct buf *value)
{
	if (!script_is_of_account(owner))
		return store_record_get(room, key, value);

	struct acct *acct = acct_open(owner->account, owner->shard);
	if (!acct)
		return -1;
	int found = acct_record_get(acct, room_of(owner), key, value);
	acct_close(&acct);
	return found;
}

int script_record_get(
    const struct script_owner *owner, enum script_kind kind, struct slice name, struct buf *value)
{
	struct buf key = { 0 };

	make_key(owner, kind, name, &key);
	int found = get(owner, buf_slice(&key), value);
	buf_done(&key);
	if (found == 1 && value->n > 0)
		buf_drop(value, 1);
	return found;
}

struct each {
	size_t skip; /* of a key, before the name */
	bool (*visit)(void *arg, struct slice name, struct slice text);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	const struct each *each = arg;

	return each->visit(each->arg, slice_from(key, each->skip), slice_from(value, 1));
}

int script_record_each(const struct script_owner *owner,
    bool (*visit)(void *arg, struct slice name, struct slice text), void *arg)
{
	struct buf prefix = { 0 };
	int rc = -1;

	make_key(owner, SCRIPT_TEXT, SLICE(""), &prefix);
	struct each each = { prefix.n, visit, arg };
	if (!script_is_of_account(owner)) {
		rc = store_record_each(room, buf_slice(&prefix), see, &each);
	} else {
		struct acct *acct = acct_open(owner->account, owner->shard);
		if (acct)
			rc = acct_record_each(acct, room_of(owner), buf_slice(&prefix), see, &each);
		acct_close(&acct);
	}
	buf_done(&prefix);
	return rc;
}

/* --- write --- */

static int put_account(
    const struct script_owner *owner, const struct acct_record *records, size_t n, struct err *err)
{
	struct acct *acct = acct_open(owner->account, owner->shard);

	if (!acct)
		return err_set(err, ERR_TEMP, "the account's shard is not open here");
	int rc = acct_record_put(acct, room_of(owner), records, n, err);
	acct_close(&acct);
	return rc;
}

static int put_directory(const struct acct_record *records, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = store_record_put(room, records[i].key, records[i].value, err);
	return rc;
}

int script_record_put(const struct script_owner *owner, const struct script_record *records,
    size_t n, struct err *err)
{
	struct pool pool = { 0 };
	struct acct_record *rows = pool_get(&pool, n * sizeof *rows);

	for (size_t i = 0; i < n; i++) {
		struct buf key = { 0 }, value = { 0 };
		make_key(owner, records[i].kind, records[i].name, &key);
		if (records[i].value.p) {
			buf_addc(&value, VERSION);
			buf_adds(&value, records[i].value);
		}
		rows[i].key = pool_slice(&pool, buf_slice(&key));
		rows[i].value = pool_slice(&pool, buf_slice(&value));
		buf_done(&key);
		buf_done(&value);
	}
	int rc = script_is_of_account(owner) ? put_account(owner, rows, n, err)
					     : put_directory(rows, n, err);
	pool_done(&pool);
	return rc;
}
