/* op_token.c - tokens for the API, as admins and owners of accounts see them */
#include <time.h>

#include "core/op.h"
#include "protocols/http/token.h"
#include "storage/dir.h"

enum { DAYS = 90, DAYS_MAX = 3650, DAY = 24 * 3600 };

/* --- add --- */

/* Letters, digits, and what parts them: a name stands in log lines. */
static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return name.n > 0 && name.n <= HTTP_TOKEN_NAME_MAX;
}

static int take_domain(struct op_call *call, const char *name, struct http_token *token)
{
	struct dir_domain domain;
	int found = dir_domain(slice_str(name), op_pool(call), &domain);

	if (found != 1)
		return op_fail(call, found ? ERR_TEMP : ERR_ABSENT, "%s is not hosted here", name);
	token->scope = domain.name;
	return 0;
}

static int take_account(struct op_call *call, const char *name, struct http_token *token)
{
	struct dir_account account;
	int found = dir_account(slice_str(name), op_pool(call), &account);

	if (found != 1)
		return op_fail(call, found ? ERR_TEMP : ERR_ABSENT, "there is no account %s", name);
	if (account.role > (int)op_caller(call)->role)
		return op_fail(call, ERR_DENIED, "%s may do more than you", name);
	token->scope = account.name;
	token->account = account.id;
	return 0;
}

/* For what a token speaks: what was named, else what the caller is himself. */
static int take_scope(struct op_call *call, struct http_token *token)
{
	const struct op_caller *caller = op_caller(call);
	const char *domain = op_text(call, "domain"), *account = op_text(call, "account");

	if (domain && account)
		return op_fail(call, ERR_INPUT, "a token is for a domain or for an account");
	if (!domain && !account && caller->role == OP_DOMAIN_ADMIN)
		domain = caller->domain;
	if (!domain && !account && caller->role == OP_USER)
		account = caller->name;
	token->role = domain ? OP_DOMAIN_ADMIN : account ? OP_USER : OP_SERVER_ADMIN;
	token->scope = "";
	if (op_number(call, "role", token->role) != (int64_t)token->role)
		return op_fail(call, ERR_INPUT,
		    "a token with --domain is a domain-admin, one with "
		    "--account a user, else a server-admin");
	if (token->role > caller->role)
		return op_fail(call, ERR_DENIED, "nobody gives more rights than he has");
	return domain ? take_domain(call, domain, token)
	    : account ? take_account(call, account, token)
		      : 0;
}

static int run_add(struct op_call *call)
{
	struct http_token token = { .name = op_text(call, "name"), .created = time(NULL) };
	int64_t days = op_number(call, "days", DAYS);
	struct err err = { 0 };

	if (!is_name(slice_str(token.name)))
		return op_fail(call, ERR_INPUT,
		    "a name has up to %d letters, digits, dots, dashes and underscores",
		    HTTP_TOKEN_NAME_MAX);
	if (days < 1 || days > DAYS_MAX)
		return op_fail(call, ERR_INPUT, "a token is good for 1 to %d days", DAYS_MAX);
	if (take_scope(call, &token) != 0)
		return -1;
	token.expires = token.created + days * DAY;
	char *text = http_token_make(op_pool(call), &token, &err);
	if (!text)
		return op_fail_err(call, &err);
	op_put_text(call, "name", slice_str(token.name));
	op_put_text(call, "role", slice_str(op_role_names[token.role]));
	op_put_text(call, "token", slice_str(text));
	op_put_time(call, "expires", token.expires);
	op_say(call, "The token is shown now and never again.");
	return 0;
}

static const struct op_arg add_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "what you call it", NULL },
	{ "role", OP_CHOICE, OP_OPTION, "what it may do; follows from the other options",
	    op_role_names },
	{ "domain", OP_DOMAIN, OP_OPTION, "it may do what an admin of this domain may", NULL },
	{ "account", OP_ADDRESS, OP_OPTION, "it may do what the owner of this account may", NULL },
	{ "days", OP_NUMBER, OP_OPTION, "how long it is good; 90 when left out", NULL },
	{ 0 },
};

OPERATION(token_add) = {
	.name = "token add",
	.role = OP_USER,
	.args = add_args,
	.help = "make a token for the API",
	.more =
	    "Programs send it as 'Authorization: Bearer TOKEN' to https://HOST/api/v1/. Without\n"
	    "--domain or --account it may do what you may.",
	.example = "token add monitoring --days 365\ntoken add signup --domain example.org",
	.run = run_add,
};

/* --- list --- */

static bool put_row(void *arg, struct slice key, const struct http_token *token)
{
	struct op_call *call = arg;

	(void)key;
	if (!http_token_is_of(token, op_caller(call)))
		return true;
	op_row(call);
	op_put_text(call, "name", slice_str(token->name));
	op_put_text(call, "role", slice_str(op_role_names[token->role]));
	op_put_text(call, "of", *token->scope ? slice_str(token->scope) : SLICE("server"));
	op_put_time(call, "created", token->created);
	op_put_time(call, "expires", token->expires);
	return true;
}

static int run_list(struct op_call *call)
{
	if (http_token_each(put_row, call) != 0)
		return op_fail(call, ERR_TEMP, "the tokens cannot be read");
	return 0;
}

OPERATION(token_list) = {
	.name = "token list",
	.role = OP_USER,
	.help = "list tokens for the API, but not the tokens themselves",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- remove --- */

struct search {
	struct op_call *call;
	struct buf key;
};

static bool look(void *arg, struct slice key, const struct http_token *token)
{
	struct search *search = arg;

	if (!http_token_is_of(token, op_caller(search->call)) ||
	    strcmp(token->name, op_text(search->call, "name")) != 0)
		return true;
	buf_adds(&search->key, key);
	return false;
}

static int run_remove(struct op_call *call)
{
	struct search search = { .call = call };
	struct err err = { 0 };
	int rc = http_token_each(look, &search);

	if (rc != 0)
		op_fail(call, ERR_TEMP, "the tokens cannot be read");
	else if (search.key.n == 0)
		rc = op_fail(call, ERR_ABSENT, "there is no token %s", op_text(call, "name"));
	else if ((rc = http_token_remove(buf_slice(&search.key), &err)) != 0)
		op_fail_err(call, &err);
	buf_done(&search.key);
	return rc;
}

static const struct op_arg remove_args[] = {
	{ "name", OP_TEXT, OP_REQUIRED, "what it is called", NULL },
	{ 0 },
};

OPERATION(token_remove) = {
	.name = "token remove",
	.role = OP_USER,
	.args = remove_args,
	.help = "make a token worth nothing from now on",
	.example = "token remove monitoring",
	.run = run_remove,
};
