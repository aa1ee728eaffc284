/* dir_domain_ip.c - local IP addresses given to domains */
#include <arpa/inet.h>

#include "storage/dir_private.h"

/* The form in which an address is compared; NULL: it is none. */
static const char *ip_text(struct pool *pool, struct slice word)
{
	unsigned char ip[16];
	char text[INET6_ADDRSTRLEN];
	const char *given = pool_str(pool, word);
	int family = strchr(given, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, given, ip) != 1)
		return NULL;
	return pool_str(pool, slice_str(inet_ntop(family, ip, text, sizeof(text))));
}

static bool has_word(struct slice list, struct slice wanted)
{
	while (list.n > 0)
		if (slice_eq(slice_word(&list), wanted))
			return true;
	return false;
}

struct conflict {
	const struct dir_change *change;
	struct pool pool;
	const char *address, *domain; /* in the change's pool */
	struct pool *keep;
};

/* An address belongs to one domain at most. */
static bool see_conflict(void *arg, struct slice key, struct slice value)
{
	struct conflict *conflict = arg;
	struct slice mine = conflict->change->value;
	struct dir_domain_record record;

	pool_reset(&conflict->pool);
	if (slice_eq(key, conflict->change->name) ||
	    !dir_domain_read(key, value, &conflict->pool, &record))
		return true;
	while (mine.n > 0) {
		struct slice word = slice_word(&mine);
		if (word.n == 0 || !has_word(slice_str(record.domain.addresses), word))
			continue;
		conflict->address = pool_str(conflict->keep, word);
		conflict->domain = pool_str(conflict->keep, key);
		return false;
	}
	return true;
}

static enum kv_result set_addresses(struct dir_change *change, struct kv_txn *txn)
{
	struct dir_domain_record record;
	struct conflict conflict = { .change = change, .keep = &change->pool };
	enum kv_result r = dir_change_domain(change, txn, &record);

	if (r != KV_DONE)
		return r;
	int seen = kv_each(dir_kv(DIR_TREE_DOMAIN), txn, (struct slice){ 0 }, (struct slice){ 0 },
	    see_conflict, &conflict);
	pool_done(&conflict.pool);
	if (seen < 0)
		return KV_FAILED;
	if (conflict.domain)
		return dir_refuse(change, ERR_EXISTS, "%s belongs to %s already", conflict.address,
		    conflict.domain);
	record.domain.addresses = change->value.n ? change->value.p : NULL;
	return dir_result(dir_put_domain(change, txn, &record));
}

static bool ip_list(struct pool *pool, struct slice given, struct slice *out, struct err *err)
{
	const char *list = "";

	for (;;) {
		struct slice word = slice_word(&given);
		if (word.n == 0)
			break;
		const char *ip = ip_text(pool, word);
		if (!ip) {
			err_set(err, ERR_INPUT, "%.*s is not an IP address",
			    SLICE_ARG(slice_head(word, 100)));
			return false;
		}
		list = pool_printf(pool, "%s%s%s", list, *list ? " " : "", ip);
	}
	*out = slice_str(list);
	return true;
}

int dir_domain_addresses(struct slice name, struct slice addresses, struct err *err)
{
	struct dir_change change = { 0 };
	struct pool pool = { 0 };
	int r = -1;

	if (ip_list(&pool, addresses, &change.value, err))
		r = dir_commit_domain(&change, name, set_addresses, false, err);
	pool_done(&pool);
	return r;
}
