/* dir_change.c - what all changes of the directory have in common */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "storage/dir_private.h"

static struct dir_watch *watches;

void dir_watch(struct dir_watch *watch)
{
	watch->next = watches;
	watches = watch;
}

void dir_tell(struct slice domain, bool removed)
{
	for (struct dir_watch *watch = watches; watch; watch = watch->next)
		watch->domain(watch->arg, domain, removed);
}

enum kv_result dir_refuse(struct dir_change *change, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	change->err.kind = kind;
	va_start(ap, fmt);
	vsnprintf(change->err.text, sizeof(change->err.text), fmt, ap);
	va_end(ap);
	return KV_REFUSED;
}

/* --- records; the cache forgets them when the change is durable --- */

static void will_drop(struct dir_change *change, enum dir_tree tree, struct slice key)
{
	buf_addc(&change->dropped, (char)tree);
	buf_add(&change->dropped, &key.n, sizeof(key.n));
	buf_adds(&change->dropped, key);
}

static void drop_all(struct kv_write *write)
{
	const struct dir_change *change = (const struct dir_change *)write;
	struct slice rest = buf_slice(&change->dropped);

	while (rest.n > 0) {
		enum dir_tree tree = (enum dir_tree)rest.p[0];
		size_t n;
		memcpy(&n, rest.p + 1, sizeof(n));
		rest = slice_from(rest, 1 + sizeof(n));
		dir_cache_drop(tree, slice_head(rest, n));
		rest = slice_from(rest, n);
	}
}

int dir_put(struct dir_change *change, struct kv_txn *txn, enum dir_tree tree, struct slice key,
    struct slice value)
{
	will_drop(change, tree, key);
	return kv_put(dir_kv(tree), txn, key, value);
}

int dir_del(struct dir_change *change, struct kv_txn *txn, enum dir_tree tree, struct slice key)
{
	will_drop(change, tree, key);
	return kv_del(dir_kv(tree), txn, key);
}

/* Ids are never given twice, so what is left of a removed account can not
   become another's. */
int dir_next_id(struct dir_change *change, struct kv_txn *txn, uint64_t *id)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_META, txn, SLICE("next-id"), &value);

	*id = 1;
	if (found == 1 && !dir_number_read(buf_slice(&value), id))
		found = -1;
	if (found >= 0) {
		buf_clear(&value);
		dir_number_write(&value, *id + 1);
		found = dir_put(change, txn, DIR_TREE_META, SLICE("next-id"), buf_slice(&value));
	}
	buf_done(&value);
	return found < 0 ? -1 : 0;
}

/* --- running --- */

static enum kv_result apply(struct kv_write *write, struct kv_txn *txn)
{
	struct dir_change *change = (struct dir_change *)write;

	pool_reset(&change->pool);
	buf_clear(&change->dropped);
	return change->edit(change, txn);
}

int dir_commit(struct dir_change *change,
    enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn), struct err *err)
{
	change->edit = edit;
	change->write.apply = apply;
	change->write.durable = drop_all;
	switch (kv_write(dir_env(), &change->write)) {
	case KV_DONE:
		return 0;
	case KV_REFUSED:
		return err_set(err, change->err.kind, "%s", change->err.text);
	default:
		return err_set(
		    err, ERR_TEMP, "the directory could not be changed; its log line says why");
	}
}

void dir_change_done(struct dir_change *change)
{
	pool_done(&change->pool);
	buf_done(&change->dropped);
}

/* --- what an admin gave --- */

bool dir_need_domain(struct pool *pool, struct slice name, struct slice *out, struct err *err)
{
	*out = slice_str(domain_ascii(pool, name));
	if (!out->p)
		err_set(
		    err, ERR_INPUT, "%.*s is not a domain name", SLICE_ARG(slice_head(name, 100)));
	return out->p != NULL;
}

/* Names that must be quoted (RFC 5321 §4.1.2) are refused: lists of addresses
   are parted by blanks, and nobody has them. */
bool dir_need_address(struct pool *pool, struct slice text, struct address *out, struct err *err)
{
	bool good = address_parse(pool, text, out);

	for (size_t i = 0; good && i < out->local.n; i++)
		good = strchr(" \"(),:;<>@[\\]", out->local.p[i]) == NULL;
	if (!good)
		err_set(err, ERR_INPUT, "%.*s is not an address", SLICE_ARG(slice_head(text, 100)));
	return good;
}

/* An address as an admin gave it: its name and key; aliases of domains are
   followed. */
static bool find_key(
    struct pool *pool, struct slice text, struct dir_change *change, struct err *err)
{
	struct address address;
	struct dir_domain domain;

	if (!dir_need_address(pool, text, &address, err))
		return false;
	int found = dir_find_hosted(address.domain, pool, &domain);
	if (found == 1)
		address.domain = slice_str(domain.name);
	else if (found < 0)
		err_set(err, ERR_TEMP, "the directory cannot be read");
	else
		err_set(err, ERR_ABSENT, "no domain %.*s", SLICE_ARG(address.domain));
	change->key = dir_address_key(pool, address.domain, address.local);
	change->name = slice_str(dir_key_address(pool, change->key));
	return found == 1;
}

int dir_commit_address(struct dir_change *change, struct slice address,
    enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn), struct err *err)
{
	struct pool pool = { 0 };
	int r = -1;

	if (find_key(&pool, address, change, err))
		r = dir_commit(change, edit, err);
	dir_change_done(change);
	pool_done(&pool);
	return r;
}
