/* apop.c - passwords that APOP needs: the account's number -> sealed, in the directory */
#include "storage/apop.h"

#include "core/conf.h"
#include "core/num.h"
#include "core/pool.h"
#include "storage/dir.h"
#include "storage/sealed.h"
#include "storage/source.h"
#include "storage/store.h"

/* What is sealed is filled up to so many bytes, so that it does not tell its length. */
enum { BLOCK = 64, KEY = 8 };

static const char room[] = "apop";

static const struct source_sealer *sealer;

void apop_start(const struct source_sealer *with)
{
	sealer = with;
}

static struct slice make_key(uint64_t account, unsigned char key[KEY])
{
	num_put64(key, account);
	return slice_of(key, KEY);
}

static void put_what(struct buf *out, struct slice key)
{
	buf_printf(out, "the APOP password of account %llu",
	    (unsigned long long)(key.n == KEY ? num_get64((const unsigned char *)key.p) : 0));
}

static bool find_sealed(
    struct slice key, struct slice value, struct buf *what, struct slice *secret)
{
	put_what(what, key);
	*secret = value;
	return value.n > 0;
}

SEALED(apop) = { .room = "apop", .find = find_sealed };

/* --- where it is wanted --- */

struct dropping {
	struct err *err;
	int rc;
};

static bool drop_one(void *arg, const struct dir_account *account)
{
	struct dropping *dropping = arg;

	dropping->rc = apop_forget(account->id, dropping->err);
	return dropping->rc == 0;
}

static int drop_all(struct slice domain, struct err *err)
{
	struct dropping dropping = { err, 0 };

	if (dir_accounts(domain, drop_one, &dropping) != 0)
		return err_set(err, ERR_TEMP, "the accounts cannot be read");
	return dropping.rc;
}

/* Off: what is kept goes before, and once more behind, for a password that was changed
   meanwhile. */
static int attempt(const struct conf_change *change, struct err *err)
{
	bool on = slice_eq(change->value, SLICE("on"));

	if (!on && drop_all(change->place, err) != 0)
		return -1;
	if (conf_set_all(change, 1, err) != 0)
		return -1;
	return on ? 0 : drop_all(change->place, err);
}

CONF_KEY(pop_apop) = {
	.name = "pop.apop",
	.type = CONF_BOOL,
	.scopes = CONF_DOMAIN,
	.def = "off",
	.help = "keep passwords so that APOP works: the server can read them then (docs/pop.md)",
	.attempt = attempt,
};

bool apop_wanted(const char *domain)
{
	return conf_num_at(&conf_key_pop_apop, &(struct conf_at){ .domain = domain });
}

static void see_place(void *arg, enum conf_scope scope, const char *place, const char *text)
{
	bool *any = arg;

	(void)scope;
	(void)place;
	*any |= strcmp(text, "on") == 0;
}

bool apop_anywhere(void)
{
	bool any = false;

	conf_each(&conf_key_pop_apop, see_place, &any);
	return any;
}

/* --- what is kept --- */

static bool is_wanted(const struct dir_account *account)
{
	return apop_wanted(strrchr(account->name, '@') + 1);
}

int apop_forget(uint64_t account, struct err *err)
{
	unsigned char key[KEY];

	return store_record_put(room, make_key(account, key), (struct slice){ 0 }, err);
}

int apop_drop(struct slice address, struct err *err)
{
	struct pool pool = { 0 };
	struct dir_account account;
	int found = dir_account(address, &pool, &account);
	int rc = found == 1 && is_wanted(&account) ? apop_forget(account.id, err) : 0;

	pool_done(&pool);
	return found < 0 ? err_set(err, ERR_TEMP, "the directory cannot be read") : rc;
}

static int seal(uint64_t account, struct slice password, struct err *err)
{
	struct buf plain = { 0 }, sealed = { 0 }, what = { 0 };
	unsigned char key[KEY];

	make_key(account, key);
	put_what(&what, slice_of(key, KEY));
	buf_room(&plain, password.n + BLOCK);
	buf_adds(&plain, password);
	do
		buf_addc(&plain, '\0');
	while (plain.n % BLOCK != 0);
	int rc = sealer->close(buf_z(&what), buf_slice(&plain), &sealed, err);
	if (rc == 0)
		rc = store_record_put(room, slice_of(key, KEY), buf_slice(&sealed), err);
	buf_wipe(&plain);
	buf_done(&sealed);
	buf_done(&what);
	return rc;
}

int apop_keep(struct slice address, struct slice password, struct err *err)
{
	struct pool pool = { 0 };
	struct dir_account account;
	int found = dir_account(address, &pool, &account);
	int rc = found == 1 && is_wanted(&account) ? seal(account.id, password, err) : 0;

	pool_done(&pool);
	return found < 0 ? err_set(err, ERR_TEMP, "the directory cannot be read") : rc;
}

static int unseal(uint64_t account, struct buf *out)
{
	struct buf sealed = { 0 }, what = { 0 };
	unsigned char key[KEY];
	int found = store_record_get(room, make_key(account, key), &sealed);

	put_what(&what, slice_of(key, KEY));
	if (found == 1 && sealer->open(buf_z(&what), buf_slice(&sealed), out, NULL) != 0)
		found = -1;
	while (found == 1 && out->n > 0 && out->p[out->n - 1] == '\0')
		out->n--;
	buf_done(&sealed);
	buf_done(&what);
	return found;
}

int apop_password(struct slice address, struct buf *out)
{
	struct pool pool = { 0 };
	struct dir_account account;
	int found = dir_account(address, &pool, &account);

	if (found == 1)
		found = is_wanted(&account) ? unseal(account.id, out) : 0;
	pool_done(&pool);
	return found;
}
