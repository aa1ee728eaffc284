/* dir_private.h - private to dir_*.c, store*.c and backup.c: the directory's trees and records
 *
 *	domain   name                  -> struct dir_domain, or the domain that it is an alias of
 *	account  domain NUL local      -> struct dir_account without its secrets
 *	secret   domain NUL local      -> its secrets
 *	alias    domain NUL local      -> addresses
 *	meta     "next-id"             -> next id of a domain or account
 *	         "main"                -> name of the main domain
 *	         "admin" id            -> address of an account that is a server admin
 *	         "purge" id            -> shard where a removed account's mail is to go
 *	         "former " name        -> what a domain is called now that was called so
 *	         "renaming " name      -> the same, until all of it is done
 *	record   room NUL key          -> records of other rooms
 *	audit    storage/audit_private.h
 *	group, member   storage/group.c
 *
 * Each record begins with a version byte; numbers are big-endian, texts have
 * their length in four bytes before them. */
#ifndef STORAGE_DIR_PRIVATE_H
#define STORAGE_DIR_PRIVATE_H

#include "core/text.h"
#include "storage/dir.h"
#include "storage/kv.h"

enum dir_tree {
	DIR_TREE_DOMAIN,
	DIR_TREE_ACCOUNT,
	DIR_TREE_SECRET,
	DIR_TREE_ALIAS,
	DIR_TREE_META,
	DIR_TREE_RECORD,
	DIR_TREE_AUDIT,
	DIR_TREE_GROUP,
	DIR_TREE_MEMBER,
	DIR_TREES
};

/* Where the owner stands in the record of a group: to its end. */
enum { GROUP_OWNER_AT = 10 };

/* --- dir_open.c --- */
int dir_open(const char *data, struct err *err);
void dir_close(void);
struct kv_env *dir_env(void);
struct kv *dir_kv(enum dir_tree tree);
/* With the shards open: finish removals that the last run did not. */
int dir_resume(struct err *err);

/* Read a record: inside a change with its txn, else by way of the cache. 1, 0,
   -1; on a loop's thread, which must not wait, -1 when it is not cached. */
int dir_get(enum dir_tree tree, struct kv_txn *txn, struct slice key, struct buf *value);

/* --- dir_cache.c: records of small trees, by key; bounded --- */
/* A reader takes a ticket before it asks the database, so that what it read
   before a change is not put into the cache after it. */
uint64_t dir_cache_ticket(enum dir_tree tree, struct slice key);
bool dir_cache_get(enum dir_tree tree, struct slice key, struct buf *value);
void dir_cache_put(enum dir_tree tree, struct slice key, struct slice value, uint64_t ticket);
void dir_cache_drop(enum dir_tree tree, struct slice key);
void dir_cache_clear(void);

/* --- dir_record.c --- */
struct dir_domain_record {
	struct dir_domain domain;
	const char *alias_of; /* or NULL */
};
struct slice dir_address_key(struct pool *pool, struct slice domain, struct slice local);
struct slice dir_id_key(struct pool *pool, const char *what, uint64_t id);
/* "local@domain" of a key; NULL: damaged. */
const char *dir_key_address(struct pool *pool, struct slice key);
void dir_domain_write(struct buf *out, const struct dir_domain_record *record);
bool dir_domain_read(
    struct slice name, struct slice value, struct pool *pool, struct dir_domain_record *out);
void dir_account_write(struct buf *out, const struct dir_account *account);
bool dir_account_read(
    struct slice key, struct slice value, struct pool *pool, struct dir_account *out);
void dir_secrets_write(struct buf *out, const char *const secrets[]);
bool dir_secrets_read(struct slice value, struct pool *pool, const char *secrets[4]);
void dir_text_write(struct buf *out, struct slice text);
bool dir_text_read(struct slice value, struct pool *pool, const char **out);
void dir_number_write(struct buf *out, uint64_t number);
bool dir_number_read(struct slice value, uint64_t *out);

/* --- dir.c: found in a change (txn) or outside; 1, 0, -1 --- */
int dir_find_domain(
    struct kv_txn *txn, struct slice name, struct pool *pool, struct dir_domain_record *out);
int dir_find_account(
    struct kv_txn *txn, struct slice key, struct pool *pool, struct dir_account *out);
/* The domain that a canonical name stands for, aliases followed. */
int dir_find_hosted(struct slice name, struct pool *pool, struct dir_domain *out);

/* --- dir_change.c: a write to the directory --- */
struct dir_change {
	struct kv_write write; /* first member */
	enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn);
	struct pool pool;   /* for edit(); reset before it */
	struct err err;	    /* why it was refused */
	struct buf dropped; /* records that it changed */
	/* What is to be done, as the edit() at hand understands it. */
	struct slice name; /* of a domain, or an address */
	struct slice key;  /* of an address */
	struct slice value;
	const char *const *secrets;
	uint64_t number;
	struct dir_account account; /* that edit() found */
};

/* edit() may end with this before it changed anything. */
enum kv_result dir_refuse(struct dir_change *change, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* 0 or -1 */
int dir_put(struct dir_change *change, struct kv_txn *txn, enum dir_tree tree, struct slice key,
    struct slice value);
int dir_del(struct dir_change *change, struct kv_txn *txn, enum dir_tree tree, struct slice key);
int dir_next_id(struct dir_change *change, struct kv_txn *txn, uint64_t *id);

/* Run it; edit() may be run more than once. 0, or -1 with the reason. */
int dir_commit(struct dir_change *change,
    enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn), struct err *err);
void dir_change_done(struct dir_change *change);
void dir_tell(struct slice domain, bool removed);

static inline enum kv_result dir_result(int r)
{
	return r < 0 ? KV_FAILED : KV_DONE;
}

/* --- dir_domain.c: for changes of domains --- */
/* The domain called change->name, not an alias: KV_DONE, or KV_REFUSED. */
enum kv_result dir_change_domain(
    struct dir_change *change, struct kv_txn *txn, struct dir_domain_record *record);
/* KV_DONE when change->name is not hosted yet. */
enum kv_result dir_change_new(struct dir_change *change, struct kv_txn *txn);
int dir_put_domain(
    struct dir_change *change, struct kv_txn *txn, const struct dir_domain_record *record);
/* Make name canonical, run edit, tell those who watch; releases the change. */
int dir_commit_domain(struct dir_change *change, struct slice name,
    enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn), bool removes,
    struct err *err);

/* --- for changes of accounts and aliases --- */
/* KV_DONE when change->key is neither, in a domain that is hosted. */
enum kv_result dir_change_address(struct dir_change *change, struct kv_txn *txn);
/* Make name and key of the address, run edit; releases the change. */
int dir_commit_address(struct dir_change *change, struct slice address,
    enum kv_result (*edit)(struct dir_change *change, struct kv_txn *txn), struct err *err);

/* Canonical forms of what an admin gave, from pool; false with *err set. */
bool dir_need_domain(struct pool *pool, struct slice name, struct slice *out, struct err *err);
bool dir_need_address(struct pool *pool, struct slice text, struct address *out, struct err *err);

#endif
