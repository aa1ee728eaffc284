/* dir.c - the directory, read: domains, accounts, aliases */
#include "storage/dir.h"

#include <stdlib.h>

#include "core/log.h"
#include "storage/dir_private.h"

static int damaged(const char *tree, struct slice key)
{
	log_event(LOG_ERROR, "directory-damaged", log_z("tree", tree), log_s("key", key));
	return -1;
}

/* --- one record --- */

int dir_find_domain(
    struct kv_txn *txn, struct slice name, struct pool *pool, struct dir_domain_record *out)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_DOMAIN, txn, name, &value);

	if (found == 1 && !dir_domain_read(name, buf_slice(&value), pool, out))
		found = damaged("domain", name);
	buf_done(&value);
	return found;
}

int dir_find_hosted(struct slice name, struct pool *pool, struct dir_domain *out)
{
	struct dir_domain_record record;
	int found = dir_find_domain(NULL, name, pool, &record);

	if (found == 1 && record.alias_of)
		found = dir_find_domain(NULL, slice_str(record.alias_of), pool, &record);
	if (found == 1)
		*out = record.domain;
	return found;
}

int dir_find_account(
    struct kv_txn *txn, struct slice key, struct pool *pool, struct dir_account *out)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_ACCOUNT, txn, key, &value);

	if (found == 1 && !dir_account_read(key, buf_slice(&value), pool, out))
		found = damaged("account", key);
	buf_done(&value);
	return found;
}

static int add_secrets(struct slice key, struct pool *pool, struct dir_account *account)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_SECRET, NULL, key, &value);

	if (found == 1 && !dir_secrets_read(buf_slice(&value), pool, account->secrets))
		found = damaged("secret", key);
	buf_wipe(&value);
	return found < 0 ? -1 : 1;
}

int dir_domain(struct slice name, struct pool *pool, struct dir_domain *out)
{
	char *ascii = domain_ascii(pool, name);

	return ascii ? dir_find_hosted(slice_str(ascii), pool, out) : 0;
}

bool dir_is_domain(struct slice name)
{
	struct pool pool = { 0 };
	struct dir_domain domain;
	bool yes = dir_domain(name, &pool, &domain) == 1;

	pool_done(&pool);
	return yes;
}

int dir_main_domain(struct pool *pool, struct dir_domain *out)
{
	struct buf value = { 0 };
	const char *name = NULL;
	int found = dir_get(DIR_TREE_META, NULL, SLICE("main"), &value);

	if (found == 1 && !dir_text_read(buf_slice(&value), pool, &name))
		found = damaged("meta", SLICE("main"));
	buf_done(&value);
	return found == 1 ? dir_find_hosted(slice_str(name), pool, out) : found;
}

int dir_account(struct slice text, struct pool *pool, struct dir_account *out)
{
	struct address address;
	struct dir_domain domain;

	if (!address_parse(pool, text, &address))
		return 0;
	int found = dir_find_hosted(address.domain, pool, &domain);
	if (found != 1)
		return found;
	struct slice key = dir_address_key(pool, slice_str(domain.name), address.local);
	found = dir_find_account(NULL, key, pool, out);
	return found == 1 ? add_secrets(key, pool, out) : found;
}

/* --- lists --- */

struct list {
	struct slice alias_of; /* of domains: aliases of this one; empty: none are */
	bool (*domain)(void *arg, const struct dir_domain *domain);
	bool (*account)(void *arg, const struct dir_account *account);
	bool (*alias)(void *arg, const struct dir_alias *alias);
	void *arg;
	struct pool pool; /* reset before each record */
};

static bool see_domain(void *arg, struct slice key, struct slice value)
{
	struct list *list = arg;
	struct dir_domain_record record;

	pool_reset(&list->pool);
	if (!dir_domain_read(key, value, &list->pool, &record)) {
		damaged("domain", key);
		return true;
	}
	if (!slice_eq(slice_str(record.alias_of), list->alias_of))
		return true;
	return list->domain(list->arg, &record.domain);
}

static bool see_account(void *arg, struct slice key, struct slice value)
{
	struct list *list = arg;
	struct dir_account account;

	pool_reset(&list->pool);
	if (dir_account_read(key, value, &list->pool, &account))
		return list->account(list->arg, &account);
	damaged("account", key);
	return true;
}

static bool see_alias(void *arg, struct slice key, struct slice value)
{
	struct list *list = arg;
	struct dir_alias alias;

	pool_reset(&list->pool);
	alias.name = dir_key_address(&list->pool, key);
	if (alias.name && dir_text_read(value, &list->pool, &alias.target) && alias.target)
		return list->alias(list->arg, &alias);
	damaged("alias", key);
	return true;
}

/* The records of a tree, or those of one domain. */
static int walk(enum dir_tree tree, struct slice domain,
    bool (*see)(void *arg, struct slice key, struct slice value), struct list *list)
{
	struct pool pool = { 0 };
	struct slice prefix = { 0 };
	int r = 0;

	if (domain.n > 0) {
		char *ascii = domain_ascii(&pool, domain);
		prefix = ascii ? dir_address_key(&pool, slice_str(ascii), SLICE("")) : domain;
	}
	r = kv_each(dir_kv(tree), NULL, prefix, (struct slice){ 0 }, see, list);
	pool_done(&list->pool);
	pool_done(&pool);
	return r;
}

int dir_domains(bool (*visit)(void *arg, const struct dir_domain *domain), void *arg)
{
	struct list list = { .domain = visit, .arg = arg };

	return walk(DIR_TREE_DOMAIN, (struct slice){ 0 }, see_domain, &list);
}

int dir_domain_aliases(
    struct slice domain, bool (*visit)(void *arg, const struct dir_domain *alias), void *arg)
{
	struct pool pool = { 0 };
	char *ascii = domain_ascii(&pool, domain);
	struct list list = { .domain = visit, .arg = arg, .alias_of = slice_str(ascii) };
	int r = ascii ? walk(DIR_TREE_DOMAIN, (struct slice){ 0 }, see_domain, &list) : 0;

	pool_done(&pool);
	return r;
}

int dir_accounts(
    struct slice domain, bool (*visit)(void *arg, const struct dir_account *account), void *arg)
{
	struct list list = { .account = visit, .arg = arg };

	return walk(DIR_TREE_ACCOUNT, domain, see_account, &list);
}

int dir_aliases(
    struct slice domain, bool (*visit)(void *arg, const struct dir_alias *alias), void *arg)
{
	struct list list = { .alias = visit, .arg = arg };

	return walk(DIR_TREE_ALIAS, domain, see_alias, &list);
}
