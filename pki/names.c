/* names.c - the names that a domain's own certificate carries */
#include "core/text.h"
#include "pki/pki_private.h"
#include "pki/sts_own.h"
#include "storage/dir.h"

enum { NAMES_MAX = 200 };

CONF_KEY(pki_host_prefixes) = {
	.name = "pki.host-prefixes",
	.type = CONF_TEXT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "mail smtp imap pop",
	.help =
	    "labels before a domain's name that a certificate made by the server is good for, too",
};

struct names {
	struct buf out;
	struct buf prefixes;
	size_t n;
};

static bool add_name(struct names *names, struct slice prefix, const char *domain)
{
	struct pool pool = { 0 };
	struct buf name = { 0 };

	if (prefix.n > 0)
		buf_printf(&name, "%.*s.", SLICE_ARG(prefix));
	buf_addz(&name, domain);
	/* The setting is free text: what is no host name is left out. */
	char *ascii = domain_ascii(&pool, buf_slice(&name));
	if (ascii && names->n < NAMES_MAX) {
		buf_printf(&names->out, "%s%s", names->n ? " " : "", ascii);
		names->n++;
	}
	buf_done(&name);
	pool_done(&pool);
	return names->n < NAMES_MAX;
}

static bool add_host_names(void *arg, const struct dir_domain *domain)
{
	struct names *names = arg;
	struct slice rest = buf_slice(&names->prefixes);
	bool more = add_name(names, (struct slice){ 0 }, domain->name);

	if (more && sts_own_wanted(slice_str(domain->name))) /* RFC 8461 3.3 */
		more = add_name(names, SLICE("mta-sts"), domain->name);
	for (struct slice prefix; more && (prefix = slice_word(&rest)).n > 0;)
		more = add_name(names, prefix, domain->name);
	return more;
}

int pki_domain_names(struct slice domain, struct pool *pool, const char **out, struct err *err)
{
	struct names names = { 0 };
	struct dir_domain found;
	int rc = dir_domain(domain, pool, &found);

	if (rc == 0)
		return err_set(err, ERR_ABSENT, "%.*s is not hosted here", SLICE_ARG(domain));
	if (rc == 1) {
		struct conf_at at = { .domain = found.name };
		conf_text(&conf_key_pki_host_prefixes, &at, &names.prefixes);
		add_host_names(&names, &found);
		rc = dir_domain_aliases(slice_str(found.name), add_host_names, &names);
		*out = pool_str(pool, buf_slice(&names.out));
	}
	buf_done(&names.out);
	buf_done(&names.prefixes);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "cannot read the directory");
}
