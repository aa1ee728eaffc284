/* client_map.c - whose certificate is it? By the rule that its domain chose
 *
 * Only what the issuers of the domain's choice put there counts, and only
 * accounts of the domain itself: it asked, and can speak for its own. */
#include "core/text.h"
#include "pki/der.h"
#include "pki/pki_private.h"
#include "storage/dir.h"
#include "storage/source.h"

enum { NAMES_MAX = 100 };

#define OID_CN "2.5.4.3"
#define OID_UID "0.9.2342.19200300.100.1.1" /* RFC 4519 2.39 */

/* Names of other kinds that are addresses. */
static const char *const upn[] = { "1.3.6.1.4.1.311.20.2.3", /* MS-WCCE: principal name */
	NULL };
static const char *const mailboxes[] = { "1.3.6.1.5.5.7.8.9", /* RFC 9598: with UTF-8 */
	"1.3.6.1.5.5.7.8.5",				      /* RFC 6120 13.7.1.4: of XMPP */
	NULL };

const char *const client_map_names[] = { [CLIENT_MAP_EMAIL] = "email",
	[CLIENT_MAP_CN] = "cn",
	[CLIENT_MAP_UID] = "uid",
	[CLIENT_MAP_UPN] = "upn",
	[CLIENT_MAP_FINGERPRINT] = "fingerprint",
	[CLIENT_MAP_TEMPLATE] = "template",
	[CLIENT_MAPS] = NULL };

/* --- names that may be accounts --- */

static void put_account(struct buf *accounts, const char *name)
{
	struct slice rest = buf_slice(accounts), word;

	while ((word = slice_word(&rest)).n > 0)
		if (slice_eq(word, slice_str(name)))
			return;
	buf_printf(accounts, "%s%s", accounts->n ? " " : "", name);
}

static bool find_account(struct slice name, struct pool *pool, struct dir_account *out)
{
	int found = dir_account(name, pool, out);

	return found == 1 || (found == 0 && source_adopt(name, pool, out) == 1);
}

static void add_address(const char *domain, struct slice text, struct buf *accounts)
{
	struct pool pool = { 0 };
	struct dir_account account;
	struct address address;

	if (address_parse(&pool, text, &address)) {
		const char *name = pool_printf(
		    &pool, "%.*s@%.*s", SLICE_ARG(address.local), SLICE_ARG(address.domain));
		const char *end = pool_printf(&pool, "@%s", domain);
		if (find_account(slice_str(name), &pool, &account) &&
		    slice_iends(slice_str(account.name), slice_str(end)))
			put_account(accounts, account.name);
	}
	pool_done(&pool);
}

/* An address, or a local part of the domain. */
static void add_name(const char *domain, struct slice text, struct buf *accounts)
{
	struct buf address = { 0 };

	buf_adds(&address, text);
	if (slice_chr(text, '@') < 0)
		buf_printf(&address, "@%s", domain);
	add_address(domain, buf_slice(&address), accounts);
	buf_done(&address);
}

/* --- where they stand --- */

static bool is_text(const struct der *value)
{
	return (value->tag == DER_UTF8 || value->tag == DER_PRINTABLE || value->tag == DER_IA5) &&
	    utf8_valid(value->value);
}

/* RFC 5280 4.1.2.4: a Name is SETs of attributes, type and value. */
void client_subject_each(const struct cert *leaf, const char *oid,
    void (*visit)(void *arg, struct slice text), void *arg)
{
	struct slice rest = leaf->subject, name, set, attribute, type;
	struct der value;

	if (!der_want(&rest, DER_SEQUENCE, &name))
		return;
	for (size_t n = 0; n < NAMES_MAX && der_want(&name, DER_SET, &set); n++)
		while (der_want(&set, DER_SEQUENCE, &attribute))
			if (der_want(&attribute, DER_OID, &type) && der_oid_is(type, oid) &&
			    der_next(&attribute, &value) && is_text(&value))
				visit(arg, value.value);
}

struct naming {
	const char *domain;
	struct buf *accounts;
};

static void see_name(void *arg, struct slice text)
{
	const struct naming *n = arg;

	add_name(n->domain, text, n->accounts);
}

static void from_subject(
    const char *domain, const struct cert *leaf, const char *oid, struct buf *accounts)
{
	client_subject_each(leaf, oid, see_name, &(struct naming){ domain, accounts });
}

static bool is_one_of(struct slice type, const char *const *oids)
{
	while (*oids && !der_oid_is(type, *oids))
		oids++;
	return *oids != NULL;
}

/* RFC 5280 4.2.1.6: [0] OtherName { type, [0] EXPLICIT value } */
static void from_other_name(
    const char *domain, struct slice other, const char *const *oids, struct buf *accounts)
{
	struct slice type, inner;
	struct der value;

	if (der_want(&other, DER_OID, &type) && is_one_of(type, oids) &&
	    der_want(&other, DER_CONTEXT_CONSTRUCTED, &inner) && der_next(&inner, &value) &&
	    is_text(&value))
		add_address(domain, value.value, accounts);
}

/* rfc822Name is one of them; what else is, stands in oids. */
static void from_alt_names(const char *domain, const struct cert *leaf, bool rfc822,
    const char *const *oids, struct buf *accounts)
{
	struct slice rest = leaf->alt_names;
	struct der name;

	for (size_t n = 0; n < NAMES_MAX && der_next(&rest, &name); n++) {
		if (name.tag == DER_CONTEXT_CONSTRUCTED)
			from_other_name(domain, name.value, oids, accounts);
		else if (rfc822 && name.tag == (DER_CONTEXT | 1))
			add_address(domain, name.value, accounts);
	}
}

static void from_list(const char *domain, const struct cert *leaf, struct buf *accounts)
{
	struct pool pool = { 0 };
	const char *owner = client_cert_owner(domain, leaf, &pool);

	if (owner)
		put_account(accounts, owner);
	pool_done(&pool);
}

static void from_template(const char *domain, const struct cert *leaf, struct buf *accounts)
{
	struct buf name = { 0 };

	if (client_template_fill(domain, leaf, &name))
		add_name(domain, buf_slice(&name), accounts);
	buf_done(&name);
}

void client_accounts(
    const char *domain, enum client_map map, const struct cert *leaf, struct buf *accounts)
{
	switch (map) {
	case CLIENT_MAP_EMAIL:
		from_alt_names(domain, leaf, true, mailboxes, accounts);
		break;
	case CLIENT_MAP_CN:
		from_subject(domain, leaf, OID_CN, accounts);
		break;
	case CLIENT_MAP_UID:
		from_subject(domain, leaf, OID_UID, accounts);
		break;
	case CLIENT_MAP_UPN:
		from_alt_names(domain, leaf, false, upn, accounts);
		break;
	case CLIENT_MAP_FINGERPRINT:
		from_list(domain, leaf, accounts);
		break;
	case CLIENT_MAP_TEMPLATE:
		from_template(domain, leaf, accounts);
		break;
	case CLIENT_MAPS:
		break;
	}
}
