/* wire.c - settings and logins find their home in the directory
 *
 * core/ knows no database: it declares what it needs as function tables, and
 * here they are filled. */
#include "main/wire.h"

#include "core/auth.h"
#include "core/conf.h"
#include "core/op.h"
#include "core/random.h"
#include "core/text.h"
#include "storage/dir.h"
#include "storage/rename.h"
#include "storage/source.h"
#include "storage/store.h"
#include "storage/store_batch.h"

/* --- settings: a record "S" scope NUL place NUL name --- */

static void setting_key(
    struct buf *key, enum conf_scope scope, struct slice place, struct slice name)
{
	buf_addc(key, (char)('0' + scope));
	buf_adds(key, place);
	buf_addc(key, '\0');
	buf_adds(key, name);
}

/* In a text only addresses are taken for ours, unless it names a certificate: a host may
   be called as a domain was, and stay so. */
static void rename_value(
    const struct rename *names, struct slice name, struct slice value, struct buf *out)
{
	const struct conf_key *row = conf_find(name);

	if (row && row->refers)
		rename_words(names, value, out);
	else
		rename_addresses(names, value, out);
}

static void rename_setting(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice rest = slice_from(key, 1), place = slice_cut(&rest, '\0');

	buf_adds(new_key, slice_head(key, 1));
	if (key.n > 0 && key.p[0] == '0' + CONF_LISTENER)
		buf_adds(new_key, place);
	else
		rename_word(names, place, new_key);
	buf_addc(new_key, '\0');
	buf_adds(new_key, rest);
	rename_value(names, rest, value, new_value);
}

RENAMED(setting) = { .room = "setting", .change = rename_setting };

static int put_setting(void *arg, enum conf_scope scope, struct slice place, struct slice name,
    struct slice value, struct err *err)
{
	struct buf key = { 0 };

	(void)arg;
	setting_key(&key, scope, place, name);
	int rc = store_record_put("setting", buf_slice(&key), value, err);
	buf_done(&key);
	return rc;
}

struct setting_visit {
	void (*row)(void *row_arg, enum conf_scope scope, struct slice place, struct slice name,
	    struct slice value);
	void *row_arg;
};

static bool visit_setting(void *arg, struct slice key, struct slice value)
{
	struct setting_visit *visit = arg;
	struct slice rest = slice_from(key, 1);

	if (key.n > 1) {
		struct slice place = slice_cut(&rest, '\0');
		visit->row(visit->row_arg, (enum conf_scope)(key.p[0] - '0'), place, rest, value);
	}
	return true;
}

static int each_setting(void *arg,
    void (*row)(void *row_arg, enum conf_scope scope, struct slice place, struct slice name,
	struct slice value),
    void *row_arg, struct err *err)
{
	struct setting_visit visit = { row, row_arg };

	(void)arg;
	if (store_record_each("setting", (struct slice){ 0 }, visit_setting, &visit) < 0)
		return err_set(err, ERR_TEMP, "cannot read the settings");
	return 0;
}

static _Thread_local struct store_batch several;

static void begin_settings(void *arg)
{
	(void)arg;
	store_batch_begin(&several);
}

static int end_settings(void *arg, bool keep, struct err *err)
{
	(void)arg;
	if (keep)
		return store_batch_commit(&several, err);
	store_batch_drop(&several);
	return -1;
}

int wire_settings(struct err *err)
{
	static const struct conf_store store = { .put = put_setting,
		.each = each_setting,
		.begin = begin_settings,
		.end = end_settings };

	return conf_load(&store, err);
}

/* --- logins --- */

/* A bare user name belongs to the main domain. */
static int full_address(struct slice login, struct pool *pool, struct slice *out)
{
	struct dir_domain domain;

	*out = login;
	if (slice_chr(login, '@') >= 0)
		return 1;
	int found = dir_main_domain(pool, &domain);
	if (found == 1)
		*out = slice_str(pool_printf(pool, "%.*s@%s", SLICE_ARG(login), domain.name));
	return found;
}

/* Whether a directory checks its password: a text for it, or NULL. */
static const char *elsewhere_of(const char *name, struct pool *pool)
{
	struct slice domain = slice_str(strchr(name, '@') ? strrchr(name, '@') + 1 : "");
	uint64_t mark;

	if (!source_has(domain, &mark))
		return NULL;
	return pool_printf(pool, "directory %llu", (unsigned long long)mark);
}

static int find_login(void *arg, struct slice login, struct pool *pool, struct auth_account *out)
{
	struct dir_account account;
	struct address parsed;
	struct slice address;

	(void)arg;
	int found = full_address(login, pool, &address);
	if (found != 1)
		return found;
	if (!address_parse(pool, address, &parsed))
		return 0;
	address = slice_str(
	    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(parsed.local), SLICE_ARG(parsed.domain)));
	out->name = address.p;
	found = dir_account(address, pool, &account);
	found = found == 1 ? source_confirm(&account) : found;
	if (found == 0)
		found = source_adopt(address, pool, &account);
	if (found != 1)
		return found;
	*out = (struct auth_account){ .id = account.id,
		.shard = account.shard,
		.name = account.name,
		.suspended = account.suspended };
	for (size_t i = 0; i < sizeof out->secrets / sizeof *out->secrets; i++)
		out->secrets[i] = account.secrets[i];
	if (!account.secrets[0])
		out->elsewhere = elsewhere_of(account.name, pool);
	return 1;
}

static int check_elsewhere(void *arg, const struct auth_account *account, struct slice password)
{
	(void)arg;
	return source_check(account->name, password);
}

static bool is_elsewhere(void *arg, const char *domain)
{
	(void)arg;
	return source_has(slice_str(domain), NULL);
}

/* Random bytes made when first asked for. */
static int read_pepper(struct buf *pepper, struct err *err)
{
	unsigned char made[32];
	int found = store_record_get("login", SLICE("pepper"), pepper);

	if (found < 0)
		return err_set(err, ERR_TEMP, "cannot read what logins need");
	if (found)
		return 0;
	random_bytes(made, sizeof(made));
	buf_add(pepper, made, sizeof(made));
	return store_record_put("login", SLICE("pepper"), buf_slice(pepper), err);
}

int wire_logins(struct err *err)
{
	struct buf pepper = { 0 };
	int rc = read_pepper(&pepper, err);

	if (rc == 0)
		rc = auth_start(&(struct auth_backend){ .find = find_login,
				    .check = check_elsewhere,
				    .elsewhere = is_elsewhere,
				    .pepper = buf_slice(&pepper) },
		    err);
	buf_wipe(&pepper);
	return rc;
}
