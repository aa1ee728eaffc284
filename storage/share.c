/* share.c - rights of others in an account's mailboxes, and the borders between domains */
#include "storage/share.h"

#include "core/conf.h"
#include "core/text.h"
#include "storage/dir.h"
#include "storage/share_index.h"

CONF_KEY(sharing_other_domains) = {
	.name = "sharing.other-domains",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "off",
	.help = "may mailboxes be shown to accounts of other domains of this server",
};

CONF_KEY(sharing_account) = {
	.name = "sharing.account",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "",
	.help =
	    "account whose mailboxes are shown to others as Shared/, as far as its owner lets them",
};

static struct slice domain_of(struct slice address)
{
	ptrdiff_t at = slice_rchr(address, '@');

	return slice_from(address, at < 0 ? address.n : (size_t)at + 1);
}

/* May the accounts of one domain see anything of the other's? Both canonical. */
static bool share_open(struct slice owner_domain, struct slice domain)
{
	struct pool pool = { 0 };
	struct conf_at at = { .domain = pool_str(&pool, owner_domain) };
	bool open = slice_eq(owner_domain, domain) ||
	    conf_num_at(&conf_key_sharing_other_domains, &at) != 0;

	pool_done(&pool);
	return open;
}

int share_rights(
    struct acct *acct, struct slice owner, uint32_t box, struct slice who, unsigned *out)
{
	*out = RIGHT_ALL;
	if (slice_eq(owner, who))
		return 0;
	return right_of(acct, box, who, !share_open(domain_of(owner), domain_of(who)), out);
}

const char *share_account(struct pool *pool, struct slice domain)
{
	struct conf_at at = { .domain = pool_str(pool, domain) };
	struct buf text = { 0 };
	struct address address;
	const char *found = NULL;

	conf_text(&conf_key_sharing_account, &at, &text);
	if (text.n > 0 && address_parse(pool, buf_slice(&text), &address))
		found = pool_printf(
		    pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
	buf_done(&text);
	return found;
}

/* --- changing --- */

/* "jim" and "$sales" are of the owner's domain. */
static struct slice complete(struct pool *pool, struct slice owner, struct slice who)
{
	struct slice bare = slice_from(who, who.n > 0 && *who.p == '-');

	if (bare.n == 0 || slice_ieq(bare, SLICE("anyone")) || slice_chr(bare, '@') >= 0)
		return who;
	return slice_str(
	    pool_printf(pool, "%.*s@%.*s", SLICE_ARG(who), SLICE_ARG(domain_of(owner))));
}

/* With the name of the domain, where it was said by another that it has. */
static const char *real_domain(struct pool *pool, const char *identifier)
{
	struct slice who = slice_str(identifier), domain = domain_of(who);
	struct dir_domain real;

	if (domain.n == 0 || dir_domain(domain, pool, &real) != 1)
		return identifier;
	return pool_printf(pool, "%.*s%s", SLICE_ARG(slice_head(who, who.n - domain.n)), real.name);
}

/* An account must be there: whoever gets that name later should not have it. */
static int check_account(struct pool *pool, struct slice who, struct err *err)
{
	struct dir_account account;
	int found = dir_account(who, pool, &account);

	if (found < 0)
		return err_set(err, ERR_TEMP, "the directory cannot be read");
	if (found == 0)
		return err_set(err, ERR_ABSENT, "there is no account %.*s", SLICE_ARG(who));
	return 0;
}

const char *share_identifier(
    struct pool *pool, struct slice owner, struct slice who, struct err *err)
{
	const char *identifier = right_identifier(pool, complete(pool, owner, who));

	if (!identifier) {
		err_set(err, ERR_INPUT, "'%.*s' is no address and no @domain", SLICE_ARG(who));
		return NULL;
	}
	identifier = real_domain(pool, identifier);
	struct slice bare = slice_str(identifier + (*identifier == '-'));
	if (slice_eq(bare, owner)) {
		err_set(err, ERR_INPUT, "the owner of a mailbox may do everything with it");
		return NULL;
	}
	return identifier;
}

static int check_given(
    struct pool *pool, struct slice owner, const char *identifier, unsigned rights, struct err *err)
{
	struct slice who = slice_str(identifier);

	if (*identifier != '@' && *identifier != '$' && slice_chr(who, '@') >= 0 &&
	    check_account(pool, who, err) != 0)
		return -1;
	if ((rights & ~(unsigned)RIGHT_INSERT) && slice_chr(who, '@') >= 0 &&
	    !share_open(domain_of(owner), domain_of(who)))
		return err_set(err, ERR_DENIED, "%.*s shows its mailboxes to no other domain",
		    SLICE_ARG(domain_of(owner)));
	return 0;
}

int share_change(struct acct *acct, struct slice owner, struct slice mailbox, struct slice who,
    enum right_how how, unsigned rights, struct err *err)
{
	struct pool pool = { 0 };
	const char *identifier = share_identifier(&pool, owner, who, err);
	int rc = identifier ? 0 : -1;
	bool gives = identifier && *identifier != '-' && how != RIGHT_TAKE && rights;

	if (gives)
		rc = check_given(&pool, owner, identifier, rights, err);
	if (rc == 0 && gives)
		rc = share_index_put(slice_str(identifier), owner, err);
	if (rc == 0)
		rc = right_change(acct, mailbox, slice_str(identifier), how, rights, err);
	pool_done(&pool);
	return rc;
}
