/* script_change.c - scripts are put, made active, renamed, removed
 *
 * Changes of an owner come one after another (a lock by owner), since most look
 * before they write. The cache is told after a change is durable. */
#include <pthread.h>

#include "core/conf.h"
#include "core/hash.h"
#include "core/text.h"
#include "storage/script_private.h"

CONF_KEY(sieve_max_scripts) = {
	.name = "sieve.max-scripts",
	.type = CONF_INT,
	.def = "32",
	.min = 1,
	.max = 1000,
	.help = "most Sieve scripts that an account, a domain or the server may keep",
};

enum { LOCKS = 16 };
static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

/* --- what may be --- */

/* RFC 5804 1.6: no control characters, nor U+2028 and U+2029. */
static bool names_script(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		struct slice rest = slice_from(name, i);
		unsigned char c = (unsigned char)name.p[i];
		if (c < ' ' || c == 127 ||
		    (c == 0xc2 && rest.n > 1 && (unsigned char)rest.p[1] < 0xa0) ||
		    slice_starts(rest, SLICE("\xe2\x80\xa8")) ||
		    slice_starts(rest, SLICE("\xe2\x80\xa9")))
			return false;
	}
	return name.n > 0 && name.n <= SCRIPT_NAME_MAX && utf8_valid(name);
}

static int check_name(struct slice name, struct err *err)
{
	if (names_script(name))
		return 0;
	return err_set(err, ERR_INPUT,
	    "a script's name has 1 to %d bytes of UTF-8 without control characters",
	    SCRIPT_NAME_MAX);
}

static bool count_one(void *arg, struct slice name, struct slice text)
{
	(void)name;
	(void)text;
	++*(int64_t *)arg;
	return true;
}

static int absent(struct err *err, struct slice name)
{
	return err_set(
	    err, ERR_ABSENT, "there is no script '%.*s'", SLICE_ARG(slice_head(name, 80)));
}

static int unreadable(struct err *err)
{
	return err_set(err, ERR_TEMP, "the scripts cannot be read now");
}

/* 1, 0, or -1 with the reason. */
static int there(const struct script_owner *owner, struct slice name, struct err *err)
{
	struct buf text = { 0 };
	int found = script_get(owner, name, &text);

	buf_done(&text);
	return found < 0 ? unreadable(err) : found;
}

int script_room(const struct script_owner *owner, struct slice name, uint64_t size, struct err *err)
{
	int64_t count = 0;

	if (check_name(name, err) != 0)
		return -1;
	if (size > sieve_script_max())
		return err_set(err, ERR_LIMIT, "a script has at most %llu bytes",
		    (unsigned long long)sieve_script_max());
	int found = there(owner, name, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (script_record_each(owner, count_one, &count) < 0)
		return unreadable(err);
	if (count >= conf_num(&conf_key_sieve_max_scripts))
		return err_set(err, ERR_LIMIT, "there are %lld scripts, and no more are allowed",
		    (long long)count);
	return 0;
}

/* --- change --- */

static pthread_mutex_t *lock_owner(const struct script_owner *owner)
{
	struct buf key = { 0 };

	script_owner_key(owner, &key);
	pthread_mutex_t *lock = &locks[hash_bytes(buf_slice(&key)) % LOCKS];
	buf_done(&key);
	pthread_mutex_lock(lock);
	return lock;
}

static int write_records(const struct script_owner *owner, const struct script_record *records,
    size_t n, struct err *err)
{
	struct buf key = { 0 };
	int rc = script_record_put(owner, records, n, err);

	/* A failure may come behind the first of several. */
	script_owner_key(owner, &key);
	script_cache_drop(buf_slice(&key));
	buf_done(&key);
	return rc;
}

/* An empty script has bytes to point at, too. */
static struct slice present(struct slice text)
{
	return text.p ? text : SLICE("");
}

static int check_script(struct slice text, struct buf *warnings, struct err *err)
{
	struct sieve_script *sieve = sieve_check(text, warnings, err);
	bool good = sieve != NULL;

	sieve_free(&sieve);
	return good ? 0 : -1;
}

static int put_locked(
    const struct script_owner *owner, struct slice name, struct slice text, struct err *err)
{
	struct script_record record = { SCRIPT_TEXT, name, present(text) };

	return script_room(owner, name, text.n, err) < 0 ? -1
							 : write_records(owner, &record, 1, err);
}

int script_put(const struct script_owner *owner, struct slice name, struct slice text,
    struct buf *warnings, struct err *err)
{
	if (check_name(name, err) != 0 || check_script(text, warnings, err) != 0)
		return -1;
	pthread_mutex_t *lock = lock_owner(owner);
	int rc = put_locked(owner, name, text, err);
	pthread_mutex_unlock(lock);
	return rc;
}

int script_activate(const struct script_owner *owner, struct slice name, struct err *err)
{
	struct script_record record = { SCRIPT_ACTIVE, SLICE(""),
		name.n > 0 ? name : (struct slice){ 0 } };
	pthread_mutex_t *lock = lock_owner(owner);
	int rc = name.n > 0 ? there(owner, name, err) : 1;

	if (rc == 0)
		rc = absent(err, name);
	if (rc == 1)
		rc = write_records(owner, &record, 1, err);
	pthread_mutex_unlock(lock);
	return rc;
}

/* The new text of the active script, or a first one. */
static int replace(const struct script_owner *owner, struct slice active, struct slice name,
    struct slice text, struct err *err)
{
	struct script_record gone[] = { { SCRIPT_ACTIVE, SLICE(""), { 0 } },
		{ SCRIPT_TEXT, name, { 0 } } };
	struct script_record begun[] = { { SCRIPT_TEXT, name, present(text) },
		{ SCRIPT_ACTIVE, SLICE(""), name } };
	bool empty = slice_trim(text).n == 0;

	if (empty && active.n == 0)
		return 0;
	if (empty && slice_eq(active, name))
		return write_records(owner, gone, 2, err);
	if (check_script(text, NULL, err) != 0)
		return -1;
	if (active.n > 0)
		return put_locked(owner, active, text, err);
	return script_room(owner, name, text.n, err) < 0 ? -1 : write_records(owner, begun, 2, err);
}

int script_edit(const struct script_owner *owner, struct slice name,
    void (*edit)(void *arg, struct slice text, struct buf *out), void *arg, struct err *err)
{
	struct buf active = { 0 }, text = { 0 }, out = { 0 };
	pthread_mutex_t *lock = lock_owner(owner);
	int rc = script_get_active(owner, &active);

	if (rc == 0 && active.n > 0 && script_get(owner, buf_slice(&active), &text) < 0)
		rc = -1;
	if (rc < 0) {
		unreadable(err);
	} else {
		edit(arg, buf_slice(&text), &out);
		rc = replace(owner, buf_slice(&active), name, buf_slice(&out), err);
	}
	pthread_mutex_unlock(lock);
	buf_done(&active);
	buf_done(&text);
	buf_done(&out);
	return rc;
}

/* With the lock held: 1 it is the active one, 0, -1. */
static int is_active(const struct script_owner *owner, struct slice name, struct err *err)
{
	struct buf active = { 0 };
	int rc = script_get_active(owner, &active);

	if (rc == 0)
		rc = slice_eq(buf_slice(&active), name);
	else
		unreadable(err);
	buf_done(&active);
	return rc;
}

static int remove_locked(const struct script_owner *owner, struct slice name, struct err *err)
{
	struct script_record record = { .kind = SCRIPT_TEXT, .name = name };
	int rc = there(owner, name, err);

	if (rc <= 0)
		return rc < 0 ? -1 : absent(err, name);
	rc = is_active(owner, name, err);
	if (rc == 1)
		return err_set(err, ERR_DENIED, "it is the active script");
	return rc < 0 ? -1 : write_records(owner, &record, 1, err);
}

int script_remove(const struct script_owner *owner, struct slice name, struct err *err)
{
	pthread_mutex_t *lock = lock_owner(owner);
	int rc = remove_locked(owner, name, err);

	pthread_mutex_unlock(lock);
	return rc;
}

/* The new name is there before the old one goes. */
static int rename_locked(const struct script_owner *owner, struct slice from, struct slice to,
    struct buf *text, struct err *err)
{
	int found = script_get(owner, from, text), taken = there(owner, to, err);
	int active = is_active(owner, from, err);
	struct script_record records[] = { { SCRIPT_TEXT, to, present(buf_slice(text)) },
		{ SCRIPT_TEXT, from, { 0 } }, { SCRIPT_ACTIVE, SLICE(""), to } };

	if (found < 0 || taken < 0 || active < 0)
		return unreadable(err);
	if (found == 0)
		return absent(err, from);
	if (taken)
		return err_set(err, ERR_EXISTS, "there is a script of that name");
	if (active) {
		struct script_record last = records[1];
		records[1] = records[2];
		records[2] = last;
	}
	return write_records(owner, records, active ? 3 : 2, err);
}

int script_rename(
    const struct script_owner *owner, struct slice from, struct slice to, struct err *err)
{
	struct buf text = { 0 };

	if (check_name(to, err) != 0)
		return -1;
	pthread_mutex_t *lock = lock_owner(owner);
	int rc = rename_locked(owner, from, to, &text, err);
	pthread_mutex_unlock(lock);
	buf_done(&text);
	return rc;
}
