/* dir_route.c - where an address leads
 *
 * What was rewritten when mail was handed on (storage/forward.h) leads back to
 * its sender. Else, in this order: the account of that name, the alias of that name, the
 * group, the same without its detail ("ann+lists"), the owner of a group ("staff-owner"),
 * postmaster, the domain's catch-all. */
#include "core/conf.h"
#include "core/log.h"
#include "core/loop.h"
#include "storage/dir_private.h"
#include "storage/forward.h"
#include "storage/source.h"

enum { DEPTH_MAX = 10, STEPS_MAX = 5000 };

CONF_KEY(directory_separator) = {
	.name = "directory.separator",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "+",
	.help = "character that parts a user's name from a detail, as in ann+lists; empty: none",
};

CONF_KEY(directory_postmaster) = {
	.name = "directory.postmaster",
	.type = CONF_TEXT,
	.def = "",
	.help = "address for mail to postmaster of any domain; empty: the first server admin",
};

/* One question, with all that was found for it. */
struct route {
	struct pool *pool;
	struct dir_target *first, **end;
	unsigned steps; /* bounds aliases that lead to one another */
	bool looped;
	bool failed; /* the directory could not be read */
};

static bool resolve(struct route *route, struct slice text, unsigned depth);

static bool is_same(const struct dir_target *a, const struct dir_target *b)
{
	if (a->account || b->account)
		return a->account == b->account;
	return strcmp(a->address, b->address) == 0;
}

static void add_target(struct route *route, const struct dir_target *target)
{
	for (const struct dir_target *t = route->first; t; t = t->next)
		if (is_same(t, target))
			return;
	*route->end = pool_get(route->pool, sizeof(**route->end));
	**route->end = *target;
	route->end = &(*route->end)->next;
}

/* --- what a name may be; each says whether it led somewhere --- */

/* Is it still there, where a directory knows the domain's users? */
static int confirm(struct route *route, struct slice key, const struct dir_account *account)
{
	struct slice rest = key, domain = slice_cut(&rest, '\0');
	struct dir_account whole; /* with its secrets */

	if (!source_has(domain, NULL))
		return 1;
	int found = dir_account(slice_str(account->name), route->pool, &whole);
	return found == 1 ? source_confirm(&whole) : found;
}

static bool to_account(struct route *route, struct slice key, struct slice detail)
{
	struct dir_account account;
	int found = dir_find_account(NULL, key, route->pool, &account);

	if (found == 1)
		found = confirm(route, key, &account);
	if (found == 1)
		add_target(route,
		    &(struct dir_target){ .account = account.id,
			.shard = account.shard,
			.address = account.name,
			.quota = account.quota,
			.detail = detail.n ? pool_str(route->pool, detail) : NULL });
	if (found < 0)
		route->failed = true;
	return found == 1;
}

/* An alias of which nothing leads anywhere is none. */
static bool to_alias(struct route *route, struct slice key, unsigned depth)
{
	struct buf value = { 0 };
	const char *text = NULL;
	bool any = false;
	int found = dir_get(DIR_TREE_ALIAS, NULL, key, &value);

	if (found < 0 || (found == 1 && !dir_text_read(buf_slice(&value), route->pool, &text)))
		route->failed = true;
	buf_done(&value);
	struct slice targets = slice_str(text);
	for (struct slice word; (word = slice_word(&targets)).n > 0;)
		any |= resolve(route, word, depth + 1);
	return any;
}

/* It is not looked into before there is a message. */
static bool to_group(struct route *route, struct slice key)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_GROUP, NULL, key, &value);

	buf_done(&value);
	if (found < 0)
		route->failed = true;
	if (found == 1)
		add_target(route,
		    &(struct dir_target){
			.address = dir_key_address(route->pool, key), .group = true });
	return found == 1;
}

/* Known to the domain's directory, and not here yet. */
static bool to_source(
    struct route *route, struct slice domain, struct slice local, struct slice detail)
{
	struct dir_account account;

	if (!source_has(domain, NULL))
		return false;
	int found = source_adopt(
	    slice_str(pool_printf(route->pool, "%.*s@%.*s", SLICE_ARG(local), SLICE_ARG(domain))),
	    route->pool, &account);
	if (found < 0)
		route->failed = true;
	return found == 1 && to_account(route, dir_address_key(route->pool, domain, local), detail);
}

static bool to_name(struct route *route, struct slice domain, struct slice local,
    struct slice detail, unsigned depth)
{
	struct slice key = dir_address_key(route->pool, domain, local);

	return to_account(route, key, detail) || to_alias(route, key, depth) ||
	    to_group(route, key) || to_source(route, domain, local, detail);
}

static bool to_base(
    struct route *route, const struct dir_domain *domain, struct slice local, unsigned depth)
{
	struct conf_at at = { .domain = domain->name };
	struct slice base, detail = { 0 };
	struct buf separator = { 0 };

	conf_text(&conf_key_directory_separator, &at, &separator);
	if (separator.n > 0)
		address_detail(local, separator.p[0], &base, &detail);
	buf_done(&separator);
	return detail.n > 0 && to_name(route, slice_str(domain->name), base, detail, depth);
}

struct admin {
	struct pool *pool;
	const char *address;
};

static bool see_admin(void *arg, struct slice key, struct slice value)
{
	struct admin *admin = arg;

	(void)key;
	return !dir_text_read(value, admin->pool, &admin->address);
}

/* RFC 5321 §4.5.1: it is there in every domain that takes mail. */
static bool to_postmaster(struct route *route, unsigned depth)
{
	struct admin admin = { .pool = route->pool };
	struct buf set = { 0 };

	conf_text(&conf_key_directory_postmaster, NULL, &set);
	bool led = set.n > 0 && resolve(route, buf_slice(&set), depth + 1);
	buf_done(&set);
	if (led)
		return true;
	if (loop_thread() ||
	    kv_each(
		dir_kv(DIR_TREE_META), NULL, SLICE("admin"), SLICE("admin"), see_admin, &admin) < 0)
		route->failed = true;
	return admin.address && resolve(route, slice_str(admin.address), depth + 1);
}

/* Who cares for a group; without an owner postmaster does. */
static bool to_owner_of(struct route *route, struct slice key, unsigned depth)
{
	struct buf value = { 0 };
	int found = dir_get(DIR_TREE_GROUP, NULL, key, &value);
	struct slice owner = pool_slice(route->pool, slice_from(buf_slice(&value), GROUP_OWNER_AT));

	buf_done(&value);
	if (found < 0)
		route->failed = true;
	return found == 1 &&
	    ((owner.n > 0 && resolve(route, owner, depth + 1)) || to_postmaster(route, depth));
}

/* RFC 2142 6: staff-request@ is there beside staff@; and so is staff-owner@. */
static bool to_group_owner(
    struct route *route, const struct dir_domain *domain, struct slice local, unsigned depth)
{
	static const struct slice ends[] = { { "-owner", 6 }, { "-request", 8 } };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = local.n > ends[i].n ? local.n - ends[i].n : 0;
		if (n > 0 && slice_eq(slice_from(local, n), ends[i]) &&
		    to_owner_of(route,
			dir_address_key(route->pool, slice_str(domain->name), slice_head(local, n)),
			depth))
			return true;
	}
	return false;
}

/* --- an address --- */

static bool resolve_hosted(
    struct route *route, const struct dir_domain *domain, struct slice local, unsigned depth)
{
	if (to_name(route, slice_str(domain->name), local, (struct slice){ 0 }, depth) ||
	    to_base(route, domain, local, depth) || to_group_owner(route, domain, local, depth))
		return true;
	if (slice_eq(local, SLICE("postmaster")) && to_postmaster(route, depth))
		return true;
	return domain->catch_all && resolve(route, slice_str(domain->catch_all), depth + 1);
}

/* An address that an alias, the catch-all or a setting names. */
static bool resolve(struct route *route, struct slice text, unsigned depth)
{
	struct dir_domain domain;
	struct address address;

	if (depth > DEPTH_MAX || ++route->steps > STEPS_MAX) {
		if (!route->looped)
			log_event(LOG_WARN, "alias-loop", log_s("address", text));
		route->looped = true;
		return false;
	}
	if (!address_parse(route->pool, text, &address))
		return false;
	int hosted = dir_find_hosted(address.domain, route->pool, &domain);
	if (hosted == 1)
		return resolve_hosted(route, &domain, address.local, depth);
	if (hosted < 0)
		route->failed = true;
	else
		add_target(route, &(struct dir_target){ .address = pool_str(route->pool, text) });
	return hosted == 0;
}

/* On a loop only what is in memory is read (dir_get). */
static enum dir_route not_read(void)
{
	return loop_thread() ? DIR_LATER : DIR_FAILED;
}

/* RFC 5321 2.4: the local part with its letters as they came. */
static struct slice raw_local(struct slice text)
{
	ptrdiff_t at = slice_rchr(text, '@');

	return slice_head(text, at > 0 ? (size_t)at : 0);
}

/* What comes back for mail that was handed on goes to who sent it. */
static bool to_first_sender(struct route *route, struct slice text)
{
	struct slice sender;

	if (!forward_back(raw_local(text), route->pool, &sender))
		return false;
	if (sender.n > 0)
		resolve(route, sender, 1);
	return true;
}

enum dir_route dir_route(struct slice text, struct pool *pool, struct dir_target **out)
{
	struct route route = { .pool = pool, .end = &route.first };
	struct dir_domain domain;
	struct address address;

	*out = NULL;
	if (!address_parse(pool, text, &address))
		return DIR_UNKNOWN;
	int hosted = dir_find_hosted(address.domain, pool, &domain);
	if (hosted <= 0)
		return hosted < 0 ? not_read() : DIR_REMOTE;
	if (!to_first_sender(&route, text))
		resolve_hosted(&route, &domain, address.local, 0);
	if (route.failed)
		return not_read();
	*out = route.first;
	return route.first ? DIR_LOCAL : DIR_UNKNOWN;
}
