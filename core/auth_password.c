/* auth_password.c - is it the password? And: secrets for a new one */
#include "core/auth_private.h"

#include "core/conf.h"
#include "core/log.h"
#include "core/loop.h"

CONF_KEY(auth_password_min) = {
	.name = "auth.password-min",
	.type = CONF_INT,
	.def = "8",
	.min = 1,
	.max = 128,
	.help = "fewest bytes that a new password may have",
};

/* Longer ones are an accident or an attack: hashing costs by the byte. */
enum { PASSWORD_MAX = 1024 };

static struct auth_backend directory;

void auth_backend_set(const struct auth_backend *backend)
{
	directory = *backend;
	directory.pepper = (struct slice){ 0 }; /* borrowed for the start */
}

int auth_find(struct slice login, struct pool *pool, struct auth_account *out)
{
	*out = (struct auth_account){ 0 };
	int found = directory.find(directory.arg, login, pool, out);
	if (!out->name)
		out->name = pool_lower(pool, login);
	return found;
}

bool auth_elsewhere(const char *domain)
{
	return domain && directory.elsewhere && directory.elsewhere(directory.arg, domain);
}

enum auth_result auth_admit(const struct auth_account *account)
{
	if (!account->suspended)
		return AUTH_OK;
	log_event(LOG_INFO, "login-refused", log_z("account", account->name),
	    log_z("reason", "suspended"));
	return AUTH_WRONG;
}

/* Against the account's strongest secret. A remembered password must not
   answer faster for a suspended account: it would tell that it is right. */
static bool matches(const struct auth_account *account, const char *text,
    const struct auth_secret *secret, struct slice password)
{
	struct auth_token token;
	if (account->suspended)
		return auth_secret_matches(secret, password);
	auth_token(account->id, text, password, &token);
	bool good = auth_remembered(&token);
	if (!good) {
		good = auth_secret_matches(secret, password);
		if (good)
			auth_remember(&token);
	}
	bytes_wipe(&token, sizeof(token));
	return good;
}

/* On a loop: only a password that is remembered is answered for, so that the
   slow derivation and the disk are left to a worker. */
static enum auth_result recall(int found, const struct auth_account *account, struct slice password)
{
	struct auth_token token;
	struct buf hold = { 0 };
	struct slice prepared;
	const char *text = account->elsewhere ? account->elsewhere : account->secrets[0];
	bool known = found == 1 && !account->suspended && text &&
	    auth_prepare(password, &hold, &prepared) && prepared.n <= PASSWORD_MAX;

	if (known) {
		auth_token(account->id, text, prepared, &token);
		known = auth_remembered(&token);
		bytes_wipe(&token, sizeof(token));
	}
	buf_wipe(&hold);
	return known ? AUTH_OK : AUTH_LATER;
}

/* Whoever knows the password is asked, unless it was found right a moment ago. */
static enum auth_result check_elsewhere(const struct auth_account *account, struct slice password)
{
	struct auth_token token;
	int good = 1;

	auth_token(account->id, account->elsewhere, password, &token);
	if (account->suspended || !auth_remembered(&token)) {
		good = directory.check(directory.arg, account, password);
		if (good == 1 && !account->suspended)
			auth_remember_elsewhere(&token);
	}
	bytes_wipe(&token, sizeof(token));
	if (good < 0)
		return AUTH_TEMP;
	return good == 1 ? auth_admit(account) : AUTH_WRONG;
}

enum auth_result auth_check(int found, const struct auth_account *account, struct slice password)
{
	struct auth_secret secret;
	struct buf hold = { 0 };
	struct slice prepared;

	if (loop_thread())
		return recall(found, account, password);
	bool good = auth_prepare(password, &hold, &prepared);
	if (found < 0) {
		buf_wipe(&hold);
		return AUTH_TEMP;
	}
	good = good && prepared.n <= PASSWORD_MAX;
	prepared = slice_head(prepared, PASSWORD_MAX);
	if (found == 1 && good && account->elsewhere) {
		enum auth_result result = check_elsewhere(account, prepared);
		buf_wipe(&hold);
		return result;
	}

	/* Nobody, and somebody who has no password yet, cost what others do. */
	const char *text = found ? account->secrets[0] : NULL;
	if (text && auth_secret_read(text, &secret)) {
		good = matches(account, text, &secret, prepared) && good;
	} else {
		auth_secret_fake(&auth_hashes[0], account->name, &secret);
		auth_secret_matches(&secret, prepared);
		good = false;
	}
	bytes_wipe(&secret, sizeof(secret));
	buf_wipe(&hold);
	return good ? auth_admit(account) : AUTH_WRONG;
}

enum auth_result auth_password(
    struct slice login, struct slice password, struct pool *pool, struct auth_account *out)
{
	int found = auth_find(login, pool, out);

	return auth_check(found, out, password);
}

int auth_secrets(struct slice password, struct pool *pool, const char *secrets[4], struct err *err)
{
	struct buf hold = { 0 };
	struct slice prepared;
	int64_t least = conf_num(&conf_key_auth_password_min);

	if (!auth_prepare(password, &hold, &prepared))
		return err_set(
		    err, ERR_INPUT, "a password is UTF-8 text without control characters");
	if (prepared.n < (size_t)least || prepared.n > PASSWORD_MAX) {
		buf_wipe(&hold);
		return err_set(err, ERR_INPUT, "a password has %lld to %d bytes", (long long)least,
		    PASSWORD_MAX);
	}
	for (size_t i = 0; i < AUTH_HASHES; i++) {
		struct auth_secret s;
		auth_secret_make(&auth_hashes[i], prepared, &s);
		secrets[i] = auth_secret_text(&s, pool);
		bytes_wipe(&s, sizeof(s));
	}
	secrets[AUTH_HASHES] = NULL;
	buf_wipe(&hold);
	return 0;
}
