/* op_ldap.c - LDAP directories of domains: set, shown, tried, removed */
#include "core/op.h"
#include "storage/source_private.h"

#define FILTER "(&(objectClass=inetOrgPerson)(mail=%a))"

#define DOMAIN_ARG                                                                                 \
	{                                                                                          \
		"domain", OP_DOMAIN, OP_REQUIRED, "name of the domain", NULL                       \
	}

/* The hosted domain itself, if an alias was said. 0, or -1 after a failure. */
static int take_domain(struct op_call *call, struct slice *name)
{
	struct dir_domain domain;
	int found = dir_domain(slice_str(op_text(call, "domain")), op_pool(call), &domain);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "%s is not hosted here", op_text(call, "domain"));
	*name = slice_str(domain.name);
	return 0;
}

static int take_spec(struct op_call *call, struct slice domain, struct source_spec *spec)
{
	int found = source_get(domain, op_pool(call), spec);

	if (found < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	return found == 1
	    ? 0
	    : op_fail(call, ERR_ABSENT, "%.*s has no LDAP directory", SLICE_ARG(domain));
}

/* --- show --- */

static void put_spec(struct op_call *call, struct slice domain, const struct source_spec *spec)
{
	op_put_text(call, "domain", domain);
	op_put_text(call, "url", slice_str(spec->url));
	op_put_text(call, "base", slice_str(spec->base));
	op_put_text(call, "filter", slice_str(spec->filter));
	op_put_text(call, "bind-dn", slice_str(spec->bind_dn));
	op_put_bool(call, "has-password", spec->sealed.n > 0);
	op_put_text(call, "attributes", slice_str(spec->attributes));
}

static int run_show(struct op_call *call)
{
	struct source_spec spec;
	struct slice domain;

	if (take_domain(call, &domain) != 0 || take_spec(call, domain, &spec) != 0)
		return -1;
	put_spec(call, domain, &spec);
	return 0;
}

static const struct op_arg domain_args[] = { DOMAIN_ARG, { 0 } };

OPERATION(ldap_show) = {
	.name = "ldap show",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "show which LDAP directory knows a domain's users",
	.example = "ldap show example.org",
	.reads = true,
	.run = run_show,
};

static bool visit(void *arg, struct slice domain, const struct source_spec *spec)
{
	op_row(arg);
	put_spec(arg, domain, spec);
	return true;
}

static int run_list(struct op_call *call)
{
	return source_each(visit, call) < 0 ? op_fail(call, ERR_TEMP, "cannot read the directory")
					    : 0;
}

OPERATION(ldap_list) = {
	.name = "ldap list",
	.role = OP_SERVER_ADMIN,
	.help = "list the domains that have an LDAP directory",
	.reads = true,
	.lists = true,
	.run = run_list,
};

/* --- set --- */

/* What was not said stays as it is. */
static const char *said(struct op_call *call, const char *arg, const char *otherwise)
{
	return op_given(call, arg) ? op_text(call, arg) : otherwise;
}

static int take_password(
    struct op_call *call, struct slice domain, struct source_spec *spec, struct err *err)
{
	struct slice password = op_secret(call, "password");
	struct buf sealed = { 0 };

	if (!op_given(call, "password"))
		return 0;
	int rc = password.n > 0 ? source_seal(domain, password, &sealed, err) : 0;
	spec->sealed = pool_slice(op_pool(call), buf_slice(&sealed));
	buf_done(&sealed);
	return rc;
}

static int check_spec(struct slice domain, const struct source_spec *spec, struct err *err)
{
	struct source *s = source_new(domain, spec, err);

	if (!s)
		return -1;
	source_unref(&s);
	if (!ldapc_is_filter(slice_str(spec->filter)))
		return err_set(err, ERR_INPUT, "filter: (ATTRIBUTE=VALUE), parentheses in pairs");
	if (!strstr(spec->filter, "%u") && !strstr(spec->filter, "%a"))
		return err_set(err, ERR_INPUT, "filter: it must name the user, by %%u or %%a");
	if (*spec->bind_dn && spec->sealed.n == 0)
		return err_set(err, ERR_INPUT, "password: that of bind-dn is needed");
	return 0;
}

static int run_set(struct op_call *call)
{
	struct source_spec spec = {
		.url = "", .base = "", .filter = FILTER, .bind_dn = "", .attributes = "cn mail"
	};
	struct err err = { 0 };
	struct slice domain;

	if (take_domain(call, &domain) != 0)
		return -1;
	if (source_get(domain, op_pool(call), &spec) < 0)
		return op_fail(call, ERR_TEMP, "cannot read the directory");
	spec.url = said(call, "url", spec.url);
	spec.base = said(call, "base", spec.base);
	spec.filter = said(call, "filter", spec.filter);
	spec.bind_dn = said(call, "bind-dn", spec.bind_dn);
	spec.attributes = said(call, "attributes", spec.attributes);
	if (take_password(call, domain, &spec, &err) != 0 || check_spec(domain, &spec, &err) != 0 ||
	    source_put(domain, &spec, &err) != 0)
		return op_fail_err(call, &err);
	source_look(domain);
	put_spec(call, domain, &spec);
	return 0;
}

static const struct op_arg set_args[] = {
	DOMAIN_ARG,
	{ "url", OP_TEXT, OP_OPTION, "ldaps://HOST[:PORT], or ldap://HOST[:PORT] with StartTLS",
	    NULL },
	{ "base", OP_TEXT, OP_OPTION, "DN below which users are", NULL },
	{ "filter", OP_TEXT, OP_OPTION, "which entry is the user's; %u user, %d domain, %a address",
	    NULL },
	{ "bind-dn", OP_TEXT, OP_OPTION, "DN that asks; empty: nobody", NULL },
	{ "password", OP_SECRET, OP_OPTION, "password of bind-dn", NULL },
	{ "attributes", OP_TEXT, OP_OPTION, "what ldap test shows of an entry, parted by blanks",
	    NULL },
	{ 0 },
};

OPERATION(ldap_set) = {
	.name = "ldap set",
	.role = OP_SERVER_ADMIN,
	.args = set_args,
	.help = "let an LDAP directory know a domain's users and their passwords",
	.more =
	    "Users whom the filter finds may log in, by the password of their entry, and take mail;\n"
	    "their mail is here, and an account is made for each when it is first asked for. Options\n"
	    "that are not said stay as they are. The filter is at first\n"
	    "" FILTER ".\n"
	    "There is no LDAP without TLS; the directory's certificate must be good (trust add), and\n"
	    "ldap.certificate says which one of ours it is shown. Clients send the password in TLS:\n"
	    "SCRAM is not offered where such a domain is asked for. Try it: ldap test.",
	.example = "ldap set example.org --url ldaps://ldap.example.org --base dc=example,dc=org "
		   "--bind-dn cn=mail,dc=example,dc=org --password-file /root/ldap\n"
		   "ldap set example.org --filter '(|(mail=%a)(uid=%u))'",
	.run = run_set,
};

/* --- remove --- */

static int run_remove(struct op_call *call)
{
	struct source_spec spec;
	struct err err = { 0 };
	struct slice domain;

	if (take_domain(call, &domain) != 0 || take_spec(call, domain, &spec) != 0)
		return -1;
	if (source_drop(domain, &err) != 0)
		return op_fail_err(call, &err);
	source_look(domain);
	return 0;
}

OPERATION(ldap_remove) = {
	.name = "ldap remove",
	.role = OP_SERVER_ADMIN,
	.args = domain_args,
	.help = "ask no LDAP directory for a domain's users any more",
	.more = "Accounts and their mail stay; those without a password here let nobody in.",
	.example = "ldap remove example.org",
	.run = run_remove,
};

/* --- test --- */

enum { WANTED_MAX = 20, SHOWN_MAX = 500 };

static const char *const *attributes_of(const char *text, struct pool *pool)
{
	const char **list = pool_get(pool, (WANTED_MAX + 1) * sizeof(*list));
	struct slice rest = slice_str(text), word;

	for (size_t n = 0; n < WANTED_MAX && (word = slice_word(&rest)).n > 0; n++)
		list[n] = pool_str(pool, word);
	return list[0] ? list : NULL;
}

static void put_entry(struct op_call *call, const struct ldapc_entry *entry)
{
	op_put_text(call, "dn", slice_str(entry->dn));
	for (size_t i = 0; i < entry->n; i++) {
		op_row(call);
		op_put_text(call, "attribute", slice_str(entry->values[i].attribute));
		op_put_text(call, "value", slice_head(entry->values[i].value, SHOWN_MAX));
	}
}

static int try_link(
    struct op_call *call, struct source *s, struct ldapc *link, struct slice local, struct err *err)
{
	struct pool *pool = op_pool(call);
	struct slice domain = slice_str(s->domain);
	struct ldapc_entry entry;
	struct ldapc_question question = { source_base(s->spec.base, domain, local, pool),
		source_filter(s->spec.filter, domain, local, pool),
		attributes_of(s->spec.attributes, pool) };
	enum ldapc_result found = ldapc_find(link, &question, pool, &entry, err);

	if (found == LDAPC_NO)
		return err_set(err, ERR_ABSENT, "no entry fits %s", question.filter);
	if (found == LDAPC_YES && op_given(call, "password")) {
		found = ldapc_check(link, entry.dn, op_secret(call, "password"), err);
		if (found == LDAPC_NO)
			return err_set(
			    err, ERR_DENIED, "%s is there, but that is not its password", entry.dn);
		op_put_bool(call, "password-good", true);
	}
	if (found == LDAPC_YES)
		put_entry(call, &entry);
	return found == LDAPC_YES ? 0 : -1;
}

static int run_test(struct op_call *call)
{
	struct slice local = slice_str(op_text(call, "user")), domain;
	struct err err = { 0 };
	struct source_spec spec;
	struct source *s = NULL;
	struct ldapc *link = NULL;
	ptrdiff_t at = slice_rchr(local, '@');
	int rc = -1;

	if (take_domain(call, &domain) != 0 || take_spec(call, domain, &spec) != 0)
		return -1;
	local = slice_head(local, at < 0 ? local.n : (size_t)at);
	s = source_new(domain, &spec, &err);
	if (s)
		link = source_link(s, &err);
	if (link)
		rc = try_link(call, s, link, local, &err);
	ldapc_close(&link);
	source_unref(&s);
	return op_done(call, rc, &err);
}

static const struct op_arg test_args[] = {
	DOMAIN_ARG,
	{ "user", OP_TEXT, OP_REQUIRED, "address, or user name, that is looked for", NULL },
	{ "password", OP_SECRET, OP_OPTION, "is this its password?", NULL },
	{ 0 },
};

OPERATION(ldap_test) = {
	.name = "ldap test",
	.role = OP_SERVER_ADMIN,
	.args = test_args,
	.help = "ask a domain's LDAP directory for a user, and show what it says",
	.more = "By a new connection, whatever is remembered of others.",
	.example = "ldap test example.org ann\nldap test example.org ann --password-file -",
	.reads = true,
	.network = true,
	.run = run_test,
};
