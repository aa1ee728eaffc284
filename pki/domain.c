/* domain.c - keys and certificates that the server makes for domains */
#include <time.h>

#include "core/log.h"
#include "pki/cert.h"
#include "pki/pki_private.h"
#include "storage/dir.h"

enum { DAY = 24 * 60 * 60, BACKDATE = 60 * 60 };

CONF_KEY(pki_certificate_days) = {
	.name = "pki.certificate-days",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "825",
	.min = 1,
	.max = 3650,
	.help = "for how many days a certificate is valid that the server makes for a domain",
};

/* --- made by the server --- */

static int make_certificate(
    struct slice domain, const struct sign_key *key, struct buf *chain, struct err *err)
{
	struct pool pool = { 0 };
	const char *names;
	struct conf_at at = { .domain = key->owner };
	int64_t now = time(NULL);
	int rc = pki_domain_names(domain, &pool, &names, err);

	if (rc == 0) {
		struct cert_spec spec = {
			.name = domain,
			.names = slice_str(names),
			/* Clocks of clients may be behind. */
			.not_before = now - BACKDATE,
			.not_after = now + conf_num_at(&conf_key_pki_certificate_days, &at) * DAY,
		};
		rc = cert_self_signed(&spec, key, chain, err);
	}
	pool_done(&pool);
	return rc;
}

int domain_store(struct slice domain, const struct domain_record *record, struct err *err)
{
	int rc = record_put(domain, record, err);

	if (rc == 0)
		choose_forget(domain, false);
	return rc;
}

int domain_make(struct slice domain, struct err *err)
{
	struct pool pool = { 0 };
	struct buf sealed = { 0 }, chain = { 0 };
	struct sign_key key = { .owner = pool_str(&pool, domain) };
	int rc = sign_make(key.owner, &sealed, err);

	key.sealed = buf_slice(&sealed);
	if (rc == 0)
		rc = make_certificate(domain, &key, &chain, err);
	if (rc == 0) {
		struct domain_record record = {
			.made = time(NULL), .key = key.sealed, .chain = buf_slice(&chain)
		};
		rc = domain_store(domain, &record, err);
	}
	if (rc == 0)
		log_event(LOG_INFO, "certificate-made", log_s("domain", domain));
	buf_done(&sealed);
	buf_done(&chain);
	pool_done(&pool);
	return rc;
}

int domain_ensure(struct slice domain, struct err *err)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	int found = record_get(domain, &bytes, &record);

	buf_done(&bytes);
	if (found < 0)
		return err_set(err, ERR_TEMP, "cannot read what %.*s has", SLICE_ARG(domain));
	return found == 1 ? 0 : domain_make(domain, err);
}

/* --- renewed in time --- */

/* Ours, and a tenth of its life from its end, or a month when that is less. */
static bool ends_soon(const struct domain_record *record)
{
	struct slice chain = record->chain;
	struct cert leaf;

	if (record->installed || !cert_next(&chain, &leaf))
		return false;
	int64_t left = leaf.not_after - time(NULL);
	return left < 30 * DAY && left < (leaf.not_after - leaf.not_before) / 10;
}

static bool note_old(void *arg, struct slice domain, const struct domain_record *record)
{
	struct buf *names = arg;

	if (ends_soon(record)) {
		buf_adds(names, domain);
		buf_addc(names, '\n');
	}
	return true;
}

void domain_renew_old(void)
{
	struct buf names = { 0 };
	struct err err = { 0 };

	record_each(note_old, &names);
	for (struct slice rest = buf_slice(&names); rest.n > 0;) {
		struct slice domain = slice_cut(&rest, '\n');
		if (domain_make(domain, &err) != 0)
			log_event(LOG_ERROR, "certificate-not-renewed", log_s("domain", domain),
			    log_z("reason", err.text));
	}
	buf_done(&names);
}

int domain_hosted(struct slice name, struct pool *pool, struct slice *domain, struct err *err)
{
	struct dir_domain found;
	int rc = dir_domain(name, pool, &found);

	if (rc < 0)
		return err_set(err, ERR_TEMP, "cannot read the directory");
	if (rc == 0)
		return err_set(err, ERR_ABSENT, "%.*s is not hosted here", SLICE_ARG(name));
	*domain = slice_str(found.name);
	return 0;
}

int pki_domain_renew(struct slice name, struct err *err)
{
	struct pool pool = { 0 };
	struct slice domain;
	int rc = domain_hosted(name, &pool, &domain, err);

	if (rc == 0)
		rc = domain_make(domain, err);
	pool_done(&pool);
	return rc;
}
