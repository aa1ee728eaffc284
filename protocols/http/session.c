/* session.c - who logged in by the pages, kept over restarts
 *
 * A cookie is "ACCOUNT.SECRET": 16 hexadecimal digits of the account's id and 64
 * of 256 random bits. Kept is the SHA-256 of the secret, below the account's id,
 * so that all of one account's are found together. A record names the
 * account and holds a mark of its password; who is suspended, removed or has a new
 * password is nobody at his next click. */
#include <stdatomic.h>
#include <time.h>

#include "core/conf.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/http/http_private.h"
#include "storage/dir.h"
#include "storage/rename.h"
#include "storage/store.h"

CONF_KEY(http_session_idle) = {
	.name = "http.session-idle",
	.type = CONF_DURATION,
	.def = "2h",
	.min = 60000,
	.max = 90 * 24 * 3600 * 1000LL,
	.help = "how long somebody who logged in by the pages may do nothing",
};

CONF_KEY(http_session_life) = {
	.name = "http.session-life",
	.type = CONF_DURATION,
	.def = "12h",
	.min = 60000,
	.max = 365 * 24 * 3600 * 1000LL,
	.help = "after how long everybody has to log in anew",
};

CONF_KEY(http_session_max) = {
	.name = "http.sessions-per-account",
	.type = CONF_INT,
	.def = "20",
	.min = 1,
	.max = 1000,
	.help = "logins by the pages that one account may have at a time; the oldest gives way",
};

static const char room[] = "http-session";

enum {
	ID_DIGITS = 16,
	SECRET_DIGITS = 64,
	KEY_SIZE = 8 + DIGEST_SIZE,
	MARK_SIZE = 16,
	FIXED_SIZE = 8 + 8 + MARK_SIZE,
	NOTE_S = 60, /* last use is written down that exactly */
};

/* created and seen: unix seconds; mark of the password; the account's name */
struct record {
	int64_t created, seen;
	unsigned char mark[MARK_SIZE];
	struct slice name;
};

/* --- records --- */

static struct slice key_of(unsigned char key[KEY_SIZE], uint64_t account, struct slice secret)
{
	num_put64(key, account);
	digest_sha256(secret, key + 8);
	return slice_of(key, KEY_SIZE);
}

static bool read_record(struct slice value, struct record *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (value.n <= FIXED_SIZE)
		return false;
	out->created = (int64_t)num_get64(p);
	out->seen = (int64_t)num_get64(p + 8);
	memcpy(out->mark, p + 16, MARK_SIZE);
	out->name = slice_from(value, FIXED_SIZE);
	return true;
}

static void rename_name(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	buf_adds(new_key, key);
	buf_adds(new_value, slice_head(value, FIXED_SIZE));
	rename_word(names, slice_from(value, FIXED_SIZE), new_value);
}

RENAMED(http_session) = { .room = "http-session", .change = rename_name };

static int write_record(struct slice key, const struct record *record, struct err *err)
{
	unsigned char fixed[FIXED_SIZE];
	struct buf value = { 0 };

	num_put64(fixed, (uint64_t)record->created);
	num_put64(fixed + 8, (uint64_t)record->seen);
	memcpy(fixed + 16, record->mark, MARK_SIZE);
	buf_add(&value, fixed, sizeof fixed);
	buf_adds(&value, record->name);
	int rc = store_record_put(room, key, buf_slice(&value), err);
	buf_done(&value);
	return rc;
}

static void remove_record(struct slice key)
{
	struct err err = { 0 };

	if (store_record_put(room, key, (struct slice){ 0 }, &err) != 0)
		log_event(LOG_WARN, "cannot-remove-login", log_z("reason", err.text));
}

static void mark_of(const struct dir_account *account, unsigned char mark[MARK_SIZE])
{
	unsigned char digest[DIGEST_SIZE];

	digest_sha256(slice_str(account->secrets[0]), digest);
	memcpy(mark, digest, MARK_SIZE);
}

static bool is_over(const struct record *record, int64_t now)
{
	return now - record->seen > conf_num(&conf_key_http_session_idle) / 1000 ||
	    now - record->created > conf_num(&conf_key_http_session_life) / 1000 ||
	    record->created > now + NOTE_S;
}

/* --- cookies --- */

static bool take_hex(struct slice text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		const char *digit = memchr("0123456789abcdef", text.p[i], 16);
		if (!digit)
			return false;
		*out = *out << 4 | (uint64_t)(digit - "0123456789abcdef");
	}
	return true;
}

static bool cut_cookie(struct slice cookie, uint64_t *account, struct slice *secret)
{
	struct slice id = slice_head(cookie, ID_DIGITS);

	*secret = slice_from(cookie, ID_DIGITS + 1);
	return cookie.n == ID_DIGITS + 1 + SECRET_DIGITS && cookie.p[ID_DIGITS] == '.' &&
	    take_hex(id, account);
}

/* --- find --- */

/* The account, if it still is the one that logged in. */
static int find_account(
    struct pool *pool, uint64_t id, const struct record *record, struct dir_account *account)
{
	unsigned char mark[MARK_SIZE];
	int found = dir_account(record->name, pool, account);

	if (found != 1)
		return found;
	mark_of(account, mark);
	return account->id == id && !account->suspended &&
	    bytes_same(mark, record->mark, MARK_SIZE);
}

int http_session_find(struct pool *pool, struct slice cookie, struct dir_account *account)
{
	unsigned char bytes[KEY_SIZE];
	struct buf value = { 0 };
	struct record record;
	struct slice secret;
	uint64_t id;
	int64_t now = time(NULL);

	if (!cut_cookie(cookie, &id, &secret))
		return 0;
	struct slice key = key_of(bytes, id, secret);
	int found = store_record_get(room, key, &value);
	if (found == 1 && !read_record(buf_slice(&value), &record))
		found = 0;
	if (found == 1 &&
	    (found = is_over(&record, now) ? 0 : find_account(pool, id, &record, account)) == 0)
		remove_record(key);
	if (found == 1 && now - record.seen >= NOTE_S) {
		record.seen = now;
		write_record(key, &record, NULL);
	}
	buf_done(&value);
	return found;
}

/* --- begin, end --- */

struct tidying {
	int64_t now;
	size_t n;
	struct buf over; /* keys of those whose time is over */
	unsigned char oldest[KEY_SIZE];
	int64_t oldest_seen;
};

static bool look(void *arg, struct slice key, struct slice value)
{
	struct tidying *tidying = arg;
	struct record record;

	if (key.n != KEY_SIZE)
		return true;
	if (!read_record(value, &record) || is_over(&record, tidying->now)) {
		buf_adds(&tidying->over, key);
		return true;
	}
	if (tidying->n++ == 0 || record.seen < tidying->oldest_seen) {
		memcpy(tidying->oldest, key.p, KEY_SIZE);
		tidying->oldest_seen = record.seen;
	}
	return true;
}

/* Remove those that are over, of one account or, with an empty prefix, of all;
   and the oldest when there are `max` others. */
static void tidy(struct slice prefix, size_t max)
{
	struct tidying tidying = { .now = time(NULL) };

	store_record_each(room, prefix, look, &tidying);
	for (size_t at = 0; at < tidying.over.n; at += KEY_SIZE)
		remove_record(slice_of(tidying.over.p + at, KEY_SIZE));
	if (tidying.n >= max)
		remove_record(slice_of(tidying.oldest, KEY_SIZE));
	buf_done(&tidying.over);
}

/* Of accounts that never come again, too; now and then. */
static void tidy_all(void)
{
	static _Atomic int64_t last;
	int64_t now = time(NULL), before = last;

	if (now - before >= 3600 && atomic_compare_exchange_strong(&last, &before, now))
		tidy((struct slice){ 0 }, SIZE_MAX);
}

char *http_session_new(struct pool *pool, const char *address, struct err *err)
{
	unsigned char random[SECRET_DIGITS / 2], bytes[KEY_SIZE];
	struct record record = { .created = time(NULL), .name = slice_str(address) };
	struct dir_account account;
	struct buf text = { 0 };

	if (dir_account(slice_str(address), pool, &account) != 1) {
		err_set(err, ERR_TEMP, "the directory cannot be read now");
		return NULL;
	}
	num_put64(bytes, account.id);
	tidy_all();
	tidy(slice_of(bytes, 8), (size_t)conf_num(&conf_key_http_session_max));

	random_bytes(random, sizeof random);
	hex_put(&text, slice_of(random, sizeof random));
	bytes_wipe(random, sizeof random);
	char *secret = pool_str(pool, buf_slice(&text));
	buf_wipe(&text);
	record.seen = record.created;
	mark_of(&account, record.mark);
	if (write_record(key_of(bytes, account.id, slice_str(secret)), &record, err) != 0)
		return NULL;
	return pool_printf(pool, "%016llx.%s", (unsigned long long)account.id, secret);
}

void http_session_end(struct slice cookie)
{
	unsigned char key[KEY_SIZE];
	struct slice secret;
	uint64_t id;

	if (cut_cookie(cookie, &id, &secret))
		remove_record(key_of(key, id, secret));
}
