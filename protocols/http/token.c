/* token.c - tokens for the API: kept as hashes, looked up by them */
#include "protocols/http/token.h"

#include <pthread.h>
#include <time.h>

#include "core/digest.h"
#include "core/num.h"
#include "core/random.h"
#include "core/text.h"
#include "protocols/http/http_private.h"
#include "storage/dir.h"
#include "storage/rename.h"
#include "storage/store.h"

enum {
	SECRET_SIZE = 32,
	FIXED_SIZE = 8 + 8 + 8 + 1,
	SCOPE_MAX = 100,	  /* tokens of one domain, account, or the server */
	SHOWN_S = 30 * 24 * 3600, /* how long one that expired is still listed */
};

static const char room[] = "http-token";
static const char prefix[] = "signet-";

/* --- records: created, expires, account, role, name NUL scope --- */

static void write_token(struct buf *out, const struct http_token *token)
{
	unsigned char fixed[FIXED_SIZE];

	num_put64(fixed, (uint64_t)token->created);
	num_put64(fixed + 8, (uint64_t)token->expires);
	num_put64(fixed + 16, token->account);
	fixed[24] = (unsigned char)token->role;
	buf_add(out, fixed, sizeof fixed);
	buf_addz(out, token->name);
	buf_addc(out, '\0');
	buf_addz(out, token->scope);
}

static bool read_token(struct slice value, struct pool *pool, struct http_token *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (value.n < FIXED_SIZE || p[24] > OP_SERVER_ADMIN)
		return false;
	struct slice rest = slice_from(value, FIXED_SIZE);
	*out = (struct http_token){ .created = (int64_t)num_get64(p),
		.expires = (int64_t)num_get64(p + 8),
		.account = num_get64(p + 16),
		.role = (enum op_role)p[24] };
	out->name = pool_str(pool, slice_cut(&rest, '\0'));
	out->scope = pool_str(pool, rest);
	return true;
}

static void rename_scope(const struct rename *names, struct slice key, struct slice value,
    struct buf *new_key, struct buf *new_value)
{
	struct slice scope = slice_from(value, FIXED_SIZE), name = slice_cut(&scope, '\0');

	buf_adds(new_key, key);
	buf_adds(new_value, slice_head(value, FIXED_SIZE));
	if (value.n <= FIXED_SIZE)
		return;
	buf_adds(new_value, name);
	buf_addc(new_value, '\0');
	rename_word(names, scope, new_value);
}

RENAMED(http_token) = { .room = "http-token", .change = rename_scope };

/* --- all of them --- */

struct walk {
	bool (*visit)(void *arg, struct slice key, const struct http_token *token);
	void *arg;
};

static bool see(void *arg, struct slice key, struct slice value)
{
	struct walk *walk = arg;
	struct http_token token;
	struct pool pool = { 0 };

	bool more = !read_token(value, &pool, &token) || walk->visit(walk->arg, key, &token);
	pool_done(&pool);
	return more;
}

int http_token_each(
    bool (*visit)(void *arg, struct slice key, const struct http_token *token), void *arg)
{
	struct walk walk = { visit, arg };

	return store_record_each(room, (struct slice){ 0 }, see, &walk) < 0 ? -1 : 0;
}

int http_token_remove(struct slice key, struct err *err)
{
	return store_record_put(room, key, (struct slice){ 0 }, err);
}

bool http_token_is_of(const struct http_token *token, const struct op_caller *caller)
{
	const char *at = strchr(token->scope, '@');

	switch (caller->role) {
	case OP_SERVER_ADMIN:
		return true;
	case OP_DOMAIN_ADMIN:
		return caller->domain && *token->scope &&
		    strcmp(at ? at + 1 : token->scope, caller->domain) == 0;
	case OP_USER:
		break;
	}
	return strcmp(token->scope, caller->name) == 0;
}

/* --- make --- */

struct census {
	const struct http_token *token;
	bool taken;
	size_t n;
	struct buf over; /* keys of those that expired long ago */
};

static bool count(void *arg, struct slice key, const struct http_token *token)
{
	struct census *census = arg;

	if (census->token->created - token->expires > SHOWN_S) {
		buf_adds(&census->over, key);
		return true;
	}
	census->taken = census->taken || strcmp(token->name, census->token->name) == 0;
	census->n += strcmp(token->scope, census->token->scope) == 0;
	return true;
}

static int put_new(struct slice text, const struct http_token *token, struct err *err)
{
	unsigned char key[DIGEST_SIZE];
	struct census census = { .token = token };
	struct buf value = { 0 };

	if (http_token_each(count, &census) != 0)
		return err_set(err, ERR_TEMP, "the tokens cannot be read");
	for (size_t at = 0; at < census.over.n; at += DIGEST_SIZE)
		http_token_remove(slice_of(census.over.p + at, DIGEST_SIZE), NULL);
	buf_done(&census.over);
	if (census.taken)
		return err_set(err, ERR_EXISTS, "there is a token %s already", token->name);
	if (census.n >= SCOPE_MAX)
		return err_set(err, ERR_LIMIT, "%d tokens are enough; remove one", SCOPE_MAX);
	digest_sha256(text, key);
	write_token(&value, token);
	int rc = store_record_put(room, slice_of(key, sizeof key), buf_slice(&value), err);
	buf_done(&value);
	return rc;
}

char *http_token_make(struct pool *pool, const struct http_token *token, struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a name is there once */
	unsigned char secret[SECRET_SIZE];
	struct buf text = { 0 };

	random_bytes(secret, sizeof secret);
	buf_addz(&text, prefix);
	hex_put(&text, slice_of(secret, sizeof secret));
	bytes_wipe(secret, sizeof secret);
	char *out = pool_str(pool, buf_slice(&text));
	buf_wipe(&text);
	pthread_mutex_lock(&lock);
	int rc = put_new(slice_str(out), token, err);
	pthread_mutex_unlock(&lock);
	return rc == 0 ? out : NULL;
}

/* --- find --- */

/* Is what it speaks for still there? 1, 0, -1. */
static int check_scope(struct pool *pool, const struct http_token *token)
{
	struct dir_account account;
	struct dir_domain domain;

	if (token->role == OP_SERVER_ADMIN)
		return 1;
	if (token->role == OP_DOMAIN_ADMIN)
		return dir_domain(slice_str(token->scope), pool, &domain);
	int found = dir_account(slice_str(token->scope), pool, &account);
	return found == 1 ? account.id == token->account && !account.suspended : found;
}

static void fill_caller(struct pool *pool, const struct http_token *token, struct op_caller *caller)
{
	const char *at = strchr(token->scope, '@');

	*caller = (struct op_caller){ .role = token->role };
	caller->name = at ? token->scope : pool_printf(pool, "token %s", token->name);
	if (*token->scope)
		caller->domain = at ? at + 1 : token->scope;
}

int http_token_find(struct pool *pool, struct slice text, struct op_caller *caller)
{
	unsigned char key[DIGEST_SIZE];
	struct http_token token;
	struct buf value = { 0 };

	if (!slice_starts(text, slice_str(prefix)) ||
	    text.n != strlen(prefix) + (size_t)2 * SECRET_SIZE)
		return 0;
	digest_sha256(text, key);
	int found = store_record_get(room, slice_of(key, sizeof key), &value);
	if (found == 1 &&
	    (!read_token(buf_slice(&value), pool, &token) || token.expires < time(NULL)))
		found = 0;
	buf_done(&value);
	if (found == 1)
		found = check_scope(pool, &token);
	if (found == 1)
		fill_caller(pool, &token, caller);
	return found;
}
