/* group.c - groups and their members in the directory
 *
 *	group    domain NUL local              -> version, who may send, created, owner
 *	member   domain NUL local NUL address  -> version */
#include "storage/group.h"

#include <time.h>

#include "core/conf.h"
#include "core/num.h"
#include "storage/dir_private.h"

CONF_KEY(group_max_members) = {
	.name = "group.max-members",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "100000",
	.min = 1,
	.max = 10000000,
	.help = "most recipients of a message to a group, with those of groups in it",
};

enum { VERSION = 1 };

const char *const group_from_names[] = { "anyone", "members", "domain", NULL };

/* --- records --- */

static void put_group(struct buf *out, enum group_from from, int64_t created, struct slice owner)
{
	unsigned char when[8];

	num_put64(when, (uint64_t)created);
	buf_addc(out, VERSION);
	buf_addc(out, (char)from);
	buf_add(out, when, sizeof(when));
	buf_adds(out, owner);
}

static bool read_group(struct slice key, struct slice value, struct pool *pool, struct group *out)
{
	const unsigned char *p = (const unsigned char *)value.p;
	struct slice owner = slice_from(value, GROUP_OWNER_AT);

	if (value.n < GROUP_OWNER_AT || p[0] != VERSION || p[1] > GROUP_DOMAIN)
		return false;
	*out = (struct group){ .name = dir_key_address(pool, key),
		.from = (enum group_from)p[1],
		.owner = owner.n ? pool_str(pool, owner) : NULL,
		.created = (int64_t)num_get64(p + 2) };
	return out->name != NULL;
}

static struct slice member_key(struct pool *pool, struct slice group, struct slice address)
{
	char *key = pool_get(pool, group.n + 1 + address.n);

	memcpy(key, group.p, group.n);
	memcpy(key + group.n + 1, address.p, address.n);
	return slice_of(key, group.n + 1 + address.n);
}

/* --- groups --- */

struct edit {
	struct dir_change change; /* first member; value: the owner, number: who may send */
	struct buf members;	  /* slices, canonical */
	bool add;
	size_t n;
};

static int find_group(struct dir_change *change, struct kv_txn *txn, struct group *out)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_GROUP, txn, change->key, &value);

	if (found == 1 && !read_group(change->key, buf_slice(&value), &change->pool, out))
		found = -1;
	buf_done(&value);
	return found;
}

static enum kv_result need_group(struct dir_change *change, struct kv_txn *txn, struct group *out)
{
	int found = find_group(change, txn, out);

	if (found == 0)
		return dir_refuse(change, ERR_ABSENT, "no group %.*s", SLICE_ARG(change->name));
	return dir_result(found);
}

static enum kv_result write_group(struct dir_change *change, struct kv_txn *txn, int64_t created)
{
	struct buf value = { 0 };

	put_group(&value, (enum group_from)change->number, created, change->value);
	int rc = dir_put(change, txn, DIR_TREE_GROUP, change->key, buf_slice(&value));
	buf_done(&value);
	return dir_result(rc);
}

static enum kv_result add(struct dir_change *change, struct kv_txn *txn)
{
	enum kv_result r = dir_change_address(change, txn);

	return r == KV_DONE ? write_group(change, txn, time(NULL)) : r;
}

static enum kv_result edit_group(struct dir_change *change, struct kv_txn *txn)
{
	struct group group;
	enum kv_result r = need_group(change, txn, &group);

	return r == KV_DONE ? write_group(change, txn, group.created) : r;
}

static bool gather(void *arg, struct slice key, struct slice value)
{
	struct dir_change *change = arg;

	(void)value;
	buf_add(&((struct edit *)change)->members,
	    &(struct slice){ pool_slice(&change->pool, key).p, key.n }, sizeof(struct slice));
	return true;
}

static enum kv_result remove_group(struct dir_change *change, struct kv_txn *txn)
{
	struct edit *edit = (struct edit *)change;
	struct slice prefix = member_key(&change->pool, change->key, SLICE(""));
	struct group group;
	enum kv_result r = need_group(change, txn, &group);

	if (r != KV_DONE)
		return r;
	buf_clear(&edit->members);
	int rc = kv_each(dir_kv(DIR_TREE_MEMBER), txn, prefix, prefix, gather, change);
	const struct slice *keys = (const void *)edit->members.p;
	for (size_t i = 0; rc == 0 && i < edit->members.n / sizeof(*keys); i++)
		rc = dir_del(change, txn, DIR_TREE_MEMBER, keys[i]);
	if (rc == 0)
		rc = dir_del(change, txn, DIR_TREE_GROUP, change->key);
	return dir_result(rc);
}

static int commit(struct edit *edit, struct slice name,
    enum kv_result (*how)(struct dir_change *change, struct kv_txn *txn), struct err *err)
{
	int rc = dir_commit_address(&edit->change, name, how, err);

	buf_done(&edit->members);
	return rc;
}

static int with_owner(struct slice name, enum group_from from, struct slice owner,
    enum kv_result (*how)(struct dir_change *change, struct kv_txn *txn), struct err *err)
{
	struct edit edit = { .change = { .number = from } };
	struct pool pool = { 0 };
	struct address address;
	int rc = -1;

	if (owner.n == 0 || dir_need_address(&pool, owner, &address, err)) {
		edit.change.value = owner;
		rc = commit(&edit, name, how, err);
	}
	pool_done(&pool);
	return rc;
}

int group_add(struct slice name, enum group_from from, struct slice owner, struct err *err)
{
	return with_owner(name, from, owner, add, err);
}

int group_change(struct slice name, enum group_from from, struct slice owner, struct err *err)
{
	return with_owner(name, from, owner, edit_group, err);
}

int group_remove(struct slice name, struct err *err)
{
	struct edit edit = { 0 };

	return commit(&edit, name, remove_group, err);
}

/* --- members --- */

static int change_member(struct edit *edit, struct kv_txn *txn, struct slice key)
{
	struct buf value = { 0 };
	int there = dir_get(DIR_TREE_MEMBER, txn, key, &value);

	buf_done(&value);
	if (there < 0)
		return -1;
	if (there == edit->add)
		return 0;
	edit->n++;
	return edit->add ? dir_put(&edit->change, txn, DIR_TREE_MEMBER, key, SLICE("\1"))
			 : dir_del(&edit->change, txn, DIR_TREE_MEMBER, key);
}

static enum kv_result change_members(struct dir_change *change, struct kv_txn *txn)
{
	struct edit *edit = (struct edit *)change;
	const struct slice *members = (const void *)edit->members.p;
	struct group group;
	enum kv_result r = need_group(change, txn, &group);
	int rc = 0;

	edit->n = 0;
	for (size_t i = 0; r == KV_DONE && rc == 0 && i < edit->members.n / sizeof(*members); i++)
		rc = change_member(edit, txn, member_key(&change->pool, change->key, members[i]));
	return r == KV_DONE ? dir_result(rc) : r;
}

/* The local part of an address elsewhere stays as it was given (RFC 5321 2.4). */
static bool canonical(struct pool *pool, struct slice text, struct slice *out, struct err *err)
{
	struct address address;

	if (!dir_need_address(pool, text, &address, err))
		return false;
	if (!dir_is_domain(address.domain))
		address.local = slice_head(text, (size_t)slice_rchr(text, '@'));
	*out = slice_str(
	    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain)));
	return true;
}

static int members(struct slice name, const struct slice *list, size_t count, bool add_them,
    size_t *n, struct err *err)
{
	struct edit edit = { .add = add_them };
	struct pool pool = { 0 };
	struct slice address;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (canonical(&pool, list[i], &address, err))
			buf_add(&edit.members, &address, sizeof(address));
		else
			rc = -1;
	}
	if (rc == 0)
		rc = commit(&edit, name, change_members, err);
	else
		buf_done(&edit.members);
	*n = edit.n;
	pool_done(&pool);
	return rc;
}

int group_join(
    struct slice name, const struct slice *list, size_t count, size_t *n, struct err *err)
{
	return members(name, list, count, true, n, err);
}

int group_leave(
    struct slice name, const struct slice *list, size_t count, size_t *n, struct err *err)
{
	return members(name, list, count, false, n, err);
}

/* --- reading --- */

/* The key of a group by a name in any form; an alias of its domain followed. */
static int find_key(struct slice name, struct pool *pool, struct slice *key)
{
	struct dir_domain domain;
	struct address address;

	if (!address_parse(pool, name, &address))
		return 0;
	int found = dir_find_hosted(address.domain, pool, &domain);
	if (found == 1)
		*key = dir_address_key(pool, slice_str(domain.name), address.local);
	return found;
}

int group_find(struct slice name, struct pool *pool, struct group *out)
{
	struct buf value = { 0 };
	struct slice key;
	int found = find_key(name, pool, &key);

	if (found == 1)
		found = dir_get(DIR_TREE_GROUP, NULL, key, &value);
	if (found == 1 && !read_group(key, buf_slice(&value), pool, out))
		found = -1;
	buf_done(&value);
	return found;
}

struct visit {
	struct pool pool;
	struct slice skip; /* a key that was seen before */
	size_t prefix;
	bool (*group)(void *arg, const struct group *group);
	bool (*member)(void *arg, struct slice member);
	void *arg;
};

static bool see_group(void *arg, struct slice key, struct slice value)
{
	struct visit *visit = arg;
	struct group group;

	pool_reset(&visit->pool);
	return !read_group(key, value, &visit->pool, &group) || visit->group(visit->arg, &group);
}

int group_each(struct slice domain, bool (*visit)(void *arg, const struct group *group), void *arg)
{
	struct visit v = { .group = visit, .arg = arg };
	struct slice prefix = { 0 };
	struct pool pool = { 0 };
	char *ascii = domain_ascii(&pool, domain);

	if (domain.n > 0)
		prefix = dir_address_key(&pool, ascii ? slice_str(ascii) : domain, SLICE(""));
	int rc = kv_each(dir_kv(DIR_TREE_GROUP), NULL, prefix, prefix, see_group, &v);
	pool_done(&v.pool);
	pool_done(&pool);
	return rc;
}

static bool see_member(void *arg, struct slice key, struct slice value)
{
	struct visit *visit = arg;

	(void)value;
	return slice_eq(key, visit->skip) ||
	    visit->member(visit->arg, slice_from(key, visit->prefix));
}

int group_members(
    struct slice name, struct slice after, bool (*visit)(void *arg, struct slice member), void *arg)
{
	struct visit v = { .member = visit, .arg = arg };
	struct pool pool = { 0 };
	struct slice key;
	int rc = find_key(name, &pool, &key);

	if (rc == 1) {
		struct slice prefix = member_key(&pool, key, SLICE(""));
		v.prefix = prefix.n;
		v.skip = after.n > 0 ? member_key(&pool, key, after) : (struct slice){ 0 };
		rc = kv_each(dir_kv(DIR_TREE_MEMBER), NULL, prefix, after.n > 0 ? v.skip : prefix,
		    see_member, &v);
	}
	pool_done(&pool);
	return rc;
}

int group_has(struct slice name, struct slice address)
{
	struct pool pool = { 0 };
	struct buf value = { 0 };
	struct slice key, member;
	int found = find_key(name, &pool, &key);

	if (found == 1 && !canonical(&pool, address, &member, NULL))
		found = 0;
	if (found == 1)
		found =
		    kv_get(dir_kv(DIR_TREE_MEMBER), NULL, member_key(&pool, key, member), &value);
	buf_done(&value);
	pool_done(&pool);
	return found;
}
