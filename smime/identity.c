/* identity.c - keys and certificates of an account: listed, added, removed, opened */
#include "smime/identity_record.h"

#include <time.h>

#include "core/conf.h"
#include "core/limit.h"
#include "core/log.h"
#include "pki/issue.h"
#include "pki/pkcs8.h"
#include "pki/told.h"

CONF_KEY(smime_secret_length) = {
	.name = "smime.secret-length",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "8",
	.min = 1,
	.max = 128,
	.help = "fewest characters of a secret that a user's S/MIME keys are locked with",
};

/* --- read --- */

struct listing {
	struct pool *pool;
	struct identities *out;
	bool damaged;
};

static bool add(void *arg, struct slice key, struct slice value)
{
	struct listing *l = arg;
	struct identity identity;

	if (!identity_read(key, pool_slice(l->pool, value), &identity))
		l->damaged = true;
	else if (l->out->n < IDENTITIES_MAX)
		l->out->list[l->out->n++] = identity;
	return !l->damaged;
}

int identities_get(
    const struct dir_account *account, struct pool *pool, struct identities *out, struct err *err)
{
	struct listing listing = { .pool = pool, .out = out };
	struct acct *acct = acct_open(account->id, account->shard);

	out->n = 0;
	out->list = pool_get(pool, IDENTITIES_MAX * sizeof(*out->list));
	int rc = acct_record_each(acct, IDENTITY_ROOM, SLICE("i"), add, &listing);
	acct_close(&acct);
	if (rc != 0 || listing.damaged)
		return err_set(err, ERR_TEMP, "the S/MIME keys of the account cannot be read");
	return 0;
}

const char *identity_state(const struct identity *identity)
{
	struct slice chain = identity->chain;
	int64_t now = time(NULL);
	struct cert cert;

	if (!cert_next(&chain, &cert) || now < cert.not_before)
		return "not valid yet";
	if (now > cert.not_after)
		return "expired";
	return issue_was_revoked(&cert, NULL) ? "revoked" : "valid";
}

const struct identity *identity_usable(const struct identities *all)
{
	for (size_t i = all->n; i-- > 0;)
		if (strcmp(identity_state(&all->list[i]), "valid") == 0)
			return &all->list[i];
	return NULL;
}

const struct identity *identity_current(const struct identities *all)
{
	const struct identity *usable = identity_usable(all);

	if (usable)
		return usable;
	return all->n > 0 ? &all->list[all->n - 1] : NULL;
}

/* --- secrets --- */

/* Wrong secrets are counted apart from wrong passwords. */
static struct slice limit_key(struct buf *out, const char *address)
{
	buf_printf(out, "smime %s", address);
	return buf_slice(out);
}

static int unlock(
    struct slice who, struct slice locked, struct slice secret, struct buf *key, struct err *err)
{
	unsigned wait = limit_wait(who);
	struct err why = { 0 };

	if (wait > 0)
		return err_set(err, ERR_BUSY,
		    "wrong secrets came too often: try again in %u seconds", (wait + 999) / 1000);
	int rc = pkcs8_unlock(locked, secret, key, &why);
	if (rc == 0) {
		limit_succeed(NULL, who);
	} else if (why.kind == ERR_DENIED) {
		limit_fail(NULL, who);
		err_set(err, ERR_DENIED, "this is not the secret of these keys");
	} else {
		err_set(err, ERR_TEMP, "a stored key cannot be read: %s", why.text);
	}
	return rc;
}

/* One at a time for an account: who guesses gains nothing by many threads. */
int identity_open(const struct dir_account *account, const struct identity *identity,
    struct slice secret, struct buf *key, struct err *err)
{
	struct buf name = { 0 };
	struct slice who = limit_key(&name, account->name);
	struct err why = { 0 };
	int rc;

	if (limit_enter(LIMIT_ACCOUNT, who, 1)) {
		rc = unlock(who, identity->key, secret, key, &why);
		limit_leave(LIMIT_ACCOUNT, who);
	} else {
		rc = err_set(&why, ERR_BUSY, "another secret is being tried just now: try again");
	}
	buf_done(&name);
	if (rc == 0)
		return 0;
	log_event(LOG_WARN, "smime-key-not-opened", log_z("account", account->name),
	    log_z("reason", why.text));
	return err_set(err, why.kind, "%s", why.text);
}

static int check_length(const char *address, struct slice secret, struct err *err)
{
	const char *at = strrchr(address, '@');
	struct conf_at place = { .domain = at ? at + 1 : NULL };
	int64_t least = conf_num_at(&conf_key_smime_secret_length, &place);

	if ((int64_t)secret.n >= least)
		return 0;
	return err_set(
	    err, ERR_INPUT, "the secret has fewer than %lld characters", (long long)least);
}

/* The newest that has a key. */
static const struct identity *newest_key(const struct identities *all)
{
	for (size_t i = all->n; i-- > 0;)
		if (all->list[i].key.n > 0)
			return &all->list[i];
	return NULL;
}

/* One secret for all: it must open what is there, or be good for a first key. */
static int check_secret(const struct dir_account *account, const struct identities *all,
    struct slice secret, struct err *err)
{
	const struct identity *present = newest_key(all);
	struct buf key = { 0 };

	if (!present)
		return check_length(account->name, secret, err);
	int rc = identity_open(account, present, secret, &key, err);
	buf_wipe(&key);
	return rc;
}

int identity_check(const struct dir_account *account, struct slice secret, struct err *err)
{
	struct pool pool = { 0 };
	struct identities all;
	int rc = identities_get(account, &pool, &all, err);

	if (rc == 0)
		rc = check_secret(account, &all, secret, err);
	pool_done(&pool);
	return rc;
}

/* --- change --- */

static int put(
    const struct dir_account *account, const struct acct_record *records, size_t n, struct err *err)
{
	struct acct *acct = acct_open(account->id, account->shard);
	int rc = acct_record_put(acct, IDENTITY_ROOM, records, n, err);

	acct_close(&acct);
	identity_changed(account->id);
	return rc;
}

static struct acct_record record_of(const struct identity *identity, struct pool *pool)
{
	char *name = pool_get(pool, IDENTITY_KEY);
	struct buf value = { 0 };

	identity_key(identity->number, name);
	identity_write(identity, &value);
	struct acct_record record = { slice_of(name, IDENTITY_KEY),
		pool_slice(pool, buf_slice(&value)) };
	buf_done(&value);
	return record;
}

/* Two at once must not become one. */
static int put_first(void *arg, struct slice value, struct buf *out, struct err *err)
{
	if (value.n > 0)
		return err_set(
		    err, ERR_BUSY, "another certificate came at the same time: try again");
	buf_adds(out, *(const struct slice *)arg);
	return 0;
}

static struct slice first_of(struct slice chain)
{
	struct cert cert;

	return cert_next(&chain, &cert) ? cert.der : (struct slice){ 0 };
}

static int add_locked(const struct dir_account *account, const struct identities *all,
    struct slice locked, struct slice chain, struct err *err)
{
	struct identity identity = {
		.number = all->n > 0 ? all->list[all->n - 1].number + 1 : 1,
		.added = time(NULL),
		.key = locked,
		.chain = chain,
	};
	struct acct *acct = acct_open(account->id, account->shard);
	char name[IDENTITY_KEY];
	struct buf value = { 0 };

	identity_key(identity.number, name);
	identity_write(&identity, &value);
	struct slice bytes = buf_slice(&value);
	int rc = acct_record_change(
	    acct, IDENTITY_ROOM, slice_of(name, sizeof(name)), put_first, &bytes, err);
	if (rc == 0)
		told_certs("identity", account->name, (struct slice){ 0 }, first_of(chain));
	buf_done(&value);
	acct_close(&acct);
	identity_changed(account->id);
	return rc;
}

int identity_add(const struct dir_account *account, const struct identity_new *new, struct err *err)
{
	struct pool pool = { 0 };
	struct buf locked = { 0 };
	struct identities all;
	int rc = identities_get(account, &pool, &all, err);

	if (rc == 0 && all.n >= IDENTITIES_MAX)
		rc = err_set(err, ERR_LIMIT, "the account has %d certificates: remove old ones",
		    IDENTITIES_MAX);
	if (rc == 0 && new->key.n > 0)
		rc = check_secret(account, &all, new->secret, err);
	if (rc == 0 && new->key.n > 0)
		rc = pkcs8_lock(new->key, new->secret, &locked, err);
	if (rc == 0)
		rc = add_locked(account, &all, buf_slice(&locked), new->chain, err);
	buf_done(&locked);
	pool_done(&pool);
	return rc;
}

int identity_remove(const struct dir_account *account, uint32_t number, struct err *err)
{
	char name[IDENTITY_KEY];
	struct acct_record record = { slice_of(name, sizeof(name)), { 0 } };

	identity_key(number, name);
	return put(account, &record, 1, err);
}

/* --- another secret --- */

static int lock_again(const struct dir_account *account, struct identity *identity,
    struct slice old, struct slice secret, struct pool *pool, struct err *err)
{
	struct buf key = { 0 }, locked = { 0 };
	int rc = identity_open(account, identity, old, &key, err);

	if (rc == 0)
		rc = pkcs8_lock(buf_slice(&key), secret, &locked, err);
	if (rc == 0)
		identity->key = pool_slice(pool, buf_slice(&locked));
	buf_wipe(&key);
	buf_done(&locked);
	return rc;
}

static int put_all(const struct dir_account *account, const struct identities *all,
    struct pool *pool, struct err *err)
{
	struct acct_record *records = pool_get(pool, (all->n + 1) * sizeof(*records));

	for (size_t i = 0; i < all->n; i++)
		records[i] = record_of(&all->list[i], pool);
	return put(account, records, all->n, err);
}

int identity_secret(
    const struct dir_account *account, struct slice old, struct slice secret, struct err *err)
{
	struct pool pool = { 0 };
	struct identities all;
	int rc = identities_get(account, &pool, &all, err);

	if (rc == 0)
		rc = check_length(account->name, secret, err);
	if (rc == 0 && !newest_key(&all))
		rc = err_set(err, ERR_ABSENT, "the account has no private key");
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		if (all.list[i].key.n > 0)
			rc = lock_again(account, &all.list[i], old, secret, &pool, err);
	if (rc == 0)
		rc = put_all(account, &all, &pool, err);
	pool_done(&pool);
	return rc;
}
